import type { CancelReason } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { EventId } from "../domain/event.ts";
import type { OwedTask, Settlement } from "../ports/task-queue.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import { laneNumbers, type LaneNumbers } from "./lane-numbers.ts";
import type { QueuedLane } from "./queued-lane.ts";

/** What is to be done with a subscription's deliveries. `pull`: they are numbered, and nothing is sent. */
export type Disposition =
  | { readonly kind: "send" }
  | { readonly kind: "pull" }
  | { readonly kind: "hold" }
  | { readonly kind: "sweep"; readonly reason: CancelReason };

/** Pure. `isHeld`: an operator's hold covers it. An app's last word, `app/uninstalled`, is delivered after its subscription has ended. */
export function dispositionOf(subscription: Subscription, isHeld: boolean): Disposition {
  const disposition = dispositionOfStatus(subscription);
  return isHeld && disposition.kind !== "sweep" ? { kind: "hold" } : disposition;
}

function dispositionOfStatus(subscription: Subscription): Disposition {
  if (subscription.endedAt !== null) {
    const isLastWord = subscription.endReason === "uninstalled" && subscription.topic === "app/uninstalled";
    if (isLastWord && subscription.settings.mode !== "pull") return { kind: "send" };
    return { kind: "sweep", reason: subscription.endReason ?? "unsubscribed" };
  }
  switch (subscription.status) {
    case "active":
      return { kind: subscription.settings.mode === "pull" ? "pull" : "send" };
    case "paused":
      return { kind: "hold" };
    case "suspended":
      return subscription.statusReason === "scope_lost" ? { kind: "sweep", reason: "scope_lost" } : { kind: "hold" };
    case "disabled":
      return { kind: "sweep", reason: "disabled" };
  }
}

/** What a read of the lane that is under way must not miss, and must not bring back. */
export interface Scan {
  /** Where it reads: the lane may have gone to another shard by the time that it ends. */
  readonly shard: number;
  /** Settled since the read began: its snapshot may still have them. */
  readonly finished: Set<EventId>;
  /** Something was owed that the snapshot may not have, and that memory does not have either. */
  isStale: boolean;
  /** Handed in since the read began: the snapshot may not have them. Kept aside, or a lane that is never idle would be read for ever. */
  readonly arrived: OwedTask[];
}

export function newScan(shard: number): Scan {
  return { shard, finished: new Set(), isStale: false, arrived: [] };
}

/**
 * A queue of deliveries that go one way: a subscription's. The store has all of it; memory has a window.
 *
 *   complete: everything that is due stands in `queue` or is under way; new deliveries may be handed straight in
 *   incomplete: the store has more that is due; it is read from the lane's beginning, skipping what memory holds
 */
export class Lane implements QueuedLane {
  readonly id: number;
  /** Shard that the rows carry. */
  shard: number;
  subscription: Subscription;
  gate: EndpointGate<QueuedLane>;
  /** For fairness: an app's own lanes count as one shop of their own. */
  readonly shop: number;
  disposition: Disposition;
  isQueued = false;
  debt = 0;
  freshAt: number = Number.NEGATIVE_INFINITY;
  isParked = false;
  isComplete = false;
  isReadWanted = false;
  /** Rows still carry another shard: not to be sent before they are moved. */
  movesFrom: number | null = null;
  isSweeping = false;
  /** Another process works on it now; whatever still refers to it must leave it alone. */
  isDropped = false;
  /** Wall ms of the earliest task known to be due later. */
  nextDue: number | null = null;
  scan: Scan | null = null;
  /** What is known of its numbers; null where the subscription is not numbered. */
  numbers: LaneNumbers | null;
  /** Queued, in flight, or being settled. */
  readonly known: Set<EventId> = new Set();
  #queue: OwedTask[] = [];
  #head = 0;

  constructor(subscription: Subscription, shard: number, gate: EndpointGate<QueuedLane>, disposition: Disposition) {
    this.id = subscription.id;
    this.shop = subscription.shop ?? -subscription.app;
    this.shard = shard;
    this.subscription = subscription;
    this.gate = gate;
    this.disposition = disposition;
    this.numbers = laneNumbers(subscription, null);
  }

  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** May send as far as the lane itself is concerned. */
  get isRunnable(): boolean {
    return this.disposition.kind === "send" && this.movesFrom === null && !this.isDropped;
  }

  get isIdle(): boolean {
    return (
      this.known.size === 0 &&
      this.scan === null &&
      this.isComplete &&
      this.nextDue === null &&
      !this.isSweeping &&
      this.movesFrom === null &&
      (this.numbers === null || (this.numbers.awaited.size === 0 && !this.numbers.isWalking))
    );
  }

  get first(): OwedTask | undefined {
    return this.#queue[this.#head];
  }

  push(owed: OwedTask): void {
    this.known.add(owed.task.eventId);
    this.#queue.push(owed);
  }

  shift(): OwedTask | undefined {
    const owed = this.first;
    if (owed === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return owed;
  }

  subscriptionFor(): Subscription {
    return this.subscription;
  }

  settling(settlement: Settlement): Settlement {
    return settlement;
  }

  untake({ task }: OwedTask): void {
    this.known.delete(task.eventId);
    this.isComplete = false;
  }

  giveUp({ task }: OwedTask): void {
    this.finish(task.eventId);
  }

  /** Lets go of what is queued and not under way; answers it. The store still has it. */
  clear(): OwedTask[] {
    const cleared = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const owed of cleared) this.known.delete(owed.task.eventId);
    if (this.scan !== null) cleared.push(...this.scan.arrived.splice(0));
    this.numbers?.awaited.clear();
    if (cleared.length > 0) this.isComplete = false;
    return cleared;
  }

  /** A delivery is settled, or turned out to be somebody else's. */
  finish(eventId: EventId): void {
    this.known.delete(eventId);
    this.numbers?.awaited.delete(eventId);
    this.scan?.finished.add(eventId);
  }

  /** The store has something due, or may, that memory has not, nor a read that is under way. */
  mayHaveMore(): void {
    this.isComplete = false;
    if (this.scan !== null) this.scan.isStale = true;
  }

  /** Something is owed at `due` that is not in memory. */
  owesAt(due: number): void {
    if (this.nextDue === null || due < this.nextDue) this.nextDue = due;
    if (this.scan !== null) this.scan.isStale = true;
  }
}
