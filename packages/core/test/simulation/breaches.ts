/** What must hold in every moment of a simulation; each breach names one of these. */
export const INVARIANTS = {
  account: "accepted = delivered, pending, dead or cancelled, after every step, and nothing pending at the end",
  attempts: "each attempt of a delivery is recorded once, and a round has no more than it may",
  once: "where no process dies and the store stays, no attempt is made twice",
  owner: "nothing starts but at the owner of its shard",
  rights: "nothing goes against what a webhook has been, or an operator has held, for more than two seconds",
  answers: "what was answered is so",
  limits: "no endpoint and no process has more under way than its limit, and who asked for a pause gets it",
  order: "no two of an order key at once, none before what came earlier",
  numbers: "numbers have no gap, and belong to one delivery each",
  body: "only what a webhook asked for is sent to it",
  wait: "a healthy lane waits no longer than its bound",
  replay: "a replay job comes to its end, and opens each delivery once",
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Breach {
  readonly invariant: Invariant;
  readonly says: string;
}

/** Ends a simulation. */
export class BreachError extends Error {
  readonly breach: Breach;

  constructor(breach: Breach) {
    super(`${breach.invariant}: ${breach.says} (${INVARIANTS[breach.invariant]})`);
    this.breach = breach;
  }
}

/** Notes breaches; the first one ends the simulation after the step in which it came. */
export class Breaches {
  #first: Breach | null = null;

  add(invariant: Invariant, says: string): void {
    this.#first ??= { invariant, says };
  }

  throwFirst(): void {
    if (this.#first !== null) throw new BreachError(this.#first);
  }

  /** Ends the simulation at once where something does not hold. */
  hold(holds: boolean, invariant: Invariant, says: () => string): void {
    if (holds) return;
    this.add(invariant, says());
    this.throwFirst();
  }
}
