import { TOPIC_BY_NAME } from "@genhook/contract";
import { varySample, type Payload } from "../publish/vary-sample.ts";

/** What an order goes through, with the topic that tells of it. */
export const ORDER_STEPS = ["create", "paid", "fulfilled"] as const;
export type OrderStep = (typeof ORDER_STEPS)[number];

export interface OrderChange {
  readonly id: string;
  readonly topic: `orders/${OrderStep}`;
  /** 1, 2, 3: how often the order has changed, this change included. */
  readonly version: number;
  readonly payload: Payload;
}

type Order = Readonly<Record<string, unknown>> & { readonly id: string; readonly createTime: string };

const SAMPLE: Payload = TOPIC_BY_NAME.get("orders/create")?.sample ?? {};
export interface OrderBookOptions {
  readonly shopDomain: string;
  readonly seed: number;
  /** Ids grow from here, as a list by id needs. */
  readonly firstId: number;
  readonly keptMax?: number;
}

const KEPT_MAX = 200_000;

/** The orders of the demo shop, as its API shows them. In memory, oldest first; only so many are kept. */
export class OrderBook {
  readonly #orders: Order[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  readonly #keptMax: number;
  readonly #place: { readonly shopDomain: string; readonly shopId: null; readonly clientId: null };
  readonly #seed: number;
  readonly #firstId: number;
  #dropped = 0;
  #count = 0;

  constructor(options: OrderBookOptions) {
    this.#place = { shopDomain: options.shopDomain, shopId: null, clientId: null };
    this.#seed = options.seed;
    this.#firstId = options.firstId;
    this.#keptMax = options.keptMax ?? KEPT_MAX;
  }

  place(at: number): OrderChange {
    this.#count += 1;
    const id = String(this.#firstId + this.#count - 1);
    const varied = varySample(SAMPLE, this.#seed, this.#count, { ...this.#place, at })["order"] as Order;
    const time = new Date(at).toISOString();
    const order: Order = {
      ...varied,
      id,
      financialStatus: "pending",
      fulfillmentStatus: "unfulfilled",
      createTime: time,
      updateTime: time,
    };
    this.#indexes.set(id, this.#dropped + this.#orders.length);
    this.#versions.set(id, 1);
    this.#orders.push(order);
    if (this.#orders.length > this.#keptMax) this.#drop();
    return { id, topic: "orders/create", version: 1, payload: { order } };
  }

  /** The next step of an order; null where there is none, or the order is no longer kept. */
  advance(id: string, at: number): OrderChange | null {
    const index = (this.#indexes.get(id) ?? -1) - this.#dropped;
    const before = this.#orders[index];
    const version = (this.#versions.get(id) ?? 0) + 1;
    const step = ORDER_STEPS[version - 1];
    if (before === undefined || step === undefined) return null;
    const change = step === "paid" ? { financialStatus: "paid", totalOutstanding: "0.00" } : { fulfillmentStatus: "fulfilled" };
    const order: Order = { ...before, ...change, updateTime: new Date(at).toISOString() };
    this.#orders[index] = order;
    this.#versions.set(id, version);
    return { id, topic: `orders/${step}`, version, payload: { order } };
  }

  get(id: string): Order | null {
    return this.#orders[(this.#indexes.get(id) ?? -1) - this.#dropped] ?? null;
  }

  /** Orders behind an id and not older than a time, by id. */
  list(after: string | null, createTimeMin: number | null, limit: number): readonly Order[] {
    const from = after === null ? 0 : this.#firstBehind((order) => BigInt(order.id) > BigInt(after));
    const young = createTimeMin === null ? 0 : this.#firstBehind((order) => Date.parse(order.createTime) >= createTimeMin);
    const start = Math.max(from, young);
    return this.#orders.slice(start, start + limit);
  }

  count(createTimeMin: number | null): number {
    if (createTimeMin === null) return this.#orders.length;
    return this.#orders.length - this.#firstBehind((order) => Date.parse(order.createTime) >= createTimeMin);
  }

  /** Ids and creation times grow together, so both are found by halving. */
  #firstBehind(isBehind: (order: Order) => boolean): number {
    let low = 0;
    let high = this.#orders.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.#orders[middle];
      if (order !== undefined && isBehind(order)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #drop(): void {
    const gone = this.#orders.splice(0, Math.ceil(this.#keptMax / 10));
    this.#dropped += gone.length;
    for (const { id } of gone) {
      this.#indexes.delete(id);
      this.#versions.delete(id);
    }
  }
}
