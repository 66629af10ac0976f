import type { Directory } from "../../directory/directory.ts";
import { nameInOrder, type CancelReason, type Task } from "../../domain/delivery.ts";
import type { Subscription } from "../../domain/directory-entries.ts";
import { shardOf } from "../../domain/endpoint.ts";
import { keyLaneOf, placeOf } from "../../domain/order.ts";
import { DISCOVERY_PAGE, SWEEP_STEP } from "../../limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DirectoryStore } from "../../ports/directory-store.ts";
import type { EventStore } from "../../ports/event-store.ts";
import type { OrderedTasks, StandingTask, TaskMove } from "../../ports/ordered-tasks.ts";
import type { LaneRef, LaneWithWork, TaskQueue } from "../../ports/task-queue.ts";
import { dispositionOf } from "../lane.ts";
import type { OrderedLane } from "./ordered-lane.ts";

/** The store as ordered lanes see it. */
export interface OrderStore {
  readonly tasks: Pick<TaskQueue, "readLane" | "lanesWithWork" | "listLane">;
  readonly ordered: OrderedTasks;
  readonly events: Pick<EventStore, "heads">;
  readonly directory: Pick<DirectoryStore, "findSubscription">;
}

export interface LaneSorterOptions {
  readonly store: OrderStore;
  readonly node: string;
  readonly directory: Directory;
  readonly refreshDirectory: () => Promise<void>;
  readonly clock: Clock;
  /** Whether a delivery is in flight or being settled: until then it keeps its place. */
  readonly isUnderWay: (name: string) => boolean;
  /** Something was moved into these lanes. */
  readonly onMoved: (lanes: readonly LaneRef[]) => void;
}

/** Where a task belongs: here, in another lane, or to its end. */
type Place = "here" | { readonly to: LaneRef } | { readonly end: CancelReason };

/**
 * Takes out of an ordered lane what does not belong there any more: deliveries of subscriptions that have ended come to their end, those of
 * one that has another address now go into the lane of that, in their order and before everything that is new there. Pages through the lane and the lanes
 * of its keys, because it is shared; whole lanes in one statement would end what is owed to others.
 */
export class LaneSorter {
  readonly #options: LaneSorterOptions;

  constructor(options: LaneSorterOptions) {
    this.#options = options;
  }

  /** True when everything stands where it belongs; false when something is under way that does not, or the directory has moved on. */
  async sort(lane: OrderedLane): Promise<boolean> {
    const own = { shard: lane.shard, lane: lane.id };
    let isDone = true;
    for (const found of [...(await this.keyLanes(lane)), own]) {
      if (lane.isDropped) return false;
      if (!(await this.#sortOne(lane, found))) isDone = false;
    }
    return isDone;
  }

  /** Lanes of keys in this shard that hold something of the lane's app and shop. */
  async keyLanes(lane: OrderedLane): Promise<readonly LaneWithWork[]> {
    const found: LaneWithWork[] = [];
    const owners = new Map<number, boolean>();
    for (const each of await keyLanesOf(this.#options.store, lane.shard)) {
      let isOwn = owners.get(each.subscription);
      if (isOwn === undefined) {
        const one = await this.#subscription(each.subscription);
        isOwn = one !== null && one.app === lane.owner.app && one.shop === lane.owner.shop;
        owners.set(each.subscription, isOwn);
      }
      if (isOwn) found.push(each);
    }
    return found;
  }

  async #sortOne(lane: OrderedLane, at: LaneRef): Promise<boolean> {
    const { store, directory } = this.#options;
    let after: Task | null = null;
    let isDone = true;
    for (;;) {
      const { version } = directory;
      const page: readonly Task[] = await store.tasks.listLane(at, { after }, SWEEP_STEP);
      const heads = await store.events.heads(page.map((task) => task.eventId));
      const ends = new Map<CancelReason, StandingTask[]>();
      const moves: TaskMove[] = [];
      for (const [index, task] of page.entries()) {
        const place = await this.#placeOf(task, at, heads[index]?.orderKey ?? "");
        if (place === "here") continue;
        if ("end" in place) ends.set(place.end, [...(ends.get(place.end) ?? []), { key: task, seq: task.seq }]);
        else if (this.#options.isUnderWay(nameInOrder(task))) isDone = false;
        else moves.push({ key: task, seq: task.seq, to: { ...place.to, due: placeOf(task.due) } });
      }
      if (!(await this.#carryOut(ends, moves, version))) {
        await this.#options.refreshDirectory();
        return false;
      }
      if (page.length < SWEEP_STEP || lane.isDropped) return isDone;
      after = page.at(-1) ?? null;
    }
  }

  /** False when the directory is another by now: what was decided may be wrong. */
  async #carryOut(ends: ReadonlyMap<CancelReason, readonly StandingTask[]>, moves: readonly TaskMove[], version: number): Promise<boolean> {
    const { store, node, clock, onMoved } = this.#options;
    for (const [reason, tasks] of ends) {
      if ((await store.ordered.end(tasks, reason, clock.now(), version)) === null) return false;
    }
    if (moves.length === 0) return true;
    if ((await store.ordered.move(moves, { owner: node, directoryVersion: version })) === null) return false;
    const lanes = new Map(moves.map(({ to }) => [`${to.shard} ${to.lane}`, { shard: to.shard, lane: to.lane }]));
    onMoved([...lanes.values()]);
    return true;
  }

  async #placeOf(task: Task, at: LaneRef, orderKey: string): Promise<Place> {
    const subscription = await this.#subscription(task.subscription);
    if (subscription === null) return "here";
    const disposition = dispositionOf(subscription, false);
    if (disposition.kind === "sweep") return { end: disposition.reason };
    // Never ordered, as far as this process knows: it will learn better.
    if (subscription.order === undefined) return "here";
    const home = { shard: shardOf(subscription.endpoint), lane: subscription.order.lane };
    const isHome = at.shard === home.shard && (at.lane === home.lane || at.lane === keyLaneOf(home.lane, orderKey));
    return isHome ? "here" : { to: home };
  }

  async #subscription(id: number): Promise<Subscription | null> {
    const { directory, store } = this.#options;
    return directory.subscription(id) ?? (await store.directory.findSubscription(id));
  }
}

/** Lanes of order keys with work in a shard: they lie below all others. */
export async function keyLanesOf(store: OrderStore, shard: number): Promise<readonly LaneWithWork[]> {
  const found: LaneWithWork[] = [];
  let after: LaneRef = { shard, lane: Number.MIN_SAFE_INTEGER };
  for (;;) {
    const page = await store.tasks.lanesWithWork([shard], after, DISCOVERY_PAGE);
    const keys = page.filter(({ lane }) => lane < 0);
    found.push(...keys);
    const last = keys.at(-1);
    if (keys.length < DISCOVERY_PAGE || last === undefined) return found;
    after = last;
  }
}
