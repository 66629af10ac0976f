/**
 * Two-level deficit round robin: shops, and the lanes of each shop. Both pay for what they send by the service time of the endpoint, so one that
 * is slow gets fewer starts, not more slots, and neither the other shops nor the other apps of its own shop pay for it. O(1) per start, counted
 * over many.
 *
 *   a shop's turn    it has credit ──► its next lane's turn · it has none ──► it earns a quantum and goes to the end of the ring
 *   a lane's turn    it owes nothing ──► it starts, and owes what that costs · it owes ──► it pays one and goes to the end of its shop's round
 *
 * Nobody waits for credit while nobody else wants the slot: a shop that is alone needs none, and where all lanes of a shop owe, they are let off
 * what the least indebted one owes.
 */
export interface Queued {
  readonly shop: number;
  /** True while the lane stands in this queue. */
  isQueued: boolean;
  /** What it still owes for its turns, in units of cost. */
  debt: number;
}

/** What a shop earns per visit, in units of cost. */
const QUANTUM = 10;
/** Cost of one attempt: 1 per 10 ms of service time, at least 1 and at most this, so that a visit ends soon. */
const COST_MAX = 50;
const COST_UNIT_MS = 10;

interface ShopLanes<Lane> {
  lanes: Lane[];
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
      if (shop.head === shop.lanes.length) {
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
      const lane = takeLane(shop);
      lane.isQueued = false;
      return lane;
    }
    return null;
  }

  /** Charges a lane, and its shop, for an attempt that was started. */
  charge(lane: Lane, serviceMs: number): void {
    const cost = costOf(serviceMs);
    lane.debt += cost - 1;
    this.#chargeShop(lane.shop, cost);
  }

  /** Charges a lane's shop alone. */
  chargeShop(shop: number, serviceMs: number): void {
    this.#chargeShop(shop, costOf(serviceMs));
  }

  #chargeShop(key: number, cost: number): void {
    const shop = this.#shops.get(key);
    if (shop !== undefined) shop.deficit = Math.max(-COST_MAX, shop.deficit - cost);
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head > 1_024) {
      this.#ring = this.#ring.slice(this.#head);
      this.#head = 0;
    }
  }
}

function costOf(serviceMs: number): number {
  return Math.min(COST_MAX, Math.max(1, serviceMs / COST_UNIT_MS));
}

/** Of a shop that has lanes. */
function takeLane<Lane extends Queued>(shop: ShopLanes<Lane>): Lane {
  let least = Number.POSITIVE_INFINITY;
  for (let left = shop.lanes.length - shop.head; left > 0; left -= 1) {
    const lane = shiftLane(shop);
    if (lane.debt <= 0) return lane;
    lane.debt -= 1;
    least = Math.min(least, lane.debt);
    shop.lanes.push(lane);
  }
  for (let index = shop.head; index < shop.lanes.length; index += 1) {
    const lane = shop.lanes[index] as Lane;
    lane.debt -= least;
  }
  return takeLane(shop);
}

function shiftLane<Lane>(shop: ShopLanes<Lane>): Lane {
  const lane = shop.lanes[shop.head] as Lane;
  shop.head += 1;
  if (shop.head > 64 && shop.head * 2 > shop.lanes.length) {
    shop.lanes = shop.lanes.slice(shop.head);
    shop.head = 0;
  }
  return lane;
}
