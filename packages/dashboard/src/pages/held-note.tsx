import { Alert } from "@mantine/core";
import { Link } from "wouter";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";

/** That an operator has sending stopped; the way to the hold is for operators. */
export function HeldNote({ held }: { readonly held: { readonly reason: string } | null }) {
  const isOperator = useIsOperator();
  if (held === null) return null;
  return (
    <Alert color="yellow" mb="md">
      {isOperator ? <Link href="/holds">{words.webhooks.held(held.reason)}</Link> : held.reason}
    </Alert>
  );
}
