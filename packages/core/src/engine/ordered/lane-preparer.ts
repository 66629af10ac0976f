import type { Directory } from "../../directory/directory.ts";
import { nameInOrder, type DeliveryKey } from "../../domain/delivery.ts";
import { isWallTime, keyLaneOf, type KeyBlock } from "../../domain/order.ts";
import { ORDER_BLOCKS_PAGE } from "../../limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { keyLanesOf, type LaneSorter, type OrderStore } from "./lane-sorter.ts";
import type { OrderKey } from "./order-key.ts";
import { blocks, type OrderedLane } from "./ordered-lane.ts";

/** How long after a change of address a publish that was matched before it may still come to its end, ms. */
const LEFT_SETTLES_MS = 2_000;

export interface LanePreparerOptions {
  readonly store: OrderStore;
  readonly sorter: LaneSorter;
  readonly clock: Clock;
  readonly directory: Directory;
  /** The key waits for a time. */
  readonly wake: (key: OrderKey) => void;
}

/**
 * Learns from the store what an ordered lane has to know before anything is sent: which keys stand aside, which are blocked, and that nothing
 * is left of what came before.
 */
export class LanePreparer {
  readonly #options: LanePreparerOptions;

  constructor(options: LanePreparerOptions) {
    this.#options = options;
  }

  /** True when the lane may be opened; false when it has to be prepared again a little later. */
  async prepare(lane: OrderedLane): Promise<boolean> {
    const { sorter } = this.#options;
    if (lane.hasStrays) {
      lane.hasStrays = false;
      if (!(await sorter.sort(lane))) {
        lane.hasStrays = true;
        return false;
      }
    }
    await this.#liftEnded(lane);
    if (await this.#isOwedElsewhere(lane)) return false;
    await this.#surveyBlocks(lane);
    return this.#surveyKeys(lane);
  }

  /** Which keys may go on since the lane was opened. */
  async recheck(lane: OrderedLane): Promise<readonly OrderKey[]> {
    const { store } = this.#options;
    const before = new Map([...lane.keys.values()].filter((key) => key.isBlocked).map((key) => [key, key.changes]));
    const found = new Set((await this.#blocksOf(membersOf(lane))).map(nameInOrder));
    const work = new Map((await keyLanesOf(store, lane.shard)).map((each) => [each.lane, each.firstDue]));
    const now = this.#options.clock.now();
    const touched: OrderKey[] = [];
    for (const [key, changes] of before) {
      if (lane.isDropped || !lane.isOpen || lane.keys.get(key.number) !== key || key.changes !== changes) continue;
      for (const name of key.blockers) if (!found.has(name)) key.blockers.delete(name);
      const due = work.get(key.number);
      if (due !== undefined && isWallTime(due)) {
        // By the clock of who has re-opened it, which may be a little ahead of this one.
        key.isAside = true;
        key.isReopened = true;
        key.until = due > now ? due : null;
        this.#options.wake(key);
      }
      if (!key.isBlocked || key.isReopened) touched.push(key);
    }
    return touched;
  }

  /**
   * Whether a member is owed something in a lane that it was in before. Lanes of keys there are not asked for: what they hold was in the lane
   * itself first and goes back to it when it is sorted; so one look at those that have work is made, too.
   */
  async #isOwedElsewhere(lane: OrderedLane): Promise<boolean> {
    const { store, clock } = this.#options;
    for (const { id, order, updatedAt } of lane.members) {
      if (order === undefined || order.left.length === 0) continue;
      if (clock.now() < updatedAt + LEFT_SETTLES_MS) return true;
      if (await store.ordered.owes(id, order.left)) return true;
      for (const shard of new Set(order.left.map((each) => each.shard))) {
        if (shard === lane.shard) continue;
        // Not of the first task of each alone: before what is this member's there may stand another's.
        const keys = (await keyLanesOf(store, shard)).map((each) => ({ shard: each.shard, lane: each.lane }));
        if (keys.length > 0 && (await store.ordered.owes(id, keys))) return true;
      }
    }
    return false;
  }

  /** What blocked keys for a subscription that has ended blocks nothing: nobody is left to replay it to. */
  async #liftEnded(lane: OrderedLane): Promise<void> {
    if (lane.ended.size === 0) return;
    const ended = [...lane.ended];
    const blocks = await this.#blocksOf(ended);
    if (blocks.length > 0) await this.#options.store.ordered.unblock(blocks);
    for (const id of ended) lane.ended.delete(id);
  }

  async #blocksOf(members: readonly number[]): Promise<readonly KeyBlock[]> {
    const found: KeyBlock[] = [];
    let after: DeliveryKey | null = null;
    while (members.length > 0) {
      const page: readonly KeyBlock[] = await this.#options.store.ordered.blocks(members, { after }, ORDER_BLOCKS_PAGE);
      found.push(...page);
      if (page.length < ORDER_BLOCKS_PAGE) break;
      after = page.at(-1) ?? null;
    }
    return found;
  }

  /** Blocks of subscriptions that do not ask for it any more are lifted. */
  async #surveyBlocks(lane: OrderedLane): Promise<void> {
    const { store, directory } = this.#options;
    const lifted: KeyBlock[] = [];
    for (const key of lane.keys.values()) key.blockers.clear();
    for (const block of await this.#blocksOf(membersOf(lane))) {
      const subscription = directory.subscription(block.subscription);
      if (subscription === undefined || !blocks(subscription)) lifted.push(block);
      else lane.key(keyLaneOf(lane.id, block.orderKey)).blockers.add(nameInOrder(block));
    }
    if (lifted.length > 0) await store.ordered.unblock(lifted);
  }

  /** False where something stands aside that does not belong there. */
  async #surveyKeys(lane: OrderedLane): Promise<boolean> {
    const { sorter, clock, wake } = this.#options;
    const now = clock.now();
    const members = new Set(lane.members.map(({ id }) => id));
    for (const { lane: number, firstDue, subscription } of await sorter.keyLanes(lane)) {
      if (!members.has(subscription)) {
        // Behind the first, which is to go, may stand what belongs here.
        if (this.#hasLeft(lane, subscription)) lane.hasStrays = true;
        continue;
      }
      const key = lane.key(number);
      key.isAside = true;
      if (!isWallTime(firstDue)) continue;
      if (firstDue <= now) key.isReopened = true;
      else {
        key.until = firstDue;
        key.isReopened = true;
        wake(key);
      }
    }
    return !lane.hasStrays;
  }

  #hasLeft(lane: OrderedLane, subscription: number): boolean {
    const one = this.#options.directory.subscription(subscription);
    return one === undefined || one.order?.left.some((each) => each.lane === lane.id) === true;
  }
}

function membersOf(lane: OrderedLane): readonly number[] {
  return lane.members.map(({ id }) => id);
}
