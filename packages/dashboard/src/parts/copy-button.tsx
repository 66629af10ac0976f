import { Button } from "@mantine/core";
import { useState } from "react";
import { words } from "../words.ts";

const SAID_FOR_MS = 1_500;

export function CopyButton({
  text,
  name,
  label = words.copy.copy,
}: {
  readonly text: string;
  readonly name: string;
  readonly label?: string;
}) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SAID_FOR_MS);
  };
  return (
    <Button size="compact-xs" variant="default" aria-label={words.copy.what(name)} onClick={() => void copy()}>
      {isCopied ? words.copy.copied : label}
    </Button>
  );
}
