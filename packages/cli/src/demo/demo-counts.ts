import { quantile } from "./compare/tally.ts";

const LATENCIES_KEPT = 500;
const SECONDS_KEPT = 120;

/** What the demo counts, for its view. */
export class DemoCounts {
  published = 0;
  verified = 0;
  refused = 0;
  attemptsFailed = 0;
  recovered = 0;
  publishFailed = 0;
  /** Deliveries that have failed and wait for another attempt. */
  readonly waiting: Set<string> = new Set();
  readonly publishedPerSecond: number[] = [0];
  readonly verifiedPerSecond: number[] = [0];
  readonly #latencies: number[] = [];

  publishedOne(): void {
    this.published += 1;
    this.publishedPerSecond[this.publishedPerSecond.length - 1] = (this.publishedPerSecond.at(-1) ?? 0) + 1;
  }

  /** A verified arrival, `latencyMs` after its publish was begun; null for one that is not timed (it needed a retry). */
  arrived(latencyMs: number | null): void {
    this.verified += 1;
    this.verifiedPerSecond[this.verifiedPerSecond.length - 1] = (this.verifiedPerSecond.at(-1) ?? 0) + 1;
    if (latencyMs === null) return;
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > LATENCIES_KEPT) this.#latencies.shift();
  }

  /** Called once a second. */
  nextSecond(): void {
    for (const series of [this.publishedPerSecond, this.verifiedPerSecond]) {
      series.push(0);
      if (series.length > SECONDS_KEPT) series.shift();
    }
  }

  /** Of the latest arrivals, ms; null before the first. */
  latency(share: number): number | null {
    return quantile(this.#latencies, share);
  }

  /** Events per second over the last five whole ones. */
  rate(series: readonly number[]): number {
    const last = series.slice(-6, -1);
    return last.length === 0 ? (series.at(-1) ?? 0) : last.reduce((sum, value) => sum + value, 0) / last.length;
  }
}
