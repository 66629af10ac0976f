import type { EventContent } from "../domain/event.ts";
import type { CancelReason, DeliveryKey, DeliveryReason, Task, TaskKey } from "../domain/delivery.ts";
import type { LogRow } from "../domain/attempt.ts";
import type { Turn } from "./turn.ts";

/** One finished attempt: remove the task, log the row, and owe the rest. */
export interface Settlement {
  readonly key: TaskKey;
  /** Compared with the task's before it is deleted. */
  readonly seq: number;
  readonly row: LogRow;
  /** In the same lane; of an ordered one in its key's. */
  readonly next: Task | null;
  /** For the statistics; null where nothing is to be counted: a test. */
  readonly topic: string | null;
  /** From acceptance to this row, ms; counted when the row is `delivered`. */
  readonly latencyMs: number;
  /** Of an ordered lane alone. */
  readonly order?: SettledOrder;
}

/** What a settlement means for the delivery's order key. */
export interface SettledOrder {
  /** The order key that this dead letter blocks from here on. */
  readonly blocks: string | null;
  /** The delivery blocks nothing any more. */
  readonly unblocks: boolean;
}

export interface LaneRef {
  readonly shard: number;
  readonly lane: number;
}

export interface OwedTask {
  readonly task: Task;
  readonly event: EventContent;
  /** Its number, where the subscription is numbered. */
  readonly sequence?: number;
}

export interface LaneRead {
  readonly tasks: readonly OwedTask[];
  /** Due time of the first task that was not returned, in the past or the future; null when the lane has no more. */
  readonly nextDue: number | null;
}

export interface LanesMeasure {
  readonly count: number;
  /** In the past or the future; null when nothing is owed. */
  readonly oldestDue: number | null;
}

export interface LaneWithWork extends LaneRef {
  readonly firstDue: number;
  /** Of the lane's first task: which lane it is where it is not that subscription's own. */
  readonly subscription: number;
}

export interface ReplayRequest {
  readonly delivery: DeliveryKey;
  /** Where the new round queues. */
  readonly lane: LaneRef;
  /**
   * The subscription's ordered lane, where it has one: an event with an order key queues there instead, as if it were accepted now; or, where
   * it blocks its key, as the first of that.
   */
  readonly orderedLane?: number;
}

export type ReplayResult =
  | { readonly kind: "reopened"; readonly task: Task; readonly event: EventContent }
  | { readonly kind: "pending" }
  /** The same replay job has re-opened it before. */
  | { readonly kind: "repeated" }
  | { readonly kind: "refused"; readonly reason: DeliveryReason }
  | { readonly kind: "not_found" };

export interface TaskQueue {
  /**
   * One durable transaction for the whole batch. A settlement whose task is not there with that `seq` was somebody else's:
   * it writes nothing, schedules nothing and counts nothing. Answers in order: true where it was applied.
   */
  settle(batch: readonly Settlement[]): Promise<readonly boolean[]>;
  /**
   * Tasks of a lane that `isDue` at `dueMax`, in key order from the lane's beginning, with their events. Stops at `limit` tasks or
   * once `bytesMax` of payload were read (but returns at least one). `skip` names what the caller already holds (`nameInLane`):
   * it counts for neither bound.
   */
  readLane(lane: LaneRef, dueMax: number, limit: number, bytesMax: number, skip: ReadonlySet<string>): Promise<LaneRead>;
  /** Lanes that have tasks, in key order behind `after`, at most `limit`. */
  lanesWithWork(shards: readonly number[], after: LaneRef | null, limit: number): Promise<readonly LaneWithWork[]>;
  /**
   * Ends up to `limit` tasks of a lane with a final `cancelled` row each; answers how many. Null when the directory is not at
   * `directoryVersion` any more: nothing was done, and what is owed since then may be wanted.
   */
  cancelLane(lane: LaneRef, reason: CancelReason, at: number, limit: number, directoryVersion: number): Promise<number | null>;
  /**
   * Moves up to `limit` tasks of a lane to another shard (its endpoint changed); answers how many. Null when the directory is not at
   * `directoryVersion` any more: nothing was done, and the tasks may stand where they belong.
   */
  relocateLane(lane: LaneRef, toShard: number, limit: number, directoryVersion: number): Promise<number | null>;
  /**
   * Re-opens final deliveries as a new round each, due at `at`; one durable transaction, answers in order. `job` names the replay job that
   * does it, in the log row's `detail`: what a job has re-opened once it does not re-open again. Null: somebody asked for it.
   */
  replay(requests: readonly ReplayRequest[], at: number, job: string | null): Promise<readonly ReplayResult[]>;
  /** A page of a lane's tasks in due order, without events: what is owed, for lists. */
  listLane(lane: LaneRef, turn: Turn<TaskKey>, limit: number): Promise<readonly Task[]>;
  /** How many tasks these lanes have together, counted to at most `countMax`, and the earliest due time of all of them. */
  measureLanes(lanes: readonly LaneRef[], countMax: number): Promise<LanesMeasure>;
  /** How many tasks there are, and the earliest due time. */
  backlog(): Promise<{ readonly pending: number; readonly oldestDue: number | null }>;
}
