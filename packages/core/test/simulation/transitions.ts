import { endpointSign, type Outcome, type Settlement } from "@genhook/core";

/**
 * Everything that can become of something, by the machine that decides it: a whole run of the simulation must have taken each of these at
 * least once. Names are those of the state machines in words above `decide`, `Breaker` and in docs/state-machine.md.
 */
export const TRANSITIONS = {
  /** `decide`: how an outcome bears on its endpoint, and what becomes of the delivery. */
  decision: [
    "success: delivered",
    "410: dead (gone)",
    "aborted: uncounted",
    "overload: retry",
    "refusal: retry",
    "none: retry",
    "overload with Retry-After: retry, when the pause is over",
    "overload with Retry-After: retry, later than that",
    "overload: dead (attempts_exhausted)",
    "refusal: dead (attempts_exhausted)",
    "none: dead (attempts_exhausted)",
    "overload with Retry-After: dead (attempts_exhausted)",
  ],
  delivery: [
    "pending → delivered",
    "pending → delivered: available",
    "pending → pending",
    "pending → pending: moved along with its webhook",
    "pending → pending: set aside",
    "pending → dead: attempts_exhausted",
    "pending → dead: gone",
    "pending → dead: expired",
    "pending → cancelled: unsubscribed",
    "pending → cancelled: uninstalled",
    "pending → cancelled: scope_lost",
    "pending → cancelled: disabled",
    "delivered → pending: replayed",
    "dead → pending: replayed",
    "cancelled → pending: replayed",
  ],
  breaker: [
    "closed → open: ten in a row",
    "closed → open: half of a minute",
    "closed → open: ten deliveries",
    "closed → open: restored",
    "open → probing",
    "probing → closed",
    "probing → open: the wait doubles",
    "probing → open: the same wait",
    "closed: slow start begins",
    "closed: slow start is over",
  ],
  replay: ["running → done", "running → paused", "paused → running", "running → cancelled", "paused → cancelled", "dry run → done"],
} as const;

export type Machine = keyof typeof TRANSITIONS;

/** Counts what was taken. */
export class Transitions {
  readonly counts = new Map<string, number>();

  take(machine: Machine, name: string, times: number = 1): void {
    const key = `${machine}: ${name}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + times);
  }

  add(counts: Readonly<Record<string, number>>): void {
    for (const [key, count] of Object.entries(counts)) this.counts.set(key, (this.counts.get(key) ?? 0) + count);
  }

  /** Known ones that were never taken. */
  get missing(): readonly string[] {
    return allTransitions().filter((key) => !this.counts.has(key));
  }

  /** Taken and not known: the table above is not complete. */
  get unknown(): readonly string[] {
    const known = new Set(allTransitions());
    return [...this.counts.keys()].filter((key) => !known.has(key));
  }

  /** What a settled attempt was decided to mean. */
  decided(outcome: Outcome, { row, next }: Pick<Settlement, "row" | "next">, pausesUntil: number | null): void {
    const sign = endpointSign(outcome);
    const by = pausesUntil === null ? sign : `${sign} with Retry-After`;
    if (row.state === "delivered") this.take("decision", "success: delivered");
    else if (row.reason === "gone") this.take("decision", "410: dead (gone)");
    else if (next === null) this.take("decision", `${by}: dead (${row.reason ?? "for no reason"})`);
    else if (pausesUntil === null) this.take("decision", `${by}: retry`);
    else this.take("decision", `${by}: retry, ${row.nextAt === pausesUntil ? "when the pause is over" : "later than that"}`);
  }
}

export function allTransitions(): readonly string[] {
  return Object.entries(TRANSITIONS).flatMap(([machine, names]) => names.map((name) => `${machine}: ${name}`));
}
