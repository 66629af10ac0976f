import type { Failing } from "../domain/endpoint-state.ts";

/**
 * When an endpoint that does not answer with a success any more is warned, and when its webhooks are suspended (contract section 4). The
 * time counts from the first failed attempt since the last success; a success ends it, whatever came before.
 *
 *   first failure ── 25 % ── 50 % ── 75 % of five days: the app is warned, once per step ── 100 %: suspended
 *
 * Judged when an attempt has failed, so that an endpoint to which nothing is sent is not judged at all. Each verdict rests on at least
 * eight failed attempts spread over at least a day: a single bad hour, or a single delivery, does not count against anybody. And nobody is
 * suspended unwarned: where traffic is so sparse that the first warning comes late, the suspension waits for a day after it.
 */
export const SUSPEND_AFTER_MS = 432_000_000;
export const JUDGED_ATTEMPTS_MIN = 8;
export const JUDGED_SPREAD_MIN_MS = 86_400_000;
export const WARNED_BEFORE_MS = 86_400_000;

export type WarnedPercent = 25 | 50 | 75;
const WARNINGS: readonly WarnedPercent[] = [75, 50, 25];

export type Verdict =
  | { readonly kind: "nothing" }
  | { readonly kind: "warn"; readonly percent: WarnedPercent }
  | { readonly kind: "suspend" };

const NOTHING: Verdict = { kind: "nothing" };

/** What is due for an endpoint at a wall time. Of several steps that have come at once, the furthest. */
export function judgeEndpoint(failing: Failing | null, now: number): Verdict {
  if (failing === null || failing.attempts < JUDGED_ATTEMPTS_MIN || failing.lastAt - failing.since < JUDGED_SPREAD_MIN_MS) return NOTHING;
  const share = (now - failing.since) / SUSPEND_AFTER_MS;
  const isWarned = failing.warnedAt !== null && now - failing.warnedAt >= WARNED_BEFORE_MS;
  if (share >= 1 && isWarned) return { kind: "suspend" };
  const percent = WARNINGS.find((each) => share * 100 >= each);
  return percent === undefined || percent <= failing.warnedPercent ? NOTHING : { kind: "warn", percent };
}

/** After another failed attempt. */
export function failedAgain(failing: Failing | null, at: number): Failing {
  if (failing === null) return { since: at, attempts: 1, lastAt: at, warnedPercent: 0, warnedAt: null };
  return { ...failing, attempts: failing.attempts + 1, lastAt: at };
}

/** What a former owner has left, and what happened here before it was read, without a success in between. */
export function joinFailing(former: Failing | null, own: Failing | null): Failing | null {
  if (former === null || own === null) return former ?? own;
  return { ...former, attempts: former.attempts + own.attempts, lastAt: own.lastAt };
}

/** When an endpoint that goes on failing will be suspended at the earliest. */
export function suspendsAt(failing: Failing): number {
  return Math.max(
    failing.since + SUSPEND_AFTER_MS,
    (failing.warnedAt ?? failing.lastAt) + WARNED_BEFORE_MS,
    failing.since + JUDGED_SPREAD_MIN_MS,
  );
}
