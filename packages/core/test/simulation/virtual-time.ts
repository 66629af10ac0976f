import type { Clock, Timers } from "@genhook/core";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
  isCancelled: boolean;
}

/** Time that moves only when nothing is left to do now: a day of retries passes in milliseconds, the same way for the same seed. */
export class VirtualTime {
  readonly #startedAt: number;
  #now = 0;
  #order = 0;
  #entries: Entry[] = [];

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  readonly clock: Clock = { now: () => this.#startedAt + Math.floor(this.#now), monotonic: () => this.#now };

  /** Timers that stop firing when `isAlive` says so: what a crash takes with it. */
  timersOf(isAlive: () => boolean): Timers {
    return {
      after: (delayMs, fire) => {
        const entry = this.at(this.#now + Math.max(0, delayMs), () => {
          if (isAlive()) fire();
        });
        return {
          cancel: () => {
            entry.isCancelled = true;
          },
        };
      },
    };
  }

  after(delayMs: number, fire: () => void): void {
    this.at(this.#now + delayMs, fire);
  }

  at(at: number, fire: () => void): Entry {
    const entry = { at, order: (this.#order += 1), fire, isCancelled: false };
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as Entry).at <= at) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    return entry;
  }

  /** Runs what is due until `until`, letting every promise settle between two steps. */
  async run(until: number): Promise<void> {
    await settle();
    for (;;) {
      const next = this.#entries[0];
      if (next === undefined || next.at > until) break;
      this.#entries.shift();
      if (next.isCancelled) continue;
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settle();
    }
    this.#now = Math.max(this.#now, until);
  }
}

/** Every microtask runs before a macrotask does. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
