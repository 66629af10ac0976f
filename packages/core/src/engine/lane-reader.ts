import { HELD_BYTES_MAX, LANE_READS_MAX, LANE_READ_BYTES_MAX, LANE_REFILL_BELOW, LANE_WINDOW } from "../limits.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { LaneRead, TaskQueue } from "../ports/task-queue.ts";
import { newScan, type Lane, type Scan } from "./lane.ts";
import { mayBeLate } from "./queued-lane.ts";
import type { Numbering } from "./numbering.ts";

/** Tasks read for a lane whose endpoint is shut: enough for the probe. */
const SHUT_LANE_WINDOW = 4;
/** Tasks read for a lane that may be late: so many, and for each attempt under way at its endpoint so many more. */
const LATE_LANE_WINDOW = 8;
const LATE_LANE_WINDOW_EACH = 4;
/** Pause after a read that failed, ms. */
const READ_AGAIN_MS = 1_000;

export interface LaneReaderOptions {
  readonly tasks: TaskQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly numbering: Pick<Numbering, "withNumbers" | "walk">;
  /** The lane has something to send, or is known to be complete. */
  readonly onRead: (lane: Lane) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Fills lanes from the store: range reads from the lane's beginning, a few at once, one per lane.
 *
 * Two things a read must get right. A slower transaction's rows can appear behind rows that were read before: so each read begins at the
 * lane's beginning and skips what memory holds, and no position is remembered. And a read whose snapshot is older than a settlement would
 * bring a finished row back: so keys that finish while a read is under way are kept until it has ended.
 */
export class LaneReader {
  readonly #options: LaneReaderOptions;
  #wanted: Lane[] = [];
  #reading = 0;
  #isStopped = false;
  /** Payload bytes queued over all lanes. */
  heldBytes = 0;

  constructor(options: LaneReaderOptions) {
    this.#options = options;
  }

  get reading(): number {
    return this.#reading;
  }

  /** Asks for a read where the lane is incomplete and low. */
  consider(lane: Lane): void {
    if (lane.isComplete || lane.isReadWanted || lane.scan !== null) return;
    if (lane.disposition.kind === "pull") this.#options.numbering.walk(lane);
    if (!lane.isRunnable) return;
    const window = windowOf(lane, this.#options.clock.monotonic());
    if (lane.length >= Math.min(LANE_REFILL_BELOW, window / 4)) return;
    lane.isReadWanted = true;
    this.#wanted.push(lane);
    this.pump();
  }

  /** Starts reads while there is room; to be called when bytes were let go. */
  pump(): void {
    while (!this.#isStopped && this.#reading < LANE_READS_MAX && this.#wanted.length > 0) {
      // With nothing held a read is always allowed: one large payload must not wait for ever.
      if (this.heldBytes >= HELD_BYTES_MAX) return;
      const lane = this.#wanted.shift() as Lane;
      lane.isReadWanted = false;
      if (!lane.isRunnable || lane.isComplete) continue;
      void this.#read(lane);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#wanted = [];
  }

  async #read(lane: Lane): Promise<void> {
    const { tasks, clock, timers, onRead, onError } = this.#options;
    this.#reading += 1;
    const scan = newScan(lane.shard);
    lane.scan = scan;
    lane.nextDue = null;
    const limit = Math.max(1, windowOf(lane, clock.monotonic()) - lane.length);
    const dueMax = clock.now();
    try {
      const read = await tasks.readLane({ shard: lane.shard, lane: lane.id }, dueMax, limit, LANE_READ_BYTES_MAX, new Set(lane.known));
      const owed = lane.numbers === null ? read.tasks : await this.#options.numbering.withNumbers(read.tasks);
      this.#take(lane, { ...read, tasks: owed }, scan, dueMax);
      // What is not sent soon is numbered all the same: its app may fetch it meanwhile.
      if (lane.numbers !== null && !lane.isComplete) this.#options.numbering.walk(lane);
    } catch (error) {
      this.#drop(scan);
      onError(error);
      timers.after(READ_AGAIN_MS, () => this.consider(lane));
    } finally {
      lane.scan = null;
      this.#reading -= 1;
    }
    if (this.#isStopped) return;
    onRead(lane);
    this.pump();
  }

  #take(lane: Lane, read: LaneRead, scan: Scan, dueMax: number): void {
    if (!lane.isRunnable || lane.shard !== scan.shard) {
      this.#drop(scan);
      return;
    }
    for (const owed of read.tasks) {
      if (lane.known.has(owed.task.eventId) || scan.finished.has(owed.task.eventId)) continue;
      lane.push(owed);
      this.heldBytes += owed.event.payload.length;
    }
    const hasMoreDue = read.nextDue !== null && read.nextDue <= dueMax;
    // Behind what the store still has, they wait their turn there.
    if (hasMoreDue || scan.isStale) this.#drop(scan);
    for (const owed of scan.arrived) {
      if (lane.known.has(owed.task.eventId)) this.heldBytes -= owed.event.payload.length;
      else lane.push(owed);
    }
    lane.isComplete = !hasMoreDue && !scan.isStale;
    if (read.nextDue !== null && !hasMoreDue && (lane.nextDue === null || read.nextDue < lane.nextDue)) lane.nextDue = read.nextDue;
  }

  #drop(scan: Scan): void {
    for (const owed of scan.arrived.splice(0)) this.heldBytes -= owed.event.payload.length;
  }
}

/**
 * How many tasks of a lane stand in memory after a read. What is late goes out at a pace: fifty endpoints that come back at once would otherwise have a
 * few hundred rows each read before the first of them has its turn, which takes the others' time.
 */
function windowOf(lane: Lane, now: number): number {
  if (lane.gate.isShut(now)) return SHUT_LANE_WINDOW;
  if (!mayBeLate(lane)) return LANE_WINDOW;
  return Math.min(LANE_WINDOW, LATE_LANE_WINDOW + LATE_LANE_WINDOW_EACH * lane.gate.inFlight);
}
