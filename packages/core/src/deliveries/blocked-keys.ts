import type { Directory } from "../directory/directory.ts";
import type { DeliveryKey } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { shardOf } from "../domain/endpoint.ts";
import { keyLaneOf, type KeyBlock } from "../domain/order.ts";
import { BLOCKED_PENDING_COUNT_MAX, ORDER_BLOCKS_PAGE } from "../limits.ts";
import type { Store } from "../ports/store.ts";
import type { LaneRef } from "../ports/task-queue.ts";
import type { Turn } from "../ports/turn.ts";
import { ok, refuse, type Result } from "../refusal.ts";

export interface BlockedKeysOptions {
  readonly store: Pick<Store, "tasks" | "ordered" | "directory">;
  readonly directory: Directory;
  /** A key of the subscription's lane goes on. */
  readonly onUnblocked: (subscription: Subscription) => void;
}

/** An order key that a dead letter keeps from going on. */
export interface BlockedKey extends KeyBlock {
  /** The one that the dead letter was for; null where it was never known here. */
  readonly owner: Subscription | null;
  /** Deliveries that were set aside behind it, counted to `BLOCKED_PENDING_COUNT_MAX`. */
  readonly pending: number;
  readonly hasMore: boolean;
}

/** Order keys that dead letters block: which there are, how to let one go on, and what a delivery waits for. */
export class BlockedKeys {
  readonly #options: BlockedKeysOptions;

  constructor(options: BlockedKeysOptions) {
    this.#options = options;
  }

  /** By subscription and event; of these subscriptions, or of all. */
  async list(subscriptions: readonly number[] | null, turn: Turn<DeliveryKey>, limit: number): Promise<readonly BlockedKey[]> {
    const { store } = this.#options;
    const keys: BlockedKey[] = [];
    for (const block of await store.ordered.blocks(subscriptions, turn, limit)) {
      const owner = await this.#subscription(block.subscription);
      // Its lane's owner is about to let it go.
      if (owner !== null && owner.endedAt !== null) continue;
      const lanes = owner?.order === undefined ? [] : [keyLaneAt(owner, block.orderKey)];
      const { count } = await store.tasks.measureLanes(lanes, BLOCKED_PENDING_COUNT_MAX + 1);
      const pending = Math.min(count, BLOCKED_PENDING_COUNT_MAX);
      keys.push({ ...block, owner, pending, hasMore: count > pending });
    }
    return keys;
  }

  /** Passes a dead letter over: its key goes on with what was accepted next. The dead letter stays, and can be replayed. */
  async skip(delivery: DeliveryKey): Promise<Result<null>> {
    const { store, onUnblocked } = this.#options;
    const [isUnblocked] = await store.ordered.unblock([delivery]);
    if (isUnblocked !== true) return refuse("not_blocking", "No order key waits for this delivery, so there is nothing to skip.", "id");
    const subscription = await this.#subscription(delivery.subscription);
    if (subscription !== null) onUnblocked(subscription);
    return ok(null);
  }

  /** What a pending delivery waits for in its order: the dead letter that blocks its key, or the key's first; null where it is its turn. */
  async waitsFor(delivery: DeliveryKey, orderKey: string | null, subscription: Subscription | null): Promise<DeliveryKey | null> {
    const { store, directory } = this.#options;
    if (orderKey === null || subscription?.order === undefined) return null;
    const [head] = await store.tasks.listLane(keyLaneAt(subscription, orderKey), { after: null }, 1);
    const members = directory.orderedIn(subscription.order.lane).map(({ id }) => id);
    let after: DeliveryKey | null = null;
    while (members.length > 0) {
      const page: readonly KeyBlock[] = await store.ordered.blocks(members, { after }, ORDER_BLOCKS_PAGE);
      const block = page.find((each) => each.orderKey === orderKey);
      if (block !== undefined) return otherThan(delivery, block);
      if (page.length < ORDER_BLOCKS_PAGE) break;
      after = page.at(-1) ?? null;
    }
    return head === undefined ? null : otherThan(delivery, head);
  }

  async #subscription(id: number): Promise<Subscription | null> {
    const { directory, store } = this.#options;
    return directory.subscription(id) ?? (await store.directory.findSubscription(id));
  }
}

function keyLaneAt({ endpoint, order }: Subscription, orderKey: string): LaneRef {
  return { shard: shardOf(endpoint), lane: keyLaneOf(order?.lane ?? 0, orderKey) };
}

function otherThan(delivery: DeliveryKey, { eventId, subscription }: DeliveryKey): DeliveryKey | null {
  return eventId === delivery.eventId && subscription === delivery.subscription ? null : { eventId, subscription };
}
