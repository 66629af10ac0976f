import type { PortalSession } from "@genhook/contract/client";
import type { QueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";

export const SessionContext = createContext<PortalSession | null>(null);

export function useSession(): PortalSession {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("only where somebody is signed in");
  return session;
}

/** Whether changes are to be offered: the server refuses them to others in any case. */
export function useCanChange(): boolean {
  return useSession().role === "admin";
}

/** Somebody else is signed in, or nobody: nothing of what was read for the one before is kept. */
export function changeSession(queries: QueryClient, session: PortalSession | null): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  queries.setQueryData(["session"], session);
}
