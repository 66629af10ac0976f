import type { Timer, Timers } from "../ports/clock.ts";

export interface BatcherOptions<Item> {
  readonly timers: Timers;
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** 0: at once when nothing is under way, and as soon as the batch before is done. Otherwise the first item of a batch waits this long for company. */
  readonly waitMs: number;
  readonly sizeOf: (item: Item) => number;
  /** Carries a batch out. Must not reject: what fails is dealt with inside. */
  readonly flush: (items: Item[]) => Promise<void>;
}

/**
 * Collects items into batches, one under way at a time. While one is under way the next grows, so a busy store gets large groups and
 * an idle one answers at once: no fixed delay is added at low load.
 */
export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>;
  #items: Item[] = [];
  #head = 0;
  #waitingBytes = 0;
  #isFlushing = false;
  #isScheduled = false;
  #timer: Timer | null = null;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Item>) {
    this.#options = options;
  }

  /** Items that wait, not counting the batch under way. */
  get waiting(): number {
    return this.#items.length - this.#head;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#waitingBytes += this.#options.sizeOf(item);
    this.#schedule();
  }

  /** Resolves when nothing waits and nothing is under way. Does not wait for company. */
  async drain(): Promise<void> {
    this.#cancelTimer();
    if (this.waiting === 0 && !this.#isFlushing) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#next();
    await idle;
  }

  #schedule(): void {
    if (this.#isFlushing || this.#isScheduled) return;
    if (this.#options.waitMs === 0) {
      // A microtask, not at once: the items of one request arrive in one turn and belong into one batch.
      this.#isScheduled = true;
      void Promise.resolve().then(() => {
        this.#isScheduled = false;
        this.#next();
      });
      return;
    }
    if (this.waiting >= this.#options.itemsMax) {
      this.#cancelTimer();
      this.#next();
    } else if (this.#timer === null) {
      this.#timer = this.#options.timers.after(this.#options.waitMs, () => {
        this.#timer = null;
        this.#next();
      });
    }
  }

  #next(): void {
    if (this.#isFlushing) return;
    if (this.waiting === 0) {
      this.#tellIdle();
      return;
    }
    this.#isFlushing = true;
    this.#options.flush(this.#take()).then(this.#flushed, this.#flushed);
  }

  readonly #flushed = (): void => {
    this.#isFlushing = false;
    if (this.#idle.length > 0 || this.waiting >= this.#options.itemsMax) this.#next();
    else if (this.waiting > 0) this.#schedule();
  };

  #tellIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #take(): Item[] {
    const { itemsMax, bytesMax, sizeOf } = this.#options;
    let end = this.#head;
    let bytes = 0;
    while (end < this.#items.length && end - this.#head < itemsMax) {
      const size = sizeOf(this.#items[end] as Item);
      if (end > this.#head && bytes + size > bytesMax) break;
      bytes += size;
      end += 1;
    }
    const taken = this.#items.slice(this.#head, end);
    this.#waitingBytes -= bytes;
    this.#head = end;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 8_192) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
