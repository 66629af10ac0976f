import { laneOf, type Directory } from "../directory/directory.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { isInForce } from "../domain/hold.ts";
import { dispositionOf } from "../engine/lane.ts";
import { HELD_COUNT_KEPT_MS, HELD_COUNT_MAX, HELD_LANES_MAX, HELD_LANES_STEP } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import { orderedLanesOf } from "./ordered-lanes-of.ts";

export interface HeldCountOptions {
  readonly tasks: Pick<TaskQueue, "measureLanes" | "lanesWithWork">;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** Subscriptions that are not sent to on account of a pause, a suspension or a hold, whether anything is owed to them or not. */
function heldSubscriptions(directory: Directory, now: number): Subscription[] {
  const held: Subscription[] = [];
  for (const subscription of directory.subscriptions()) {
    const isHeld = directory.holdOver(subscription, now) !== null;
    if (dispositionOf(subscription, isHeld).kind === "hold") held.push(subscription);
  }
  return held;
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
  return { webhooksHeld: heldSubscriptions(directory, now).length, endpointsSuspended: suspended.size, holds };
}

/**
 * How many deliveries wait in the lanes of what is held; of ordered lanes, which several subscriptions share, in those where all of them are. Counted when asked for and kept for a moment or until the directory changes, in short reads that others go between; exact up to
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
    const held = heldSubscriptions(directory, clock.now()).slice(0, HELD_LANES_MAX);
    const ids = new Set(held.map(({ id }) => id));
    const ordered = held.filter(({ order }) => order !== undefined && directory.orderedIn(order.lane).every(({ id }) => ids.has(id)));
    const lanes = [...held.map(laneOf), ...(await orderedLanesOf(tasks, ordered))];
    let count = 0;
    for (let from = 0; from < lanes.length && count < HELD_COUNT_MAX; from += HELD_LANES_STEP) {
      count += (await tasks.measureLanes(lanes.slice(from, from + HELD_LANES_STEP), HELD_COUNT_MAX - count)).count;
    }
    return count;
  }
}
