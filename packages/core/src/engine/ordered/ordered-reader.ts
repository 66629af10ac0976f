import { nameInOrder } from "../../domain/delivery.ts";
import { isAside, isWallTime, keyLaneOf, placeOf } from "../../domain/order.ts";
import {
  HELD_BYTES_MAX,
  LANE_READS_MAX,
  LANE_READ_BYTES_MAX,
  LANE_REFILL_BELOW,
  LANE_WINDOW,
  ORDER_KEY_WINDOW,
  ORDER_KEYS_MAX,
  ORDER_PREPARE_AGAIN_MS,
} from "../../limits.ts";
import type { Clock, Timers } from "../../ports/clock.ts";
import type { LaneRead, LaneRef, OwedTask, TaskQueue } from "../../ports/task-queue.ts";
import type { OrderKey } from "./order-key.ts";
import type { OrderedLane } from "./ordered-lane.ts";

export interface OrderedReaderOptions {
  readonly tasks: Pick<TaskQueue, "readLane">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly bytes: { readonly heldBytes: number };
  /** Something of the key may go on. */
  readonly pump: (key: OrderKey) => void;
  /** More of the lane may be read. */
  readonly consider: (lane: OrderedLane) => void;
  /** Memory was wrong about the lane. */
  readonly reload: (lane: OrderedLane) => void;
  /** What came of a key whose turn it is not: it is set aside. */
  readonly setAside: (key: OrderKey, tasks: readonly OwedTask[]) => void;
  /** The key waits for a time. */
  readonly wake: (key: OrderKey) => void;
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

/** Reads ordered lanes, and the lanes of keys that stand aside, into memory. */
export class OrderedReader {
  readonly #options: OrderedReaderOptions;
  /** Reads that wait for their turn. */
  readonly #reads: (() => Promise<void>)[] = [];
  #reading = 0;
  #isStopped = false;

  constructor(options: OrderedReaderOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
    this.#reads.length = 0;
  }

  /** Reads the lane from its beginning where it is incomplete and memory has room. */
  fill(lane: OrderedLane): void {
    if (lane.isComplete || lane.isFilling || !lane.isOpen || lane.keys.size >= ORDER_KEYS_MAX) return;
    const isShut = lane.gate.isShut(this.#options.clock.monotonic());
    if (lane.length >= (isShut ? 1 : LANE_REFILL_BELOW) || lane.held >= LANE_WINDOW || lane.moving.size >= LANE_WINDOW) return;
    lane.isFilling = true;
    lane.isStale = false;
    lane.finished.clear();
    this.#enqueue(
      async () => {
        const { epoch } = lane;
        const limit = Math.max(1, LANE_WINDOW - lane.held);
        let read: LaneRead | null = null;
        try {
          read = await this.#read({ shard: lane.shard, lane: lane.id }, limit, lane.names());
        } finally {
          lane.isFilling = false;
        }
        if (read === null || lane.isDropped) return;
        if (epoch === lane.epoch && lane.isOpen) this.#take(lane, read);
        lane.finished.clear();
        this.#options.consider(lane);
        this.#options.onReady();
      },
      () => {
        lane.isFilling = false;
        this.#options.consider(lane);
      },
    );
  }

  #take(lane: OrderedLane, read: LaneRead): void {
    const names = lane.names();
    const touched = new Set<OrderKey>();
    const aside = new Map<OrderKey, OwedTask[]>();
    for (const owed of read.tasks) {
      const name = nameInOrder(owed.task);
      if (names.has(name) || lane.finished.has(name)) continue;
      if (lane.judge(owed.task.subscription) === "stray") {
        lane.hasStrays = true;
        continue;
      }
      const key = lane.keyOf(owed);
      touched.add(key);
      if (key.isAside || key.isBlocked || key.queue.length >= ORDER_KEY_WINDOW) {
        key.isAside = true;
        aside.set(key, [...(aside.get(key) ?? []), owed]);
      } else lane.push(key, owed);
    }
    lane.isComplete = read.nextDue === null && !lane.isStale;
    const last = read.tasks.at(-1);
    if (read.nextDue === null) lane.lookedAtTo = Number.POSITIVE_INFINITY;
    else if (last !== undefined) lane.lookedAtTo = Math.max(lane.lookedAtTo, placeOf(last.task.due));
    for (const [key, tasks] of aside) this.#options.setAside(key, tasks);
    if (lane.hasStrays) {
      this.#options.reload(lane);
      return;
    }
    for (const key of touched) this.#options.pump(key);
    for (const key of lane.awaited()) this.#options.pump(key);
  }

  /** Reads what stands aside of a key from its lane's beginning. */
  readKey(key: OrderKey): void {
    const { lane } = key;
    key.isReading = true;
    const { epoch } = lane;
    this.#enqueue(
      async () => {
        const isCurrent = (): boolean => !lane.isDropped && epoch === lane.epoch && lane.keys.get(key.number) === key;
        if (!isCurrent()) return;
        const { changes } = key;
        key.beginRead();
        const read = await this.#read({ shard: lane.shard, lane: key.number }, ORDER_KEY_WINDOW, new Set());
        if (!isCurrent()) return;
        key.isReading = false;
        this.#takeKey(key, read, changes === key.changes && key.moving.length === 0);
        this.#options.consider(lane);
        this.#options.onReady();
      },
      () => {
        key.isReading = false;
        this.#options.pump(key);
      },
    );
  }

  #takeKey(key: OrderKey, read: LaneRead, isUnchanged: boolean): void {
    const { lane } = key;
    const [head] = read.tasks;
    key.isReopened = false;
    if (head !== undefined && isWallTime(head.task.due) && head.task.due > this.#options.clock.now()) {
      key.until = head.task.due;
      this.#options.wake(key);
      return;
    }
    key.until = null;
    // A blocked key has nothing to send unless its dead letter was replayed: what is set aside waits.
    if (key.isBlocked && (head === undefined || isAside(head.task.due) || !key.lets(head.task))) {
      if (!isUnchanged) this.#options.pump(key);
      return;
    }
    if (head !== undefined && isAside(head.task.due) && placeOf(head.task.due) >= key.movedFrom) {
      // Something of the key that was accepted earlier was on its way aside while this was read, or still is: then its arrival says so.
      if (key.moving.length === 0) this.#options.pump(key);
      return;
    }
    const isNext = (place: number): boolean => lane.hasLookedAt(place) && place < key.movedFrom;
    const known = read.tasks.filter(({ task }) => isWallTime(task.due) || isNext(placeOf(task.due)));
    if (head !== undefined && known.length === 0) {
      // Something of the key that was accepted earlier may still stand in the lane itself.
      key.awaits = placeOf(head.task.due);
      return;
    }
    for (const owed of known) {
      const isOwn = keyLaneOf(lane.id, owed.event.orderKey ?? "") === key.number;
      if (!isOwn || lane.judge(owed.task.subscription) === "stray") lane.hasStrays = true;
      else lane.push(key, owed);
    }
    if (lane.hasStrays) {
      this.#options.reload(lane);
      return;
    }
    if (read.nextDue === null && isUnchanged && known.length === read.tasks.length) {
      key.isAside = false;
      if (read.tasks.length === 0) lane.isComplete = false;
    }
    this.#options.pump(key);
  }

  #read(at: LaneRef, limit: number, skip: ReadonlySet<string>): Promise<LaneRead> {
    return this.#options.tasks.readLane(at, Number.MAX_SAFE_INTEGER, limit, LANE_READ_BYTES_MAX, skip);
  }

  /** A few reads at once, and none while memory is full. */
  #enqueue(read: () => Promise<void>, onFailed: () => void): void {
    const { timers, onError } = this.#options;
    this.#reads.push(async () => {
      try {
        await read();
      } catch (error) {
        onError(error);
        timers.after(ORDER_PREPARE_AGAIN_MS, onFailed);
      }
    });
    this.pump();
  }

  /** Starts reads while there is room; to be called when bytes were let go. */
  pump(): void {
    while (!this.#isStopped && this.#reading < LANE_READS_MAX && this.#options.bytes.heldBytes < HELD_BYTES_MAX) {
      const read = this.#reads.shift();
      if (read === undefined) return;
      this.#reading += 1;
      void read().finally(() => {
        this.#reading -= 1;
        this.pump();
      });
    }
  }
}
