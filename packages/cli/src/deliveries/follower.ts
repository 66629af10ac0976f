import type { DeliveryEntry } from "@genhook/contract/client";

/** Remembers what was seen of deliveries, and tells what is new. Bounded: the oldest are forgotten. */
export class Follower {
  readonly #seen = new Map<string, string>();
  readonly #seenMax: number;

  constructor(seenMax: number = 20_000) {
    this.#seenMax = seenMax;
  }

  /** Those of the entries that are new, or are not as they were; oldest change first. */
  changes(entries: readonly DeliveryEntry[]): readonly DeliveryEntry[] {
    const changed = entries.filter((entry) => this.#seen.get(entry.id) !== stampOf(entry));
    for (const entry of changed) {
      this.#seen.delete(entry.id);
      this.#seen.set(entry.id, stampOf(entry));
    }
    for (const id of this.#seen.keys()) {
      if (this.#seen.size <= this.#seenMax) break;
      this.#seen.delete(id);
    }
    return changed.toSorted((a, b) => compare(a.updateTime, b.updateTime) || compare(a.id, b.id));
  }
}

/** What may change of a delivery; being pushed back without an attempt is no news. */
function stampOf(entry: DeliveryEntry): string {
  return `${entry.state} ${entry.round} ${entry.attemptCount}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
