import type { DeliveryPosition } from "../deliveries/delivery-list.ts";
import type { DeliveryState } from "../domain/delivery.ts";
import { SHARDS } from "../domain/endpoint.ts";
import type { EventId } from "../domain/event.ts";
import { ok, refuse, type Result } from "../refusal.ts";

/**
 * Re-opens many deliveries, oldest first, at a rate.
 *
 *   running ── everything that fits was gone through ──► done
 *      │ ▲
 *  pause  resume          running, paused ── cancel ──► cancelled
 *      ▼ │
 *    paused
 *
 * It first counts what fits, then goes through it; a dry run ends with the count. What it has done is kept after every step, and the log of each
 * delivery names the job that re-opened it: a step that is repeated after a crash re-opens nothing twice.
 */
export type ReplayState = "running" | "paused" | "done" | "cancelled";

/** Which deliveries; every member narrows, null leaves open. Keys are internal ones. */
export interface ReplayFilter {
  readonly state: Exclude<DeliveryState, "pending">;
  readonly shop: number | null;
  readonly app: number | null;
  readonly subscription: number | null;
  readonly endpoint: string | null;
  readonly eventId: EventId | null;
  readonly topic: string | null;
  /** Acceptance of the event, wall ms, both ends included. */
  readonly from: number | null;
  readonly to: number;
}

export interface ReplayJob {
  /** A UUIDv7: the time inside is when the job was made. */
  readonly id: string;
  readonly state: ReplayState;
  readonly isDryRun: boolean;
  readonly filter: ReplayFilter;
  readonly ratePerSecond: number;
  readonly madeBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Deliveries that fit: so far while `isCounted` is false. Never fewer than `done`. */
  readonly matched: number;
  readonly isCounted: boolean;
  /** Deliveries gone through: re-opened, or passed over because they were pending by then or may not be sent again. */
  readonly done: number;
  readonly reopened: number;
  /** Where the next step begins; null at the beginning of counting, and of going through. */
  readonly position: DeliveryPosition | null;
  /** Grows with every change. */
  readonly revision: number;
}

/** What one step has done. */
export interface ReplayStep {
  /** Where the next step begins; null when this was the last. */
  readonly position: DeliveryPosition | null;
  readonly counted: number;
  readonly done: number;
  readonly reopened: number;
}

/** The job after a step, whatever was asked of it meanwhile: progress is kept also where it was paused or cancelled. Pure. */
export function afterStep(job: ReplayJob, step: ReplayStep, now: number): ReplayJob {
  const isLast = step.position === null;
  const isOver = isLast && (job.isCounted || job.isDryRun) && job.state !== "cancelled";
  return {
    ...job,
    state: isOver ? "done" : job.state,
    // Between counting and going through, more may have come to fit: a delivery of before then failed for good. Nobody is told "9 of 8".
    matched: Math.max(job.matched + step.counted, job.done + step.done),
    isCounted: job.isCounted || isLast,
    done: job.done + step.done,
    reopened: job.reopened + step.reopened,
    position: step.position,
    updatedAt: now,
  };
}

export function pauseReplay(job: ReplayJob, now: number): Result<ReplayJob> {
  return hasEnded(job) ? refuseEnded(job) : ok({ ...job, state: "paused", updatedAt: now });
}

export function resumeReplay(job: ReplayJob, now: number): Result<ReplayJob> {
  return hasEnded(job) ? refuseEnded(job) : ok({ ...job, state: "running", updatedAt: now });
}

/** What was re-opened stays so. */
export function cancelReplay(job: ReplayJob, now: number): Result<ReplayJob> {
  if (job.state === "cancelled") return ok(job);
  return job.state === "done" ? refuseEnded(job) : ok({ ...job, state: "cancelled", updatedAt: now });
}

/** The shard whose owner takes the job further: exactly one process. The end of a UUIDv7 is random. */
export function shardOfReplay(id: string): number {
  return Number.parseInt(id.slice(-2), 16) % SHARDS;
}

export function hasEnded(job: ReplayJob): boolean {
  return job.state === "done" || job.state === "cancelled";
}

function refuseEnded(job: ReplayJob): Result<never> {
  return refuse("replay_ended", `The replay is ${job.state}; make another one.`, "id");
}
