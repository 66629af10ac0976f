import type { AttemptError } from "./attempt.ts";

/** An endpoint that has not answered with a success since a first failed attempt. Wall times, ms. */
export interface Failing {
  /** The first failed attempt since the last success. */
  readonly since: number;
  /** Failed attempts since then, the first one included. */
  readonly attempts: number;
  readonly lastAt: number;
  /** How far on the way to suspension the app was warned last, and when. */
  readonly warnedPercent: 0 | 25 | 50 | 75;
  readonly warnedAt: number | null;
}

/**
 * What is kept of an endpoint beyond its owner's memory: enough to go on after a restart or under another owner, and to be shown by any
 * process. Written when it changes in a way that matters, never for a success as such. Wall times, ms.
 */
export interface EndpointState {
  readonly endpoint: string;
  /** Open also while a probe is under way. */
  readonly breaker: "closed" | "open";
  readonly openedAt: number | null;
  readonly nextProbeAt: number | null;
  /** The wait that led to that probe, ms: it doubles when the probe fails. */
  readonly probeWaitMs: number | null;
  /** The endpoint asked to be left alone until then. */
  readonly pausedUntil: number | null;
  /** Attempts that it may have in flight, as learned; null where that is not known. */
  readonly concurrency: number | null;
  readonly failing: Failing | null;
  /** When its webhooks were suspended, until one of them is resumed. */
  readonly suspendedAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** How the last failed attempt ended: a status, or what went wrong. */
  readonly lastStatus: number | null;
  readonly lastError: AttemptError | null;
  readonly updatedAt: number;
}
