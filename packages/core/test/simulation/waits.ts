import type { Breaches } from "./breaches.ts";

interface Waiting {
  readonly id: string;
  readonly since: number;
}

/**
 * How long deliveries to healthy endpoints wait for their first attempt. They come in the order of acceptance, so after each step only the
 * one that waits longest is looked at.
 */
export class Waits {
  readonly #breaches: Breaches;
  readonly #now: () => number;
  readonly #boundMs: number;
  readonly #waiting = new Set<string>();
  #queue: Waiting[] = [];
  #head = 0;
  #disturbedAt = 0;
  longestMs = 0;
  counted = 0;

  constructor(breaches: Breaches, now: () => number, boundMs: number) {
    this.#breaches = breaches;
    this.#now = now;
    this.#boundMs = boundMs;
  }

  accepted(id: string): void {
    this.#waiting.add(id);
    this.#queue.push({ id, since: this.#now() });
  }

  started(id: string): void {
    if (this.#waiting.delete(id)) this.counted += 1;
  }

  /** A process died, froze, came back: the bound counts from here on. */
  disturbed(): void {
    this.#disturbedAt = this.#now();
  }

  /** After each step. */
  check(): void {
    for (;;) {
      const first = this.#queue[this.#head];
      if (first === undefined) {
        this.#queue = [];
        this.#head = 0;
        return;
      }
      const waitedMs = this.#now() - Math.max(first.since, this.#disturbedAt);
      this.longestMs = Math.max(this.longestMs, waitedMs);
      if (!this.#waiting.has(first.id)) {
        this.#head += 1;
        continue;
      }
      if (waitedMs > this.#boundMs) this.#breaches.add("wait", `${first.id} of a healthy lane has waited for ${Math.round(waitedMs)} ms`);
      return;
    }
  }
}
