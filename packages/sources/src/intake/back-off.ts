import { BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, RETRY_AFTER_MAX_MS } from "../limits.ts";

/** How long to wait after the n-th failure in a row (from 1), ms: what the server asked for, or doubling with a spread. `random` is in [0, 1). */
export function backOff(failures: number, askedMs: number | null, random: number): number {
  const ownMs = Math.min(BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 20), BACK_OFF_MAX_MS);
  const spreadMs = Math.round(ownMs * (0.5 + random / 2));
  return askedMs === null ? spreadMs : Math.min(Math.max(askedMs, spreadMs), RETRY_AFTER_MAX_MS);
}
