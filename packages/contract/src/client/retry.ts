/** How a client goes on after an answer that asks for patience. */
export interface RetryOptions {
  /** All in all, the first one included. */
  readonly attemptsMax: number;
  /** A server that asks for more than this is not waited for, ms. */
  readonly waitMaxMs: number;
  /** Idempotent calls are also made again when the answer was lost, or was a server's failure (5xx); `false` unless given. */
  readonly isLossRetried?: boolean;
}

export const DEFAULT_RETRY: RetryOptions = { attemptsMax: 4, waitMaxMs: 60_000 };

const FIRST_WAIT_MS = 500;
const JITTER = 0.2;

/** How long to wait before the next attempt, ms; null to give up. `attempt` counts those made, from 1; `random` is in [0, 1). */
export function waitBeforeRetry(attempt: number, retryAfterMs: number | null, options: RetryOptions, random: number): number | null {
  if (attempt >= options.attemptsMax) return null;
  if (retryAfterMs !== null) return retryAfterMs > options.waitMaxMs ? null : retryAfterMs;
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), options.waitMaxMs);
  return Math.round(waitMs * (1 - JITTER + 2 * JITTER * random));
}

/** Reads `Retry-After` (RFC 9110 10.2.3): seconds or a date. Milliseconds from `now` (wall ms), never negative; null where it says nothing. */
export function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1_000;
  // Date.parse takes much that is no HTTP date; each of those begins with a day's name.
  const at = /^[A-Z][a-z]{2}/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
