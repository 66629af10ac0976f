import { nameInOrder } from "../../domain/delivery.ts";
import type { Directory } from "../../directory/directory.ts";
import type { Subscription } from "../../domain/directory-entries.ts";
import { shardOf } from "../../domain/endpoint.ts";
import { keyLaneOf } from "../../domain/order.ts";
import type { OwedTask, Settlement } from "../../ports/task-queue.ts";
import type { EndpointGate } from "../endpoint-gate.ts";
import { dispositionOf, type Disposition } from "../lane.ts";
import type { QueuedLane } from "../queued-lane.ts";
import { OrderKey } from "./order-key.ts";

/** What is to be done with a delivery that stands in the lane. `stray`: it belongs elsewhere, or has come to its end. */
export type Verdict = "send" | "hold" | "stray";

export interface OrderedLaneOptions {
  readonly id: number;
  readonly shard: number;
  /** Some subscription of it, ended or not: all have the same app, shop and endpoint. */
  readonly subscription: Subscription;
  readonly gate: EndpointGate<QueuedLane>;
  readonly directory: Directory;
  /** Wall ms. */
  readonly now: () => number;
  readonly bytes: { heldBytes: number };
  /** Deliveries in flight or being settled, of all ordered lanes. */
  readonly flights: Map<string, OrderKey>;
}

/** The ordered deliveries of one app's subscriptions on one shop at one endpoint: order per key, and keys beside each other. */
export class OrderedLane implements QueuedLane {
  readonly id: number;
  readonly shard: number;
  readonly shop: number;
  readonly owner: Pick<Subscription, "app" | "shop">;
  gate: EndpointGate<QueuedLane>;
  isQueued = false;
  debt = 0;
  freshAt: number = Number.NEGATIVE_INFINITY;
  isParked = false;
  isDropped = false;
  /** The store was looked through for what stands aside and what is blocked; before that nothing is sent. */
  isOpen = false;
  isPreparing = false;
  /** Everything of the lane itself is in memory. */
  isComplete = false;
  isFilling = false;
  /** Something was owed that the read under way may not have. */
  isStale = false;
  /** Tasks stand in it, or may, that do not belong there. */
  hasStrays: boolean;
  /** Members that have ended: what they have blocked is to be let go. */
  readonly ended: Set<number> = new Set();
  /** Blocked keys are being looked up. */
  isChecking = false;
  /** Grows each time that memory lets go of everything. */
  epoch = 0;
  /** What its members were judged when memory was filled. */
  judged = "";
  readonly keys: Map<number, OrderKey> = new Map();
  readonly ready: OrderKey[] = [];
  /** Deliveries on their way aside. */
  readonly moving: Set<string> = new Set();
  /** What was settled or set aside since the read under way began: its snapshot may still have it. */
  readonly finished: Set<string> = new Set();
  /**
   * Every task of the lane itself with a place up to this was looked at since memory was last empty. A key that stands aside goes no further: what
   * is left in the lane of a shorter queue in memory that was forgotten is older than what was set aside behind it.
   */
  lookedAtTo = 0;
  /** Tasks that wait in memory. */
  held = 0;
  readonly #options: OrderedLaneOptions;

  constructor(options: OrderedLaneOptions) {
    const { id, shard, subscription, gate } = options;
    this.#options = options;
    this.id = id;
    this.shard = shard;
    this.shop = subscription.shop ?? -subscription.app;
    this.owner = { app: subscription.app, shop: subscription.shop };
    this.gate = gate;
    // Who came back to where it was before may have left something in the same shard.
    this.hasStrays = this.members.some(({ order }) => order?.left.some((each) => each.shard === shard) === true);
  }

  get length(): number {
    return this.ready.length;
  }

  get isRunnable(): boolean {
    return this.isOpen && !this.isDropped;
  }

  /** Subscriptions that have not ended whose ordered deliveries queue here. */
  get members(): readonly Subscription[] {
    return this.#options.directory.orderedIn(this.id);
  }

  /** Whether nothing has to be remembered. */
  get isIdle(): boolean {
    return this.isOpen && this.isComplete && this.keys.size === 0 && !this.isPreparing && !this.isFilling && this.moving.size === 0;
  }

  get isBusy(): boolean {
    return this.moving.size > 0 || [...this.keys.values()].some((key) => key.sending !== null);
  }

  judge(subscription: number): Verdict {
    const { directory } = this.#options;
    const one = directory.subscription(subscription);
    if (one === undefined || one.order?.lane !== this.id) return "stray";
    const kind = this.#dispositionOf(one).kind;
    if (kind === "sweep") return "stray";
    return kind === "send" ? "send" : "hold";
  }

  /** What its members are judged now, as a text to be compared. */
  judgement(): string {
    return this.members
      .map((each) => `${each.id} ${this.#dispositionOf(each).kind} ${blocks(each) ? "block" : "skip"} ${each.settings.sequence === true}`)
      .join(", ");
  }

  /** Whether there is anybody to send to. */
  get hasWilling(): boolean {
    return this.members.some((each) => this.#dispositionOf(each).kind === "send");
  }

  key(number: number): OrderKey {
    let key = this.keys.get(number);
    if (key === undefined) this.keys.set(number, (key = new OrderKey(this, number)));
    return key;
  }

  keyOf(owed: OwedTask): OrderKey {
    return this.key(keyLaneOf(this.id, owed.event.orderKey ?? ""));
  }

  /** What memory has and reads are to skip. */
  names(): Set<string> {
    const names = new Set(this.moving);
    for (const { queue, sending } of this.keys.values()) {
      for (const { task } of queue) names.add(nameInOrder(task));
      if (sending !== null) names.add(nameInOrder(sending.task));
    }
    return names;
  }

  hasLookedAt(place: number): boolean {
    return place <= this.lookedAtTo;
  }

  /** Keys that have waited for the lane to be looked at as far as it is now; they wait no more. */
  awaited(): readonly OrderKey[] {
    const awaited: OrderKey[] = [];
    for (const key of this.keys.values()) {
      if (key.awaits === null || !this.hasLookedAt(key.awaits)) continue;
      key.awaits = null;
      awaited.push(key);
    }
    return awaited;
  }

  push(key: OrderKey, owed: OwedTask): void {
    key.queue.push(owed);
    this.held += 1;
    this.#options.bytes.heldBytes += owed.event.payload.length;
  }

  /** Lets go of what a key has in memory and did not send; answers it. */
  clear(key: OrderKey): OwedTask[] {
    const cleared = key.queue;
    key.queue = [];
    this.held -= cleared.length;
    for (const { event } of cleared) this.#options.bytes.heldBytes -= event.payload.length;
    if (key.isReady) this.ready.splice(this.ready.indexOf(key), 1);
    key.isReady = false;
    return cleared;
  }

  get first(): OwedTask | undefined {
    return this.ready[0]?.queue[0];
  }

  shift(): OwedTask | undefined {
    const key = this.ready.shift();
    if (key === undefined) return undefined;
    key.isReady = false;
    const owed = key.queue.shift();
    if (owed === undefined) return undefined;
    this.held -= 1;
    key.sending = owed;
    this.#options.flights.set(nameInOrder(owed.task), key);
    return owed;
  }

  subscriptionFor({ task }: OwedTask): Subscription | undefined {
    return this.#options.directory.subscription(task.subscription);
  }

  /**
   * A retry waits at the beginning of the key's lane; where the subscription has moved meanwhile, before all else of its new one. A dead
   * letter that has used up its attempts blocks the key, unless its subscription skips; any other end of it does not, or not any more.
   */
  settling(settlement: Settlement, owed: OwedTask): Settlement {
    const { next, row } = settlement;
    const subscription = this.subscriptionFor(owed);
    if (next !== null) {
      const order = { blocks: null, unblocks: false };
      const lane = subscription?.order?.lane ?? this.id;
      if (subscription === undefined || lane === this.id) {
        return { ...settlement, next: { ...next, lane: this.keyOf(owed).number }, order };
      }
      return { ...settlement, next: { ...next, shard: shardOf(subscription.endpoint), lane, due: 0 }, order };
    }
    const isBlocking = row.reason === "attempts_exhausted" && subscription !== undefined && blocks(subscription);
    return {
      ...settlement,
      order: { blocks: isBlocking ? (owed.event.orderKey ?? "") : null, unblocks: !isBlocking && owed.task.round > 1 },
    };
  }

  untake(owed: OwedTask): void {
    const key = this.keyOf(owed);
    if (key.sending !== owed) return;
    key.sending = null;
    this.#options.flights.delete(nameInOrder(owed.task));
    key.queue.unshift(owed);
    this.held += 1;
    this.#options.bytes.heldBytes += owed.event.payload.length;
  }

  giveUp(owed: OwedTask): void {
    const key = this.keyOf(owed);
    if (key.sending === owed) key.sending = null;
    this.#options.flights.delete(nameInOrder(owed.task));
    this.isComplete = false;
  }

  /** Lets go of everything but what is under way; it has to be prepared anew. */
  letGo(): void {
    this.epoch += 1;
    this.isOpen = false;
    this.isComplete = false;
    this.lookedAtTo = 0;
    for (const key of this.keys.values()) {
      this.clear(key);
      key.changes += 1;
      key.isReading = false;
      key.isHeld = false;
      key.until = null;
      key.awaits = null;
      key.blockers.clear();
      // Nothing of it is taken from the lane itself before its own was looked into.
      key.isAside = true;
      if (key.sending === null && key.moving.length === 0) this.keys.delete(key.number);
    }
  }

  #dispositionOf(subscription: Subscription): Disposition {
    const { directory, now } = this.#options;
    return dispositionOf(subscription, directory.holdOver(subscription, now()) !== null);
  }
}

/** Whether dead letters of a subscription keep their keys from going on. */
export function blocks({ settings, endedAt }: Subscription): boolean {
  return endedAt === null && settings.ordered === true && settings.onDead !== "skip";
}
