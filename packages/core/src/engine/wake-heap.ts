import type { Clock, Timer, Timers } from "../ports/clock.ts";

interface Entry<Item> {
  readonly at: number;
  readonly item: Item;
}

/** Wakes items at monotonic times with one timer for all: a binary heap. An item may stand in it more than once; waking must bear that. */
export class WakeHeap<Item> {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #wake: (item: Item) => void;
  readonly #entries: Entry<Item>[] = [];
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers, wake: (item: Item) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#wake = wake;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(at: number, item: Item): void {
    const entries = this.#entries;
    let index = entries.length;
    entries.push({ at, item });
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((entries[parent] as Entry<Item>).at <= at) break;
      this.#swap(index, parent);
      index = parent;
    }
    if (index === 0) this.#arm();
  }

  clear(): void {
    this.#entries.length = 0;
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#entries[0];
    if (first === undefined || first.at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = first.at;
    this.#timer = this.#timers.after(Math.max(0, first.at - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    const due: Item[] = [];
    // Half a millisecond of grace: timers may fire a fraction early, and waking again for it would be a turn for nothing.
    while ((this.#entries[0]?.at ?? Number.POSITIVE_INFINITY) <= now + 0.5) due.push(this.#pop());
    this.#arm();
    for (const item of due) this.#wake(item);
  }

  #pop(): Item {
    const entries = this.#entries;
    const first = entries[0] as Entry<Item>;
    const last = entries.pop() as Entry<Item>;
    if (entries.length > 0) {
      entries[0] = last;
      this.#sink(0);
    }
    return first.item;
  }

  #sink(start: number): void {
    const entries = this.#entries;
    let index = start;
    for (;;) {
      const left = index * 2 + 1;
      const right = left + 1;
      let least = index;
      if (left < entries.length && (entries[left] as Entry<Item>).at < (entries[least] as Entry<Item>).at) least = left;
      if (right < entries.length && (entries[right] as Entry<Item>).at < (entries[least] as Entry<Item>).at) least = right;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries;
    const entry = entries[a] as Entry<Item>;
    entries[a] = entries[b] as Entry<Item>;
    entries[b] = entry;
  }
}
