import type { Directory } from "../directory/directory.ts";
import { laneOf } from "../directory/directory.ts";
import { isInForce } from "../domain/hold.ts";
import { dispositionOf } from "../engine/lane.ts";
import { HELD_COUNT_KEPT_MS, HELD_COUNT_MAX, HELD_LANES_MAX, HELD_LANES_STEP } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { LaneRef, TaskQueue } from "../ports/task-queue.ts";

export interface HeldCountOptions {
  readonly tasks: Pick<TaskQueue, "measureLanes">;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** Lanes that are not sent on account of a pause, a suspension or a hold, whether anything is owed in them or not. */
export function heldLanes(directory: Directory, now: number): LaneRef[] {
  const lanes: LaneRef[] = [];
  for (const subscription of directory.subscriptions()) {
    const isHeld = directory.holdOver(subscription, now) !== null;
    if (dispositionOf(subscription, isHeld).kind === "hold") lanes.push(laneOf(subscription));
  }
  return lanes;
}

/** What the directory says of what is not sent. The same in every process: of several, take one. */
export interface DirectoryGauges {
  readonly webhooksHeld: number;
  readonly endpointsSuspended: number;
  readonly holds: number;
}

/** Reads them; counted again only when the directory has changed, or a hold has ended. */
export function directoryGauges(directory: Directory, now: () => number): () => DirectoryGauges {
  let gauges: DirectoryGauges = { webhooksHeld: 0, endpointsSuspended: 0, holds: 0 };
  let version = -1;
  let goodUntil = 0;
  return () => {
    const at = now();
    if (directory.version === version && at < goodUntil) return gauges;
    version = directory.version;
    goodUntil = directory.holds.nextEnd(at) ?? Number.POSITIVE_INFINITY;
    gauges = countGauges(directory, at);
    return gauges;
  };
}

function countGauges(directory: Directory, now: number): DirectoryGauges {
  const suspended = new Set<string>();
  for (const { statusReason, endpoint } of directory.subscriptions()) if (statusReason === "endpoint_failing") suspended.add(endpoint);
  const holds = [...directory.holds.all()].filter((hold) => isInForce(hold, now)).length;
  return { webhooksHeld: heldLanes(directory, now).length, endpointsSuspended: suspended.size, holds };
}

/**
 * How many deliveries wait in held lanes. Counted when asked for and kept for a moment or until the directory changes, in short reads that others go between; exact up to
 * `HELD_COUNT_MAX` deliveries in `HELD_LANES_MAX` lanes, a lower bound beyond.
 */
export class HeldCount {
  readonly #options: HeldCountOptions;
  #count: Promise<number> | null = null;
  #countedAt = 0;
  #version = -1;

  constructor(options: HeldCountOptions) {
    this.#options = options;
  }

  read(): Promise<number> {
    const now = this.#options.clock.monotonic();
    const { version } = this.#options.directory;
    if (this.#count === null || version !== this.#version || now - this.#countedAt >= HELD_COUNT_KEPT_MS) {
      this.#countedAt = now;
      this.#version = version;
      const counting = this.#countAll();
      this.#count = counting;
      // A failure is not kept.
      counting.catch(() => {
        if (this.#count === counting) this.#count = null;
      });
    }
    return this.#count;
  }

  async #countAll(): Promise<number> {
    const { tasks, directory, clock } = this.#options;
    const lanes = heldLanes(directory, clock.now()).slice(0, HELD_LANES_MAX);
    let count = 0;
    for (let from = 0; from < lanes.length && count < HELD_COUNT_MAX; from += HELD_LANES_STEP) {
      count += (await tasks.measureLanes(lanes.slice(from, from + HELD_LANES_STEP), HELD_COUNT_MAX - count)).count;
    }
    return count;
  }
}
