import { Link } from "wouter";
import { Fact } from "../parts/page.tsx";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

/** Whose it is; nothing to an app's developer, whose everything is. */
export function AppFact({ clientId }: { readonly clientId: string }) {
  const nameOf = useAppName();
  if (!useIsOperator()) return null;
  return (
    <Fact name={words.deliveries.app}>
      <Link href={`/apps/${clientId}`}>{nameOf(clientId)}</Link>
    </Fact>
  );
}
