import { Alert, Button } from "@mantine/core";
import { words } from "../words.ts";
import { CopyButton } from "./copy-button.tsx";

export interface ShownOnceProps {
  readonly name: string;
  readonly lead: string;
  readonly text: string;
  readonly onCopied: () => void;
}

/** Something that nobody can read again, to be copied now. */
export function ShownOnce({ name, lead, text, onCopied }: ShownOnceProps) {
  return (
    <>
      <Alert color="yellow" mb="md">
        {lead}
      </Alert>
      <div className="source" tabIndex={0} role="region" aria-label={name}>
        {text}
      </div>
      <div className="page-actions spread">
        <CopyButton text={text} name={name} />
        <Button onClick={onCopied}>{words.secrets.copied}</Button>
      </div>
    </>
  );
}
