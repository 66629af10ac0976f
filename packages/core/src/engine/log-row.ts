import type { LogRow, Outcome } from "../domain/attempt.ts";
import type { Task } from "../domain/delivery.ts";
import { FAILURE_BODY_KEPT_BYTES, SUCCESS_BODY_KEPT_BYTES } from "../limits.ts";
import type { Settlement } from "../ports/task-queue.ts";
import { isSuccess, type Decision } from "./decide.ts";
import type { Available } from "./numbering.ts";

/** What of a response is kept: `failures` keeps headers and 4 KiB of failed ones, and 256 bytes of successful ones. */
export type KeepResponses = "failures" | "all" | "none";

export interface FinishedAttempt {
  readonly task: Task;
  readonly outcome: Exclude<Outcome, { kind: "aborted" }>;
  readonly decision: Exclude<Decision, { kind: "uncounted" }>;
  /** Wall ms of the start. */
  readonly at: number;
  readonly address: string;
  readonly shop: number;
  readonly app: number;
}

/** The row that an attempt leaves in its delivery's log. */
export function logRowOf(finished: FinishedAttempt, keep: KeepResponses): LogRow {
  const { task, outcome, decision } = finished;
  return {
    kind: "attempt",
    subscription: task.subscription,
    eventId: task.eventId,
    seq: task.seq,
    round: task.round,
    n: task.attemptsEver + 1,
    at: finished.at,
    durationMs: Math.round(outcome.durationMs),
    status: outcome.kind === "response" ? outcome.status : null,
    error: outcome.kind === "failure" ? outcome.error : null,
    detail: outcome.kind === "failure" ? outcome.detail : null,
    address: finished.address,
    ...keptResponse(outcome, keep),
    state: decision.kind === "retry" ? "pending" : decision.kind,
    reason: decision.kind === "dead" ? decision.reason : null,
    nextAt: decision.kind === "retry" ? decision.due : null,
    shop: finished.shop,
    app: finished.app,
  };
}

/** Ends a delivery without an attempt, because its event has its number and is there to be fetched. */
export function availableSettlement(task: Task, event: Available, app: number, now: number): Settlement {
  const { subscription, eventId, seq, round, attemptsEver: n } = task;
  const row: LogRow = {
    kind: "ended",
    subscription,
    eventId,
    seq,
    round,
    n,
    at: now,
    durationMs: 0,
    status: null,
    error: null,
    detail: null,
    address: "",
    responseHeaders: null,
    responseBody: null,
    state: "delivered",
    reason: "available",
    nextAt: null,
    shop: event.shop,
    app,
  };
  const latencyMs = Math.max(0, now - event.acceptedAt);
  return { key: task, seq, row, next: null, topic: event.isTest ? null : event.topic, latencyMs };
}

function keptResponse(outcome: Outcome, keep: KeepResponses): Pick<LogRow, "responseHeaders" | "responseBody"> {
  if (outcome.kind !== "response" || keep === "none") return { responseHeaders: null, responseBody: null };
  if (isSuccess(outcome.status) && keep === "failures") {
    const body = outcome.responseBody;
    return { responseHeaders: null, responseBody: body.length === 0 ? null : body.subarray(0, SUCCESS_BODY_KEPT_BYTES) };
  }
  return { responseHeaders: outcome.responseHeaders, responseBody: outcome.responseBody.subarray(0, FAILURE_BODY_KEPT_BYTES) };
}
