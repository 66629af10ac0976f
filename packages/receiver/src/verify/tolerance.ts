import { ReceiverError } from "../error.ts";
import { TOLERANCE_SECONDS } from "../limits.ts";

export interface VerifyOptions {
  /** Seconds that a timestamp may lie in the past or the future; 300 unless given, `Infinity` for no limit. */
  readonly toleranceSeconds?: number | undefined;
  /** Wall time, ms; the system's unless given. */
  readonly now?: (() => number) | undefined;
}

/** Seconds since 1970 of a timestamp near enough to now. Throws `ReceiverError`. */
export function checkTimestamp(name: string, text: string, options: VerifyOptions): number {
  if (!/^\d{1,12}$/.test(text)) throw new ReceiverError("header_malformed", `${name} is not a time in whole seconds.`);
  const timestamp = Number(text);
  const tolerance = options.toleranceSeconds ?? TOLERANCE_SECONDS;
  const ageSeconds = Math.floor((options.now ?? Date.now)() / 1000) - timestamp;
  if (Math.abs(ageSeconds) <= tolerance) return timestamp;
  throw new ReceiverError(
    ageSeconds > 0 ? "timestamp_too_old" : "timestamp_too_new",
    `The request was signed ${Math.abs(ageSeconds)} s ${ageSeconds > 0 ? "ago" : "ahead of this clock"}; ${tolerance} s are allowed. Is this machine's clock right?`,
  );
}
