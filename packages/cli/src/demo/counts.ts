/** What the demo counts, for its view. */
export class Counts {
  published = 0;
  delivered = 0;
  verified = 0;
  refused = 0;
  flakyFailed = 0;
  flakyRecovered = 0;
  readonly #latencies: number[] = [];

  /** A verified arrival, `latencyMs` after its publish was begun; null for one that needed a retry. */
  arrived(latencyMs: number | null): void {
    this.verified += 1;
    if (latencyMs === null) return;
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > LATENCIES_KEPT) this.#latencies.shift();
  }

  /** Of the latest arrivals, ms; null before the first. */
  latency(share: number): number | null {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  }
}

const LATENCIES_KEPT = 200;
