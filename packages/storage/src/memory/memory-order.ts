import type { CancelReason, DeliveryKey, KeyBlock, LaneRef, MoveGuard, OrderedTasks, StandingTask, TaskMove, Turn } from "@genhook/core";
import { nameOfDelivery } from "./memory-places.ts";
import type { MemoryTables } from "./memory-tables.ts";
import { pageOf } from "./page-of.ts";

export interface MemoryOrderOptions {
  readonly version: () => number;
  /** Null where nobody needs a lease. */
  readonly ownerOf: ((shard: number) => string | null) | null;
}

export class MemoryOrder implements OrderedTasks {
  readonly #tables: MemoryTables;
  readonly #options: MemoryOrderOptions;

  constructor(tables: MemoryTables, options: MemoryOrderOptions) {
    this.#tables = tables;
    this.#options = options;
  }

  move(moves: readonly TaskMove[], guard: MoveGuard): Promise<readonly boolean[] | null> {
    const { version, ownerOf } = this.#options;
    if (guard.directoryVersion !== null && version() !== guard.directoryVersion) return Promise.resolve(null);
    if (ownerOf !== null && moves.some(({ key }) => ownerOf(key.shard) !== guard.owner)) return Promise.resolve(null);
    return Promise.resolve(moves.map((move) => this.#tables.move(move)));
  }

  end(tasks: readonly StandingTask[], reason: CancelReason, at: number, directoryVersion: number): Promise<number | null> {
    if (this.#options.version() !== directoryVersion) return Promise.resolve(null);
    let ended = 0;
    for (const each of tasks) {
      const task = this.#tables.find(each);
      if (task === undefined) continue;
      this.#tables.end(task, "cancelled", reason, at);
      ended += 1;
    }
    return Promise.resolve(ended);
  }

  owes(subscription: number, lanes: readonly LaneRef[]): Promise<boolean> {
    return Promise.resolve(
      this.#tables
        .tasks()
        .some((task) => task.subscription === subscription && lanes.some(({ shard, lane }) => task.shard === shard && task.lane === lane)),
    );
  }

  blocks(subscriptions: readonly number[] | null, turn: Turn<DeliveryKey>, limit: number): Promise<readonly KeyBlock[]> {
    const wanted = subscriptions === null ? null : new Set(subscriptions);
    const found = [...this.#tables.places.blocks.values()].filter(({ subscription }) => wanted === null || wanted.has(subscription));
    return Promise.resolve(pageOf(found.sort(compareDeliveries), turn, limit, compareDeliveries));
  }

  unblock(deliveries: readonly DeliveryKey[]): Promise<readonly boolean[]> {
    return Promise.resolve(deliveries.map((delivery) => this.#tables.places.blocks.delete(nameOfDelivery(delivery))));
  }
}

function compareDeliveries(a: DeliveryKey, b: DeliveryKey): number {
  return a.subscription - b.subscription || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);
}
