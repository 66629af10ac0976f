import { isInForce, traitOf, type Hold, type Holdable, type HoldScope } from "../domain/hold.ts";

const SCOPES: readonly HoldScope[] = ["all", "shop", "app", "host", "topic"];

/** The holds that have not been released, found by what they cover: five look-ups tell whether something is held, however many there are. */
export class Holds {
  readonly #byId = new Map<string, Hold>();
  readonly #bySubject = new Map<string, Hold[]>();

  get size(): number {
    return this.#byId.size;
  }

  /** Takes a hold in, or out once it has ended. */
  put(hold: Hold): void {
    const before = this.#byId.get(hold.id);
    if (before !== undefined) {
      const others = (this.#bySubject.get(keyOf(before)) ?? []).filter((each) => each.id !== hold.id);
      if (others.length === 0) this.#bySubject.delete(keyOf(before));
      else this.#bySubject.set(keyOf(before), others);
      this.#byId.delete(hold.id);
    }
    if (hold.endedAt !== null) return;
    this.#byId.set(hold.id, hold);
    this.#bySubject.set(keyOf(hold), [...(this.#bySubject.get(keyOf(hold)) ?? []), hold]);
  }

  get(id: string): Hold | undefined {
    return this.#byId.get(id);
  }

  all(): IterableIterator<Hold> {
    return this.#byId.values();
  }

  /** The hold that covers this at a wall time; of several the one that lasts longest. Null: nothing stops it. */
  over(of: Holdable, now: number): Hold | null {
    if (this.#byId.size === 0) return null;
    let longest: Hold | null = null;
    for (const scope of SCOPES) {
      const trait = traitOf(scope, of);
      if (trait === null) continue;
      for (const hold of this.#bySubject.get(`${scope} ${trait}`) ?? []) {
        if (isInForce(hold, now) && (longest === null || lastsLonger(hold, longest))) longest = hold;
      }
    }
    return longest;
  }

  /** Those whose end has passed and that nobody has released yet. */
  passed(now: number): readonly Hold[] {
    return [...this.#byId.values()].filter((hold) => !isInForce(hold, now));
  }

  /** Wall time at which the next one ends by itself. */
  nextEnd(now: number): number | null {
    let next: number | null = null;
    for (const { endsAt } of this.#byId.values()) if (endsAt !== null && endsAt > now && (next === null || endsAt < next)) next = endsAt;
    return next;
  }
}

function keyOf(hold: Hold): string {
  return `${hold.scope} ${hold.subject}`;
}

function lastsLonger(hold: Hold, than: Hold): boolean {
  return than.endsAt !== null && (hold.endsAt === null || hold.endsAt > than.endsAt);
}
