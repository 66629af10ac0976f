import { PACE_AT_ONCE_MS } from "../limits.ts";

/** Moments are sums of fractions: one that is nearer than this has come, ms. Waking for less would be a turn for nothing. */
const ROUNDING_MS = 0.001;

/**
 * How often attempts may start at an endpoint that has a rate: the generic cell rate algorithm (ITU-T I.371), which is a token bucket kept as
 * one moment. Each start moves the moment from which nothing of the past counts any more (`#fullAt`) on by one interval; a start is too early
 * while that moment lies further ahead than what may start at once. So the time of the next start is known, and nothing ticks.
 *
 * In any span of t seconds at most `rate × t` attempts start, and once what may start at once: a tenth of a second's worth, at least one. That
 * little is needed because nobody is woken to the microsecond: without it 304 of 1,000 a second came out on a busy machine. Below 20 a second it
 * is one, and attempts are evenly spaced.
 *
 * Times are monotonic ms.
 */
export class Pace {
  /** Between two starts; 0 where there is no rate. */
  #intervalMs = 0;
  #atOnce = 1;
  #fullAt = Number.NEGATIVE_INFINITY;

  /** Null: as often as anything else allows. True where that is new. */
  setRate(perSecond: number | null, now: number): boolean {
    const intervalMs = perSecond === null ? 0 : 1_000 / perSecond;
    if (intervalMs === this.#intervalMs) return false;
    this.#intervalMs = intervalMs;
    this.#atOnce = perSecond === null ? 1 : Math.max(1, Math.floor((perSecond * PACE_AT_ONCE_MS) / 1_000));
    // What counts from a slower rate must not hold up a faster one.
    this.#fullAt = Math.min(this.#fullAt, now + this.#atOnce * intervalMs);
    return true;
  }

  /** From `at` on as if everything that may start at once had just started: nobody here knows what has. */
  restart(at: number): void {
    this.#fullAt = Math.max(this.#fullAt, at + this.#atOnce * this.#intervalMs);
  }

  /** When the next attempt may start at the earliest. */
  get nextAt(): number {
    return this.#intervalMs === 0 ? Number.NEGATIVE_INFINITY : this.#fullAt - (this.#atOnce - 1) * this.#intervalMs;
  }

  mayStart(now: number): boolean {
    return now >= this.nextAt - ROUNDING_MS;
  }

  /** How many may start now. */
  room(now: number): number {
    if (this.#intervalMs === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(this.#atOnce, Math.floor((now - this.nextAt + ROUNDING_MS) / this.#intervalMs) + 1));
  }

  started(now: number): void {
    if (this.#intervalMs > 0) this.#fullAt = Math.max(now, this.#fullAt) + this.#intervalMs;
  }

  /** Nothing of the past counts any more: a new one could take its place. */
  isFull(now: number): boolean {
    return this.#intervalMs === 0 || now >= this.#fullAt;
  }
}
