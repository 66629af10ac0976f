import type { PortalSession, PortalState } from "@genhook/contract/client";
import type { QueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";

export const SessionContext = createContext<PortalSession | null>(null);
/** How one comes in here, and how the portal looks: the same for everybody. */
export const PortalContext = createContext<Omit<PortalState, "session">>({ ways: [], brand: { name: "", logo: null } });

export function useSession(): PortalSession {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("only where somebody is signed in");
  return session;
}

/** Whether an operator is signed in, and not an app's developer. */
export function useIsOperator(): boolean {
  return useSession().role !== "app";
}

/** Whether operators' changes are to be offered: the server refuses them to others in any case. */
export function useCanChange(): boolean {
  return useSession().role === "admin";
}

/** Whether sending again, or changing webhooks and secrets, is to be offered. */
export function useCan(what: "replay" | "edit"): boolean {
  const { role, app } = useSession();
  return role === "app" ? app?.can.includes(what) === true : role === "admin";
}

/** The one shop that a developer's access is for; null where it is for all. */
export function useOnlyShop(): string | null {
  return useSession().app?.shop ?? null;
}

/** Somebody else is signed in, or nobody: nothing of what was read for the one before is kept. */
export function changeSession(queries: QueryClient, session: PortalSession | null): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  queries.setQueryData<PortalState>(["session"], (before) => (before === undefined ? before : { ...before, session }));
}
