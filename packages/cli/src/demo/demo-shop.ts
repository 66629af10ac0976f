import type { ApiClient } from "@genhook/contract/client";
import { seeded } from "../publish/seeded.ts";
import { OrderBook, type OrderChange } from "./order-book.ts";

export interface DemoShopOptions {
  readonly api: ApiClient;
  readonly domain: string;
  readonly seed: number;
  /** Something happened in the shop just now, `at` by the monotonic clock: before anybody is told. */
  readonly onChange: (change: OrderChange, at: number) => void;
  /** Genhook has taken it. */
  readonly onPublished: (change: OrderChange, eventId: string, at: number) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Orders are paid and fulfilled this long after the step before, on average, ms. */
const NEXT_STEP_MS: readonly number[] = [1_500, 4_000];

/** A shop whose orders are placed, paid and fulfilled, and which publishes each of these changes. */
export class DemoShop {
  readonly book: OrderBook;
  readonly #options: DemoShopOptions;
  readonly #random: () => number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<void>>();
  #placing: NodeJS.Timeout | null = null;

  constructor(options: DemoShopOptions) {
    this.#options = options;
    // Seconds since 1970 and room for a million orders behind them: a later run never meets the ids of an earlier one.
    const firstId = Math.floor(Date.now() / 1_000) * 1_000_000;
    this.book = new OrderBook({ shopDomain: options.domain, seed: options.seed, firstId });
    this.#random = seeded(options.seed);
  }

  /** Places an order every `everyMs`, until it is stopped. */
  start(everyMs: number): void {
    let due = performance.now() + everyMs;
    const tick = (): void => {
      for (; due <= performance.now(); due += everyMs) void this.place();
      this.#placing = setTimeout(tick, Math.max(0, due - performance.now()));
    };
    this.#placing = setTimeout(tick, everyMs);
  }

  /** No further order is placed; those that are there go on changing. */
  stopPlacing(): void {
    if (this.#placing !== null) clearTimeout(this.#placing);
    this.#placing = null;
  }

  /** Nothing changes any more; resolves once everything that happened is published. */
  async stop(): Promise<void> {
    this.stopPlacing();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#underWay);
  }

  /** Resolves once the order is published. */
  async place(): Promise<void> {
    const change = this.book.place(Date.now());
    this.#later(change);
    await this.#publish(change);
  }

  #later({ id, version }: OrderChange): void {
    const averageMs = NEXT_STEP_MS[version - 1];
    if (averageMs === undefined) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        const change = this.book.advance(id, Date.now());
        if (change === null) return;
        this.#later(change);
        void this.#publish(change);
      },
      -Math.log(1 - this.#random()) * averageMs,
    );
    this.#timers.add(timer);
  }

  #publish(change: OrderChange): Promise<void> {
    const publishing = this.#send(change).finally(() => this.#underWay.delete(publishing));
    this.#underWay.add(publishing);
    return publishing;
  }

  async #send(change: OrderChange): Promise<void> {
    const { api, domain, onChange, onPublished, onFailed } = this.#options;
    const at = performance.now();
    onChange(change, at);
    try {
      const body = { shop: domain, topic: change.topic, payload: change.payload, idempotencyKey: `${change.id} ${change.version}` };
      const answer = await api.call("publishEvents", { body }, { isIdempotent: true });
      if ("event" in answer) onPublished(change, answer.event.id, at);
    } catch (error) {
      onFailed(error);
    }
  }
}
