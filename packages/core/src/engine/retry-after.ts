const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * Reads a `Retry-After` header (RFC 9110 10.2.3): delay-seconds or an IMF-fixdate. Answers the wall time (ms) until which to
 * wait, at most `maxMs` from now; null when the text is neither, or names a moment that has passed.
 */
export function retryAfterUntil(text: string | null, nowMs: number, maxMs: number): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (/^\d{1,10}$/.test(trimmed)) {
    const seconds = Number(trimmed);
    return seconds === 0 ? null : nowMs + Math.min(seconds * 1000, maxMs);
  }
  const match = IMF_FIXDATE.exec(trimmed);
  if (match === null) return null;
  const [, day, monthName, year, hour, minute, second] = match;
  const month = MONTHS.indexOf(monthName ?? "");
  if (month < 0) return null;
  const until = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  if (Number.isNaN(until) || until <= nowMs) return null;
  return Math.min(until, nowMs + maxMs);
}
