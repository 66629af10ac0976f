import { DAY_MS, dayOfTime } from "../domain/event.ts";
import { RETENTION_STEP, SWEEP_STEP } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { ReplayJobs } from "../ports/replay-jobs.ts";
import type { Retention } from "../ports/retention.ts";
import type { Sequences } from "../ports/sequences.ts";
import type { Statistics } from "../ports/statistics.ts";
import type { Eraser } from "./eraser.ts";

/** How often retention looks, ms. A day is dropped at most this late. */
export const KEEP_EVERY_MS = 60_000;
/** How soon a process notices that the store has become its to keep, ms: one that has it for less than a minute lets something go all the same. */
const TURN_LOOK_MS = 1_000;
/** Minutes of statistics are summed to hours once they are this old, ms. */
const SUM_AFTER_MS = DAY_MS;

export interface KeeperOptions {
  readonly retention: Retention;
  readonly statistics: Statistics;
  readonly sequences: Pick<Sequences, "forget">;
  readonly replayJobs: Pick<ReplayJobs, "forget">;
  readonly eraser: Pick<Eraser, "eraseDue">;
  /** Whether it is this process's part: of several on one store, one is enough. */
  readonly isMine: () => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly retentionMs: number;
  /** A day went: how many deliveries were still owed of it. */
  readonly onDropped: (day: number, expired: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Days whose last event is older than retention; pure. */
export function daysToDrop(days: readonly number[], now: number, retentionMs: number): readonly number[] {
  const first = dayOfTime(now - retentionMs);
  return days.filter((day) => day < first);
}

/**
 * Wall ms before which a replaced row of the directory explains no event any more; pure. Days are kept whole, so a day longer than they
 * are; and another, because the times come from the clocks of different processes.
 */
export function historyToForget(now: number, retentionMs: number): number {
  return (dayOfTime(now - retentionMs) - 1) * DAY_MS;
}

/**
 * Keeps the store small and rid of what must go: carries out erasures, drops days past retention after it has settled what is still owed
 * of them as `expired`, forgets idempotency keys and what the directory was before then, sums statistics. Works in small steps between
 * which the store does its other work, and never twice at once.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #timer: Timer | null = null;
  #isStopped = false;
  #run: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#run;
  }

  /** One round: to its end, or until the store is another process's to keep, for good then even if it comes back meanwhile: each step relies on those before it. */
  async keep(): Promise<void> {
    const { retention, statistics, sequences, replayJobs, eraser, clock, retentionMs, onDropped } = this.#options;
    const now = clock.now();
    let hasEnded = false;
    const isOver = (): boolean => (hasEnded ||= this.#isStopped || !this.#options.isMine());
    // What fails there must not keep the days that are past retention.
    await eraser.eraseDue(isOver).catch((error: unknown) => this.#options.onError(error));
    for (const day of daysToDrop(await retention.days(), now, retentionMs)) {
      const expired = await this.#expire(day, isOver);
      let isGone = false;
      while (!isGone && !isOver()) isGone = await retention.dropStep(day, RETENTION_STEP);
      if (isGone) onDropped(day, expired);
    }
    // Behind the days, never before them: a number whose event is gone says so, an event whose number is gone would be sent without.
    const lastGone = dayOfTime(now - retentionMs) - 1;
    while (!isOver() && (await sequences.forget(lastGone, RETENTION_STEP)) > 0);
    while (!isOver() && (await retention.forgetKeys(now, SWEEP_STEP)) >= SWEEP_STEP);
    const forgotten = historyToForget(now, retentionMs);
    while (!isOver() && (await retention.forgetHistory(forgotten, SWEEP_STEP)) >= SWEEP_STEP);
    while (!isOver() && (await replayJobs.forget(now - retentionMs, SWEEP_STEP)) >= SWEEP_STEP);
    while (!isOver() && !(await statistics.sumStep(now - SUM_AFTER_MS - (now % DAY_MS), RETENTION_STEP)));
  }

  async #expire(day: number, isOver: () => boolean): Promise<number> {
    const { retention, clock } = this.#options;
    let expired = 0;
    while (!isOver()) {
      const step = await retention.expireThrough(day, clock.now(), SWEEP_STEP);
      expired += step;
      if (step === 0) break;
    }
    return expired;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.timers.after(delayMs, () => {
      if (!this.#options.isMine()) {
        this.#schedule(TURN_LOOK_MS);
        return;
      }
      this.#run = this.keep()
        .catch((error: unknown) => this.#options.onError(error))
        .then(() => this.#schedule(KEEP_EVERY_MS));
    });
  }
}
