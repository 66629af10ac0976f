import type { Deliveries, DeliveryFilter } from "../deliveries/deliveries.ts";
import { REPLAY_COUNT_STEP, REPLAY_STEP } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { afterStep, type ReplayFilter, type ReplayJob, type ReplayStep } from "./replay-job.ts";

/** How often jobs are taken further while there are any, and how often it is looked for them, ms. */
const STEP_EVERY_MS = 200;
const LOOK_EVERY_MS = 2_000;

export interface ReplayRunnerOptions {
  readonly store: Pick<Store, "replayJobs" | "directory">;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Whether this process takes the job further: exactly one does. */
  readonly owns: (jobId: string) => boolean;
  /** False while the store has enough to do without replays. */
  readonly hasRoom: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Takes running replay jobs further, a small step each at a time, so that live deliveries go first. */
export class ReplayRunner {
  readonly #options: ReplayRunnerOptions;
  /** Job → deliveries that it may re-open now, and when that was. */
  readonly #allowances = new Map<string, { tokens: number; at: number }>();
  #timer: Timer | null = null;
  #round: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: ReplayRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(0);
  }

  /** A job was made or resumed here: no need to wait for the next look. */
  wake(): void {
    if (this.#round === null) this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.timers.after(delayMs, () => {
      this.#round = this.#runRound().then((isBusy) => {
        this.#round = null;
        this.#schedule(isBusy ? STEP_EVERY_MS : LOOK_EVERY_MS);
      });
    });
  }

  /** One step of every running job that is this process's; false when there is none. */
  async #runRound(): Promise<boolean> {
    const { store, owns, onError } = this.#options;
    try {
      const own = (await store.replayJobs.running()).filter((job) => owns(job.id));
      for (const id of this.#allowances.keys()) if (!own.some((job) => job.id === id)) this.#allowances.delete(id);
      for (const job of own) if (!this.#isStopped) await this.#takeFurther(job);
      return own.length > 0;
    } catch (error) {
      onError(error);
      return true;
    }
  }

  async #takeFurther(job: ReplayJob): Promise<void> {
    const step = job.isCounted ? await this.#replay(job) : await this.#count(job);
    if (step !== null) await this.#keep(job, step);
  }

  /** Somebody may have paused or cancelled the job meanwhile: what was done is added to what it is now. */
  async #keep(job: ReplayJob, step: ReplayStep): Promise<void> {
    const { replayJobs } = this.#options.store;
    let current: ReplayJob | null = job;
    while (current !== null) {
      if (await replayJobs.save(afterStep(current, step, this.#options.clock.now()), current.revision)) return;
      current = await replayJobs.find(job.id);
    }
  }

  async #count(job: ReplayJob): Promise<ReplayStep> {
    const page = await this.#options.deliveries.list(await this.#filterOf(job.filter), { before: job.position }, REPLAY_COUNT_STEP);
    return { position: positionBefore(page), counted: page.deliveries.length, done: 0, reopened: 0 };
  }

  async #replay(job: ReplayJob): Promise<ReplayStep | null> {
    const { deliveries, hasRoom } = this.#options;
    const allowance = this.#allowance(job);
    if (allowance < 1 || !hasRoom()) return null;
    const page = await deliveries.list(await this.#filterOf(job.filter), { before: job.position }, Math.min(allowance, REPLAY_STEP));
    // The list runs from the newest to the oldest; what happened first is sent first.
    const keys = page.deliveries.map((view) => view.key).toReversed();
    const kinds = await deliveries.replayMany(keys, job.id);
    if (kinds === null) return null;
    const reopened = kinds.filter((kind) => kind === "reopened").length;
    this.#spend(job, reopened);
    return { position: positionBefore(page), counted: 0, done: keys.length, reopened };
  }

  #allowance(job: ReplayJob): number {
    const now = this.#options.clock.monotonic();
    const before = this.#allowances.get(job.id);
    const earned = before === undefined ? 1 : ((now - before.at) / 1_000) * job.ratePerSecond;
    // A second's worth at most: time that was lost is not made up for in a burst.
    const tokens = Math.min(Math.max(1, job.ratePerSecond), (before?.tokens ?? 0) + earned);
    this.#allowances.set(job.id, { tokens, at: now });
    return Math.floor(tokens);
  }

  #spend(job: ReplayJob, count: number): void {
    const allowance = this.#allowances.get(job.id);
    if (allowance !== undefined) allowance.tokens -= count;
  }

  async #filterOf(filter: ReplayFilter): Promise<DeliveryFilter> {
    const { subscription } = filter;
    return { ...filter, subscription: subscription === null ? null : await this.#options.store.directory.findSubscription(subscription) };
  }
}

function positionBefore(page: Awaited<ReturnType<Deliveries["list"]>>): ReplayStep["position"] {
  return page.previous !== null && "before" in page.previous ? page.previous.before : null;
}
