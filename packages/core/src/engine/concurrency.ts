import { ENDPOINT_CONCURRENCY_MIN, ENDPOINT_CONCURRENCY_START } from "../limits.ts";

/**
 * How many attempts an endpoint may have in flight, learned by AIMD: one more after each window of successes (a window is as many
 * successes as the limit), times 0.7 on a sign of overload, at most once per window so that one burst of failures counts once.
 */
export class ConcurrencyLimit {
  #limit: number = ENDPOINT_CONCURRENCY_START;
  #successes = 0;
  /** Outcomes still to come from before the last cut; they do not cut again. */
  #grace = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(ENDPOINT_CONCURRENCY_START, max);
  }

  get limit(): number {
    return Math.max(ENDPOINT_CONCURRENCY_MIN, Math.floor(this.#limit));
  }

  /** `inFlight`: attempts of this endpoint that are still under way. */
  record(sign: "success" | "overload", inFlight: number): void {
    const isGrace = this.#grace > 0;
    if (isGrace) this.#grace -= 1;
    if (sign === "success") {
      this.#successes += 1;
      if (this.#successes >= this.#limit) {
        this.#successes = 0;
        this.#limit = Math.min(this.#max, this.#limit + 1);
      }
      return;
    }
    this.#successes = 0;
    if (isGrace) return;
    this.#limit = Math.max(ENDPOINT_CONCURRENCY_MIN, this.#limit * 0.7);
    this.#grace = inFlight;
  }
}
