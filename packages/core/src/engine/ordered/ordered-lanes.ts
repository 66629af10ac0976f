import { shardOf } from "../../domain/endpoint.ts";
import type { Task } from "../../domain/delivery.ts";
import type { Subscription } from "../../domain/directory-entries.ts";
import type { LaneRef, LaneWithWork, Settlement } from "../../ports/task-queue.ts";
import type { EndpointGate } from "../endpoint-gate.ts";
import type { QueuedLane } from "../queued-lane.ts";
import { LaneRunner, type LaneRunnerOptions } from "./lane-runner.ts";
import { OrderedLane } from "./ordered-lane.ts";

export interface OrderedLanesOptions extends Omit<LaneRunnerOptions, "onSorted" | "onDropped"> {
  readonly isShared: boolean;
  readonly owns: (shard: number) => boolean;
  readonly tell: (lanes: readonly LaneRef[]) => void;
  readonly gateOf: (endpoint: string) => EndpointGate<QueuedLane>;
}

/** The ordered lanes that this process works on: which there are, and who says that there is something to do in them. */
export class OrderedLanes {
  readonly #options: OrderedLanesOptions;
  readonly #lanes = new Map<number, OrderedLane>();
  readonly #runner: LaneRunner;

  constructor(options: OrderedLanesOptions) {
    this.#options = options;
    this.#runner = new LaneRunner({
      ...options,
      onSorted: (lanes) => this.#sortedInto(lanes),
      onDropped: ({ id }) => this.#lanes.delete(id),
    });
  }

  stop(): void {
    this.#runner.stop();
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** Order keys that dead letters block, in the lanes that are worked on here. */
  get blockedKeys(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) for (const key of lane.keys.values()) if (key.isBlocked) count += 1;
    return count;
  }

  lanes(): IterableIterator<OrderedLane> {
    return this.#lanes.values();
  }

  /** Whether something of a shard is on its way in the store: it is not given up before that has arrived. */
  isMoving(shard: number): boolean {
    return this.#runner.isMoving(shard);
  }

  /** These shards were taken over from an owner whose requests may be under way for so long. */
  takenOver(shards: readonly number[], waitMs: number): void {
    this.#runner.takenOver(shards, waitMs);
  }

  shardsLost(lost: ReadonlySet<number>): void {
    this.#runner.lost(lost);
    for (const lane of this.#lanes.values()) if (lost.has(lane.shard)) this.#runner.drop(lane);
  }

  /** Something was accepted, or is told to be owed, in an ordered lane; false where memory does not know what lane that is. */
  told({ shard, lane: id }: LaneRef, subscription: Subscription | undefined): boolean {
    const lane = this.#lanes.get(id) ?? (subscription === undefined ? null : this.#laneFor({ shard, lane: id }, subscription));
    if (lane === null) return false;
    lane.isComplete = false;
    if (lane.isFilling) lane.isStale = true;
    if (this.#options.isShared) this.#runner.recheckBlocks(lane);
    this.#runner.consider(lane);
    return true;
  }

  /** A delivery was re-opened by a replay. */
  reopened(task: Task): void {
    const subscription = this.#options.directory.subscription(task.subscription);
    if (subscription?.order === undefined) return;
    const { order } = subscription;
    const ref = { shard: task.shard, lane: order.lane };
    if (!this.#options.owns(task.shard)) {
      this.#options.tell([ref]);
      return;
    }
    const lane = this.#lanes.get(order.lane) ?? this.#laneFor(ref, subscription);
    if (lane === null) return;
    const key = lane.keys.get(task.lane);
    if (key !== undefined) {
      key.isAside = true;
      key.isReopened = true;
      key.changes += 1;
      this.#runner.pump(key);
    }
    this.told(ref, subscription);
  }

  /** Some keys of a subscription's lane go on; what is blocked is looked up. */
  unblocked(subscription: Subscription): void {
    const { order, endpoint } = subscription;
    if (order === undefined) return;
    const ref = { shard: shardOf(endpoint), lane: order.lane };
    if (!this.#options.owns(ref.shard)) this.#options.tell([ref]);
    else {
      const lane = this.#lanes.get(order.lane);
      if (lane !== undefined) this.#runner.reload(lane);
    }
  }

  /** A lane with several subscriptions, or one of a key, was found in the store. `subscription`: of its first task, ended or not. */
  discovered(found: LaneWithWork, subscription: Subscription): void {
    const id = found.lane >= 0 ? found.lane : (subscription.order?.lane ?? null);
    if (id === null) return;
    const isHome = subscription.endedAt === null && subscription.order?.lane === id && shardOf(subscription.endpoint) === found.shard;
    // What stands in the lane of a key may be of a lane that its subscription has left; what that was is told by what it has left.
    const former = isHome ? undefined : subscription.order?.left.find(({ shard }) => shard === found.shard)?.lane;
    const lane = this.#laneFor({ shard: found.shard, lane: found.lane >= 0 ? found.lane : (former ?? id) }, subscription);
    if (lane === null || lane.isPreparing) return;
    if (lane.judge(subscription.id) === "stray" && !lane.isBusy) {
      lane.hasStrays = true;
      this.#runner.reload(lane);
      return;
    }
    if (!lane.isOpen) {
      this.#runner.consider(lane);
      return;
    }
    const key = found.lane < 0 ? lane.keys.get(found.lane) : undefined;
    if (found.lane < 0 && key === undefined) {
      const unknown = lane.key(found.lane);
      unknown.isAside = true;
      this.#runner.pump(unknown);
    } else if (key !== undefined) this.#runner.pump(key);
    else if (this.#options.isShared || (lane.held === 0 && lane.moving.size === 0)) lane.isComplete = false;
    if (lane.keys.size > 0) this.#runner.recheckBlocks(lane);
    this.#runner.consider(lane);
  }

  /** From here on nothing is started against what the subscription was before. */
  subscriptionChanged(subscription: Subscription): void {
    const { order } = subscription;
    if (order === undefined) return;
    const home = { shard: shardOf(subscription.endpoint), lane: order.lane };
    for (const ref of [home, ...order.left]) {
      if (!this.#options.owns(ref.shard)) continue;
      const lane = this.#laneFor(ref, subscription);
      if (lane === null) continue;
      if (ref === home && subscription.endedAt === null) this.#standAt(lane, subscription.endpoint);
      if (subscription.endedAt !== null) lane.ended.add(subscription.id);
      if (lane.judge(subscription.id) === "stray" || order.left.some(({ shard }) => shard === lane.shard)) lane.hasStrays = true;
      this.#runner.reload(lane);
    }
  }

  /** Holds were made, released, or have ended. */
  holdsChanged(): void {
    for (const lane of this.#lanes.values()) if (lane.judgement() !== lane.judged) this.#runner.reload(lane);
  }

  /** A delivery's outcome is durable, or was somebody else's. */
  settled(settlement: Settlement, isApplied: boolean): void {
    this.#runner.settled(settlement, isApplied);
  }

  /** After a task was taken and its attempt has started, or could not. */
  consider(lane: OrderedLane): void {
    this.#runner.consider(lane);
  }

  /** To be called when bytes were let go. */
  readOn(): void {
    this.#runner.readOn();
  }

  /** Lanes that have nothing to remember go; answers what the others need of gates. */
  forgetIdle(): ReadonlySet<string> {
    const inUse = new Set<string>();
    for (const lane of this.#lanes.values()) {
      const isHeld = !lane.isOpen && !lane.isPreparing && !lane.hasStrays && !lane.isBusy && !lane.hasWilling;
      if (!lane.isParked && !lane.isQueued && (lane.isIdle || isHeld)) {
        // Whatever still refers to it must leave it alone.
        lane.isDropped = true;
        this.#lanes.delete(lane.id);
      } else inUse.add(lane.gate.id);
    }
    return inUse;
  }

  #laneFor(ref: LaneRef, subscription: Subscription): OrderedLane | null {
    const known = this.#lanes.get(ref.lane);
    if (known !== undefined) return known;
    const { directory, clock, gateOf, owns, bytes } = this.#options;
    if (!owns(ref.shard)) return null;
    const lane = new OrderedLane({
      id: ref.lane,
      shard: ref.shard,
      subscription,
      // Who has left for another endpoint may be the one that is named here; whoever stays tells which endpoint the lane is for.
      gate: gateOf((directory.orderedIn(ref.lane)[0] ?? subscription).endpoint),
      directory,
      now: () => clock.now(),
      bytes,
      flights: this.#runner.flights,
    });
    this.#lanes.set(lane.id, lane);
    return lane;
  }

  /**
   * Who is in a lane says which endpoint it is for. One that was found in the store before memory had heard who has moved into it was made for
   * the endpoint that its webhook had before.
   */
  #standAt(lane: OrderedLane, endpoint: string): void {
    if (lane.gate.id === endpoint) return;
    if (lane.isParked) lane.gate.remove(lane);
    lane.isParked = false;
    lane.gate = this.#options.gateOf(endpoint);
  }

  #sortedInto(lanes: readonly LaneRef[]): void {
    const { owns, tell, directory } = this.#options;
    const others = lanes.filter(({ shard }) => !owns(shard));
    if (others.length > 0) tell(others);
    for (const ref of lanes) if (owns(ref.shard)) this.told(ref, directory.orderedIn(ref.lane)[0]);
  }
}
