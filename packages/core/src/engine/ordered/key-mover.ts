import { nameInOrder } from "../../domain/delivery.ts";
import { asideDue, placeOf } from "../../domain/order.ts";
import { ORDER_MOVE_AGAIN_MS, ORDER_MOVE_MAX } from "../../limits.ts";
import type { Timers } from "../../ports/clock.ts";
import type { OrderedTasks, TaskMove } from "../../ports/ordered-tasks.ts";
import type { OwedTask } from "../../ports/task-queue.ts";
import type { OrderKey } from "./order-key.ts";
import type { OrderedLane } from "./ordered-lane.ts";

export interface KeyMoverOptions {
  readonly ordered: Pick<OrderedTasks, "move">;
  readonly node: string;
  readonly timers: Timers;
  /** What was on its way aside has arrived; `isWrong`: not all of it stood where memory thought. */
  readonly onMoved: (lane: OrderedLane, keys: ReadonlySet<number>, isWrong: boolean) => void;
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly key: number;
  readonly owed: OwedTask;
}

/** Sets tasks aside: out of their lane, into the lane of their key behind its first, in shared transactions, one at a time for each lane. */
export class KeyMover {
  readonly #options: KeyMoverOptions;
  readonly #waiting = new Map<OrderedLane, Waiting[]>();
  readonly #running = new Set<OrderedLane>();
  #isStopped = false;

  constructor(options: KeyMoverOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
  }

  isRunning(lane: OrderedLane): boolean {
    return this.#running.has(lane);
  }

  /** Whether something of a shard is on its way in the store. */
  isMoving(shard: number): boolean {
    for (const lane of this.#running) if (lane.shard === shard) return true;
    return false;
  }

  add(key: OrderKey, tasks: readonly OwedTask[]): void {
    if (tasks.length === 0) return;
    const { lane } = key;
    let waiting = this.#waiting.get(lane);
    if (waiting === undefined) this.#waiting.set(lane, (waiting = []));
    for (const owed of tasks) {
      waiting.push({ key: key.number, owed });
      lane.moving.add(nameInOrder(owed.task));
    }
    key.setsOut(tasks.map(({ task }) => placeOf(task.due)));
    if (!this.#running.has(lane)) void this.#run(lane);
  }

  /** Lets go of what has not set out yet: it stays where it stands. */
  forget(lane: OrderedLane): void {
    for (const { key, owed } of this.#waiting.get(lane) ?? []) this.#arrived(lane, key, owed);
    this.#waiting.delete(lane);
  }

  async #run(lane: OrderedLane): Promise<void> {
    this.#running.add(lane);
    const keys = new Set<number>();
    let isWrong = false;
    for (;;) {
      // What is handed in within the same turn goes along.
      await Promise.resolve();
      const batch = this.#waiting.get(lane)?.splice(0, ORDER_MOVE_MAX) ?? [];
      if (batch.length === 0 || this.#isStopped) break;
      const moved = await this.#move(lane, batch);
      for (const { key, owed } of batch) {
        this.#arrived(lane, key, owed);
        keys.add(key);
      }
      if (moved === null || moved.includes(false)) isWrong = true;
      if (isWrong) break;
    }
    this.#running.delete(lane);
    if (isWrong) this.forget(lane);
    if ((this.#waiting.get(lane)?.length ?? 0) === 0) this.#waiting.delete(lane);
    if (!this.#isStopped) this.#options.onMoved(lane, keys, isWrong);
  }

  /** Null where nothing was moved, and nothing will be. */
  async #move(lane: OrderedLane, batch: readonly Waiting[]): Promise<readonly boolean[] | null> {
    const { ordered, node, timers, onError } = this.#options;
    const moves = batch.map(({ key, owed: { task } }): TaskMove => {
      return { key: task, seq: task.seq, to: { shard: lane.shard, lane: key, due: asideDue(placeOf(task.due)) } };
    });
    while (!this.#isStopped && !lane.isDropped) {
      try {
        return await ordered.move(moves, { owner: node, directoryVersion: null });
      } catch (error) {
        onError(error);
        await new Promise<void>((resolve) => {
          timers.after(ORDER_MOVE_AGAIN_MS, resolve);
        });
      }
    }
    return null;
  }

  #arrived(lane: OrderedLane, number: number, owed: OwedTask): void {
    const name = nameInOrder(owed.task);
    lane.moving.delete(name);
    if (lane.isFilling) lane.finished.add(name);
    const key = lane.keys.get(number);
    if (key === undefined) return;
    key.arrived(placeOf(owed.task.due));
  }
}
