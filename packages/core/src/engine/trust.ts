import { CLOCKS_APART_MAX_MS } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";

/** One moment, read off both clocks of this machine. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export function instantOf(clock: Clock): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

/**
 * Leave to act on something that the store said, for a time that runs from the moment at which it was *asked*. To be looked at before each
 * act, never by a timer: a process that was frozen finds that it has ended, whenever it wakes.
 *
 * Both clocks of this machine are witnesses, and nothing is trusted when they disagree. The monotonic one cannot be set, but stands still while
 * the machine is suspended; the wall clock is right again after that, but can be set, forwards and back. No two machines' clocks are
 * compared. A virtual machine that is paused with both its clocks cannot know; it learns with its next renewal.
 */
export class Trust {
  readonly #clock: Clock;
  #from: Instant = { monotonic: 0, wall: 0 };
  #forMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  extend(from: Instant, forMs: number): void {
    this.#from = from;
    this.#forMs = forMs;
  }

  end(): void {
    this.#forMs = 0;
  }

  get isHeld(): boolean {
    // A store of one process is trusted without looking at a clock: this stands in the hottest loop.
    if (this.#forMs === Number.POSITIVE_INFINITY) return true;
    const monotonic = this.#clock.monotonic() - this.#from.monotonic;
    const wall = this.#clock.now() - this.#from.wall;
    return monotonic < this.#forMs && wall < this.#forMs && wall > monotonic - CLOCKS_APART_MAX_MS;
  }
}
