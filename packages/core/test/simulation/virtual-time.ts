import type { Clock, Timers } from "@genhook/core";

/** Steps within one millisecond: more is no simulation of anything, somebody asks again at once for ever. */
const STEPS_PER_MS_MAX = 20_000;

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
  #stalledAt = 0;
  #stalledSteps = 0;
  /** A heap: the next is the first. */
  readonly #entries: Entry[] = [];
  /** Steps made so far. */
  steps = 0;
  /** Called after each step, when every promise has settled. What it throws ends the run. */
  onStep: (() => void) | null = null;

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
    this.#entries.push(entry);
    this.#rise(this.#entries.length - 1);
    return entry;
  }

  /** So much time passes within a step: what is done there takes it. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Runs what is due until `until`, letting every promise settle between two steps. */
  async run(until: number): Promise<void> {
    await settle();
    for (;;) {
      const [next] = this.#entries;
      if (next === undefined || next.at > until) break;
      this.#removeFirst();
      if (next.isCancelled) continue;
      this.#now = Math.max(this.#now, next.at);
      this.#noticeStall();
      next.fire();
      await settle();
      this.steps += 1;
      this.onStep?.();
    }
    this.#now = Math.max(this.#now, until);
  }

  #noticeStall(): void {
    if (this.#now - this.#stalledAt >= 1) {
      this.#stalledAt = this.#now;
      this.#stalledSteps = 0;
    }
    this.#stalledSteps += 1;
    if (this.#stalledSteps > STEPS_PER_MS_MAX)
      throw new Error(`time stands still at ${this.#now} ms: somebody asks again at once for ever`);
  }

  #rise(from: number): void {
    const entries = this.#entries;
    const entry = entries[from] as Entry;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent] as Entry;
      if (isBefore(above, entry)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  #removeFirst(): void {
    const entries = this.#entries;
    const last = entries.pop() as Entry;
    const { length } = entries;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(entries[child + 1] as Entry, entries[child] as Entry)) child += 1;
      const below = entries[child] as Entry;
      if (isBefore(last, below)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Every microtask runs before a macrotask does. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
