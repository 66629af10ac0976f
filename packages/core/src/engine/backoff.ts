import type { Random } from "../ports/clock.ts";

/** When failed attempts are made again. Resolved from the settings once, then frozen. */
export interface RetryPolicy {
  /** Waits after the first, second, … failure, ms. Attempts in a round = entries + 1. */
  readonly waitsMs: readonly number[];
  /** Share by which a wait is varied each way, 0 to 1. */
  readonly jitter: number;
}

/** 10 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h: eight attempts over about four hours, as Shopify's schedule spans. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  waitsMs: [10_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000],
  jitter: 0.2,
};

/**
 * Wait before the next attempt, whole ms, or null when `attemptsMade` (≥ 1) was the last one of the round. Jitter is symmetric, so
 * that the mean stays the schedule and endpoints that failed together do not come back together.
 */
export function retryWaitMs(attemptsMade: number, policy: RetryPolicy, random: Random): number | null {
  const wait = policy.waitsMs[attemptsMade - 1];
  if (wait === undefined) return null;
  return Math.max(0, Math.round(wait * (1 + policy.jitter * (2 * random() - 1))));
}
