import type { Order, OrderBook } from "./order-book.ts";

/** What an app has that asks: one call finds what has changed since the newest that it knows. To be called every few seconds, for every shop. */
export class Poller {
  calls = 0;
  readonly #origin: string;
  readonly #book: OrderBook;
  #since = "";

  constructor(origin: string, book: OrderBook) {
    this.#origin = origin;
    this.#book = book;
  }

  async poll(): Promise<void> {
    this.calls += 1;
    const response = await fetch(`${this.#origin}/orders?updateTimeMin=${encodeURIComponent(this.#since)}`);
    if (!response.ok) throw new Error(`The shop answered ${response.status}`);
    for (const order of ((await response.json()) as { readonly orders: readonly Order[] }).orders) {
      this.#book.apply(order);
      // The same instant is asked for again: another order may have changed in it.
      if (order.updateTime > this.#since) this.#since = order.updateTime;
    }
  }
}
