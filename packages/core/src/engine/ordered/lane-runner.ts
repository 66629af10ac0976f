import { nameInOrder } from "../../domain/delivery.ts";
import type { BackgroundWork } from "../../background-work.ts";
import type { Directory } from "../../directory/directory.ts";
import { ORDER_CHECK_AGAIN_MS, ORDER_PREPARE_AGAIN_MS } from "../../limits.ts";
import type { Clock, Timers } from "../../ports/clock.ts";
import type { LaneRef, Settlement } from "../../ports/task-queue.ts";
import { WakeHeap } from "../wake-heap.ts";
import { KeyMover } from "./key-mover.ts";
import { LanePreparer } from "./lane-preparer.ts";
import { LaneSorter, type OrderStore } from "./lane-sorter.ts";
import type { OrderKey } from "./order-key.ts";
import type { OrderedLane } from "./ordered-lane.ts";
import { OrderedReader } from "./ordered-reader.ts";

export interface LaneRunnerOptions {
  readonly store: OrderStore;
  /** Names this life of this process. */
  readonly node: string;
  readonly directory: Directory;
  readonly refreshDirectory: () => Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The lane may send: it belongs into the fair queue. */
  readonly queue: (lane: OrderedLane) => void;
  /** Payload bytes that wait in memory, over all lanes. */
  readonly bytes: { heldBytes: number };
  /** Something was moved into these lanes, where it belongs now. */
  readonly onSorted: (lanes: readonly LaneRef[]) => void;
  /** Nothing is left to do in the lane here. */
  readonly onDropped: (lane: OrderedLane) => void;
  readonly onReady: () => void;
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}

/**
 * Works ordered lanes, one like the other.
 *
 *   prepare: wait out a former owner, sort, survey ─► open
 *   open: fill from the lane ─► keys ─► one at a time ─► settled: the key's next, or aside until it may go on
 *
 * Nothing is handed over in memory: places are given by the store, so lanes are read. Whatever turns out to be other than memory thought
 * makes it let go of the lane and prepare it anew; the store knows.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions;
  /** Deliveries in flight or being settled. */
  readonly flights: Map<string, OrderKey> = new Map();
  readonly #wakes: WakeHeap<OrderKey>;
  readonly #mover: KeyMover;
  readonly #preparer: LanePreparer;
  readonly #reader: OrderedReader;
  /** Monotonic ms before which nothing is sent in a shard: what its former owner has under way ends first. */
  readonly #closedUntil = new Map<number, number>();
  #isStopped = false;

  constructor(options: LaneRunnerOptions) {
    this.#options = options;
    const { store, node, directory, refreshDirectory, clock, timers, bytes, onSorted, onReady, onError } = options;
    this.#wakes = new WakeHeap(clock, timers, (key) => this.#woken(key));
    this.#mover = new KeyMover({
      ordered: store.ordered,
      node,
      timers,
      onMoved: (lane, keys, isWrong) => this.#moved(lane, keys, isWrong),
      onError: (error) => onError("set deliveries aside", error),
    });
    const isUnderWay = (name: string): boolean => this.flights.has(name);
    const sorter = new LaneSorter({ store, node, directory, refreshDirectory, clock, isUnderWay, onMoved: onSorted });
    this.#preparer = new LanePreparer({ store, sorter, clock, directory, wake: (key) => this.#wakeLater(key) });
    this.#reader = new OrderedReader({
      tasks: store.tasks,
      clock,
      timers,
      bytes,
      pump: (key) => this.pump(key),
      consider: (lane) => this.consider(lane),
      reload: (lane) => this.reload(lane),
      setAside: (key, tasks) => this.#mover.add(key, tasks),
      wake: (key) => this.#wakeLater(key),
      onReady,
      onError: (error) => onError("read an ordered lane", error),
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#wakes.clear();
    this.#mover.stop();
    this.#reader.stop();
  }

  /** To be called when bytes were let go. */
  readOn(): void {
    this.#reader.pump();
  }

  /** Whether something of a shard is on its way in the store: it is not given up before that has arrived. */
  isMoving(shard: number): boolean {
    return this.#mover.isMoving(shard);
  }

  /** These shards were taken over from an owner whose requests may be under way for so long. */
  takenOver(shards: readonly number[], waitMs: number): void {
    const until = this.#options.clock.monotonic() + waitMs;
    for (const shard of shards) this.#closedUntil.set(shard, until);
  }

  /** These shards are another's now. */
  lost(shards: Iterable<number>): void {
    for (const shard of shards) this.#closedUntil.delete(shard);
  }

  /** A delivery's outcome is durable, or was somebody else's. */
  settled({ key: taskKey, next, row, order }: Settlement, isApplied: boolean): void {
    const name = nameInOrder(taskKey);
    const key = this.flights.get(name);
    if (key === undefined) return;
    this.flights.delete(name);
    const { lane } = key;
    if (lane.isFilling) lane.finished.add(name);
    key.sending = null;
    key.changes += 1;
    // What is being looked up may be of before.
    if (lane.isPreparing) lane.epoch += 1;
    if (lane.isDropped) return;
    if (!isApplied) {
      this.reload(lane);
      return;
    }
    if (next !== null && next.lane === key.number) {
      key.isAside = true;
      key.isReopened = true;
      key.until = next.due;
      this.#wakeLater(key);
      this.#setAside(key);
    } else if (order !== undefined && order.blocks !== null) {
      key.blockers.add(name);
      key.isReopened = false;
      this.#setAside(key);
    } else if (row.state !== "pending") {
      key.blockers.delete(name);
    }
    this.pump(key);
    this.consider(lane);
  }

  /** Does what there is to do next for a lane. */
  consider(lane: OrderedLane): void {
    if (lane.isDropped || this.#isStopped) return;
    if (lane.isOpen) this.#reader.fill(lane);
    else void this.#prepare(lane);
  }

  reload(lane: OrderedLane): void {
    this.#mover.forget(lane);
    lane.letGo();
    this.#judge(lane);
    this.consider(lane);
  }

  /** Remembers what its members are judged; what was held and is sent now starts slowly. */
  #judge(lane: OrderedLane): void {
    const judged = lane.judgement();
    if (lane.judged !== "" && judged !== lane.judged) lane.gate.release(this.#options.clock.monotonic());
    lane.judged = judged;
  }

  async #prepare(lane: OrderedLane): Promise<void> {
    if (lane.isPreparing || this.#mover.isRunning(lane) || (!lane.hasWilling && !lane.hasStrays)) return;
    const { clock, timers, onError } = this.#options;
    const closedForMs = (this.#closedUntil.get(lane.shard) ?? 0) - clock.monotonic();
    lane.isPreparing = true;
    let againMs: number | null = closedForMs > 0 ? closedForMs : null;
    if (againMs === null) {
      const { epoch } = lane;
      try {
        const isReady = await this.#preparer.prepare(lane);
        if (!isReady) againMs = ORDER_PREPARE_AGAIN_MS;
        else if (epoch !== lane.epoch) againMs = 0;
      } catch (error) {
        onError("prepare an ordered lane", error);
        againMs = ORDER_PREPARE_AGAIN_MS;
      }
    }
    if (lane.isDropped || this.#isStopped) return;
    if (againMs !== null) {
      timers.after(againMs, () => {
        lane.isPreparing = false;
        this.consider(lane);
      });
      return;
    }
    lane.isPreparing = false;
    if (lane.members.length === 0) {
      // Nobody is left to send to, and nothing to sort.
      if (!lane.isBusy) this.drop(lane);
      return;
    }
    this.#open(lane);
  }

  #open(lane: OrderedLane): void {
    this.#judge(lane);
    if (!lane.hasWilling) return;
    lane.isOpen = true;
    for (const key of lane.keys.values()) this.pump(key);
    this.#reader.fill(lane);
    this.#options.onReady();
  }

  /** What is to be done with a key now: send its first, read it from the store, set it aside, or forget it. */
  pump(key: OrderKey): void {
    const { lane } = key;
    if (!lane.isOpen || key.sending !== null || key.isReady) return;
    const [head] = key.queue;
    if (head === undefined) {
      if (key.mayRead(this.#options.clock.now())) this.#reader.readKey(key);
      else if (key.isFree) lane.keys.delete(key.number);
      return;
    }
    const verdict = lane.judge(head.task.subscription);
    if (verdict === "stray") {
      lane.hasStrays = true;
      this.reload(lane);
    } else if (verdict === "hold" || !key.lets(head.task)) {
      key.isHeld = verdict === "hold";
      this.#setAside(key);
    } else {
      key.isReady = true;
      lane.ready.push(key);
      this.queue(lane);
    }
  }

  queue(lane: OrderedLane): void {
    if (lane.length > 0 && lane.isRunnable && !lane.isParked) this.#options.queue(lane);
  }

  /** What memory has of a key stands, or goes, behind what it waits for; the window is for others. */
  #setAside(key: OrderKey): void {
    const tasks = key.lane.clear(key).filter(({ task }) => task.lane !== key.number);
    key.isAside = true;
    key.changes += 1;
    this.#mover.add(key, tasks);
  }

  #moved(lane: OrderedLane, keys: ReadonlySet<number>, isWrong: boolean): void {
    if (lane.isDropped) return;
    if (isWrong) {
      lane.letGo();
      this.#options.timers.after(ORDER_PREPARE_AGAIN_MS, () => this.consider(lane));
      return;
    }
    for (const number of keys) {
      const key = lane.keys.get(number);
      if (key !== undefined) this.pump(key);
    }
    this.consider(lane);
    this.#options.onReady();
  }

  /** Looks up which keys are still blocked: another process may have let one go on, or replayed what blocks it. */
  recheckBlocks(lane: OrderedLane): void {
    if (!lane.isOpen || lane.isChecking || ![...lane.keys.values()].some((key) => key.isBlocked)) return;
    lane.isChecking = true;
    const { timers, onError } = this.#options;
    timers.after(ORDER_CHECK_AGAIN_MS, () => {
      if (lane.isDropped || this.#isStopped) return;
      void this.#preparer
        .recheck(lane)
        .then((keys) => {
          for (const key of keys) this.pump(key);
        })
        .catch((error: unknown) => onError("look up blocked keys", error))
        .finally(() => {
          lane.isChecking = false;
        });
    });
  }

  #wakeLater(key: OrderKey): void {
    const { clock } = this.#options;
    if (key.until !== null) this.#wakes.add(clock.monotonic() + Math.max(0, key.until - clock.now()), key);
  }

  #woken(key: OrderKey): void {
    const { lane } = key;
    if (this.#isStopped || lane.isDropped || lane.keys.get(key.number) !== key || key.until === null) return;
    if (key.until > this.#options.clock.now()) {
      this.#wakeLater(key);
      return;
    }
    key.until = null;
    this.pump(key);
  }

  drop(lane: OrderedLane): void {
    this.#mover.forget(lane);
    lane.letGo();
    lane.isDropped = true;
    if (lane.isParked) lane.gate.remove(lane);
    lane.isParked = false;
    this.#options.onDropped(lane);
  }
}
