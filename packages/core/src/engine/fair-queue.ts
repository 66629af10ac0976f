/**
 * Two-level fair queue: deficit round robin over shops, round robin over the lanes of a shop. A shop pays for what it sends by the
 * service time of the endpoint, so one with slow endpoints gets fewer starts, not more slots. O(1) per start.
 */
export interface Queued {
  readonly shop: number;
  /** True while the lane stands in this queue. */
  isQueued: boolean;
}

/** What a shop earns per visit, in units of cost. */
const QUANTUM = 10;
/** Cost of one attempt: 1 per 10 ms of service time, at least 1 and at most this, so that a visit ends soon. */
const COST_MAX = 50;
const COST_UNIT_MS = 10;

interface ShopLanes<Lane> {
  readonly lanes: Lane[];
  head: number;
  deficit: number;
}

export class FairQueue<Lane extends Queued> {
  readonly #shops = new Map<number, ShopLanes<Lane>>();
  /** Shops with lanes, in visiting order. */
  #ring: number[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head >= this.#ring.length;
  }

  /** Puts a lane at the end of its shop's round; does nothing when it is queued already. */
  add(lane: Lane): void {
    if (lane.isQueued) return;
    lane.isQueued = true;
    let shop = this.#shops.get(lane.shop);
    if (shop === undefined) {
      shop = { lanes: [], head: 0, deficit: QUANTUM };
      this.#shops.set(lane.shop, shop);
      this.#ring.push(lane.shop);
    }
    shop.lanes.push(lane);
  }

  /** Takes out the lane whose turn it is. */
  next(): Lane | null {
    while (this.#head < this.#ring.length) {
      const key = this.#ring[this.#head] as number;
      const shop = this.#shops.get(key) as ShopLanes<Lane>;
      const lane = shop.lanes[shop.head];
      if (lane === undefined) {
        this.#shops.delete(key);
        this.#advance();
        continue;
      }
      const isAlone = this.#ring.length - this.#head === 1;
      if (shop.deficit <= 0 && !isAlone) {
        shop.deficit += QUANTUM;
        this.#ring.push(key);
        this.#advance();
        continue;
      }
      shop.head += 1;
      if (shop.head > 64 && shop.head * 2 > shop.lanes.length) {
        shop.lanes.splice(0, shop.head);
        shop.head = 0;
      }
      lane.isQueued = false;
      return lane;
    }
    return null;
  }

  /** Charges a shop for an attempt that was started. */
  charge(shopKey: number, serviceMs: number): void {
    const shop = this.#shops.get(shopKey);
    if (shop === undefined) return;
    const cost = Math.min(COST_MAX, Math.max(1, serviceMs / COST_UNIT_MS));
    shop.deficit = Math.max(-COST_MAX, shop.deficit - cost);
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head > 1_024) {
      this.#ring = this.#ring.slice(this.#head);
      this.#head = 0;
    }
  }
}
