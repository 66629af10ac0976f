import type { Holds } from "../directory/holds.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";

/** Timers of common runtimes take 24 days at most, and a wall clock may be set: asked again at least this often, ms. */
const SLEEP_MAX_MS = 3_600_000;

export interface HoldClockOptions {
  readonly holds: Holds;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The end of some hold has come. */
  readonly onEnd: () => void;
}

/** Wakes when the next hold ends by itself. */
export class HoldClock {
  readonly #options: HoldClockOptions;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: HoldClockOptions) {
    this.#options = options;
  }

  /** Also notices what has ended while nobody was there. */
  start(): void {
    const { holds, clock, onEnd } = this.#options;
    this.set();
    if (holds.passed(clock.now()).length > 0) onEnd();
  }

  /** To be called whenever holds have changed. */
  set(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const { holds, clock, timers, onEnd } = this.#options;
    const now = clock.now();
    const end = holds.nextEnd(now);
    if (end === null || this.#isStopped) return;
    this.#timer = timers.after(Math.min(end - now, SLEEP_MAX_MS), () => {
      this.set();
      if (clock.now() >= end) onEnd();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }
}
