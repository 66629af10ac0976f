import type { BucketState } from "@genhook/core";

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets in the memory of one process. A bucket that is full again is forgotten. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  take(key: string, size: number, perSecond: number, at: number): BucketState {
    const bucket = this.#buckets.get(key) ?? { tokens: size, at };
    const tokens = Math.min(size, bucket.tokens + (Math.max(0, at - bucket.at) / 1000) * perSecond);
    const isTaken = tokens >= 1;
    const left = isTaken ? tokens - 1 : tokens;
    this.#buckets.set(key, { tokens: left, at: Math.max(at, bucket.at) });
    if (this.#buckets.size > 10_000) this.#forgetFull(at, size, perSecond);
    return { taken: isTaken, used: Math.ceil(size - left), waitMs: isTaken ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000) };
  }

  #forgetFull(at: number, size: number, perSecond: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.tokens + ((at - bucket.at) / 1000) * perSecond >= size) this.#buckets.delete(key);
    }
  }
}
