import type { AttemptError, Outcome } from "../domain/attempt.ts";
import type { DeadReason } from "../domain/delivery.ts";
import { RETRY_AFTER_MAX_MS } from "../limits.ts";
import type { Random } from "../ports/clock.ts";
import { retryWaitMs, type RetryPolicy } from "./backoff.ts";
import { retryAfterUntil } from "./retry-after.ts";

/**
 * What an outcome means for the delivery.
 *
 *            ┌── 2xx ────────────────────────────► delivered
 *  pending ──┼── 410 ────────────────────────────► dead (gone), the subscription is disabled
 *            ├── cut off by our own stop ─────────► pending, as if nothing had happened
 *            ├── anything else, attempts left ────► pending, due later
 *            └── anything else, the round's last ─► dead (attempts_exhausted)
 */
export type Decision =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly due: number; readonly pauseUntil: number | null }
  | { readonly kind: "dead"; readonly reason: DeadReason; readonly pauseUntil: number | null }
  | { readonly kind: "uncounted" };

export interface Progress {
  /** Attempts made in this round before this one, 0 to 7. */
  readonly attempts: number;
}

/** How an outcome bears on its endpoint. `overload`: signs that the endpoint, not the delivery, is in trouble. */
export type EndpointSign = "success" | "overload" | "refusal" | "none";

const OVERLOAD_ERRORS: ReadonlySet<AttemptError> = new Set(["dns_failed", "connect_failed", "tls_failed", "timeout"]);
const OVERLOAD_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Which sign an outcome gives; `internal_error` is ours and says nothing about the endpoint. */
export function endpointSign(outcome: Outcome): EndpointSign {
  if (outcome.kind === "aborted") return "none";
  if (outcome.kind === "response") {
    if (isSuccess(outcome.status)) return "success";
    return OVERLOAD_STATUSES.has(outcome.status) ? "overload" : "refusal";
  }
  if (outcome.error === "internal_error") return "none";
  return OVERLOAD_ERRORS.has(outcome.error) ? "overload" : "refusal";
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** `(delivery, outcome, policy, now) → next`. Pure: tested as a table, and the only place that decides. */
export function decide(progress: Progress, outcome: Outcome, policy: RetryPolicy, now: number, random: Random): Decision {
  if (outcome.kind === "aborted") return { kind: "uncounted" };
  if (outcome.kind === "response" && isSuccess(outcome.status)) return { kind: "delivered" };
  if (outcome.kind === "response" && outcome.status === 410) return { kind: "dead", reason: "gone", pauseUntil: null };
  const pauseUntil =
    outcome.kind === "response" && (outcome.status === 429 || outcome.status === 503)
      ? retryAfterUntil(outcome.retryAfter, now, RETRY_AFTER_MAX_MS)
      : null;
  const waitMs = retryWaitMs(progress.attempts + 1, policy, random);
  if (waitMs === null) return { kind: "dead", reason: "attempts_exhausted", pauseUntil };
  const due = now + waitMs;
  return { kind: "retry", due: pauseUntil === null ? due : Math.max(due, pauseUntil), pauseUntil };
}
