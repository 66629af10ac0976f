import type { CancelReason, DeliveryKey, TaskKey } from "../domain/delivery.ts";
import type { KeyBlock } from "../domain/order.ts";
import type { LaneRef } from "./task-queue.ts";
import type { Turn } from "./turn.ts";

/** A task as it stands now: to be changed only if it still does. */
export interface StandingTask {
  readonly key: TaskKey;
  readonly seq: number;
}

export interface TaskMove extends StandingTask {
  readonly to: LaneRef & { readonly due: number };
}

/** What must hold for a change to be made; where it does not, nothing is done. */
export interface MoveGuard {
  /** The process that must have the lease of every shard that something is taken from; without one on a store of one process. */
  readonly owner: string;
  /** The version that the directory must have; null for any. */
  readonly directoryVersion: number | null;
}

/** What ordered lanes need beside `TaskQueue`. */
export interface OrderedTasks {
  /**
   * Moves tasks to other lanes or places in one durable transaction. Answers in order which were there to be moved; null where the guard did
   * not hold. The guard stops a former owner: what it sets aside late, the new one would not know of.
   */
  move(moves: readonly TaskMove[], guard: MoveGuard): Promise<readonly boolean[] | null>;
  /** Ends tasks with a final `cancelled` row each; answers how many were there. Null when the directory is not at `directoryVersion` any more. */
  end(tasks: readonly StandingTask[], reason: CancelReason, at: number, directoryVersion: number): Promise<number | null>;
  /** Whether a subscription is owed anything in one of these lanes. */
  owes(subscription: number, lanes: readonly LaneRef[]): Promise<boolean>;
  /** Dead letters that block their keys, by subscription and event; of these subscriptions, or of all. */
  blocks(subscriptions: readonly number[] | null, turn: Turn<DeliveryKey>, limit: number): Promise<readonly KeyBlock[]>;
  /** Lets the keys go on that these dead letters block; answers in order which did. */
  unblock(deliveries: readonly DeliveryKey[]): Promise<readonly boolean[]>;
}
