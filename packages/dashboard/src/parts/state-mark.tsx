import type { ReactNode } from "react";

export type Tone = "good" | "bad" | "wait" | "warn" | "still";

/** A state as a dot and a word: never by colour alone. */
export function StateMark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={`state ${tone}`}>{children}</span>;
}

export function toneOfDelivery(state: "pending" | "delivered" | "dead" | "cancelled"): Tone {
  return ({ pending: "wait", delivered: "good", dead: "bad", cancelled: "still" } as const)[state];
}
