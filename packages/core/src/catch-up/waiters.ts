import { WAITERS_CHECK_EVERY_MS, WAITERS_CHECK_WITHOUT_HINTS_EVERY_MS, WAITERS_MAX, WAITERS_OF_ONE_MAX } from "../limits.ts";
import type { Timer, Timers } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

export interface WaitersOptions {
  readonly store: Pick<Store, "isShared" | "sequences" | "hints">;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

interface Waiter {
  readonly subscription: number;
  /** The last number that it knows. */
  readonly after: number;
  readonly end: (isWoken: boolean) => void;
}

/** One call that waits. */
export interface Waiting {
  /** Resolves when it is over: true where there may be something to read, false where it is not to wait any more. */
  readonly woken: Promise<boolean>;
  readonly end: () => void;
}

/**
 * Calls that wait for the next event of a numbered subscription. Each costs a timer; it is woken when numbers are given, by this process or, with a
 * hint, by another one. A hint may be lost: so, on a shared store, one statement for all that wait here looks every few seconds, and every
 * second while hints are known not to arrive.
 */
export class Waiters {
  readonly #options: WaitersOptions;
  readonly #waiting = new Map<number, Set<Waiter>>();
  #count = 0;
  #check: Timer | null = null;
  #isStopped = false;

  constructor(options: WaitersOptions) {
    this.#options = options;
  }

  /** Calls that wait. */
  get count(): number {
    return this.#count;
  }

  /** False where as many wait as may. */
  get hasRoom(): boolean {
    return this.#count < WAITERS_MAX;
  }

  /** False once this process is about to stop: then nobody waits any more. */
  get isOpen(): boolean {
    return !this.#isStopped;
  }

  /**
   * Waits until there may be something above `after`, at most `forMs`. To be begun before the caller reads, or what is given in between is missed. Of too
   * many on one subscription the one that has waited longest is let go: its client has mostly gone away.
   */
  wait(subscription: number, after: number, forMs: number): Waiting {
    const waiting = this.#waiting.get(subscription) ?? new Set<Waiter>();
    if (waiting.size >= WAITERS_OF_ONE_MAX) [...waiting][0]?.end(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (isWoken: boolean): void => {
      if (!waiting.delete(waiter)) return;
      this.#count -= 1;
      if (waiting.size === 0) this.#waiting.delete(subscription);
      timer.cancel();
      resolve(isWoken);
    };
    const waiter: Waiter = { subscription, after, end };
    const timer = this.#options.timers.after(forMs, () => end(false));
    waiting.add(waiter);
    this.#waiting.set(subscription, waiting);
    this.#count += 1;
    if (this.#isStopped) end(false);
    this.#checkLater();
    return { woken: promise, end: () => end(false) };
  }

  /** Numbers were given, or something about these subscriptions has changed. */
  wake(subscriptions: Iterable<number>): void {
    if (this.#count === 0) return;
    for (const subscription of subscriptions) for (const { end } of this.#waiting.get(subscription) ?? []) end(true);
  }

  /** Something has changed that may concern anybody. */
  wakeAll(): void {
    this.wake([...this.#waiting.keys()]);
  }

  /** Nothing waits from here on. */
  stop(): void {
    this.#isStopped = true;
    this.#check?.cancel();
    this.wakeAll();
  }

  #checkLater(): void {
    const { store, timers } = this.#options;
    if (!store.isShared || this.#check !== null || this.#isStopped || this.#count === 0) return;
    this.#check = timers.after(store.hints.isWorking ? WAITERS_CHECK_EVERY_MS : WAITERS_CHECK_WITHOUT_HINTS_EVERY_MS, () => {
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const subscriptions = [...this.#waiting.keys()];
    try {
      const last = subscriptions.length === 0 ? [] : await this.#options.store.sequences.lastOf(subscriptions);
      for (const [index, subscription] of subscriptions.entries()) {
        for (const { after, end } of this.#waiting.get(subscription) ?? []) if ((last[index] ?? 0) > after) end(true);
      }
    } catch (error) {
      this.#options.onError(error);
    }
    this.#check = null;
    this.#checkLater();
  }
}
