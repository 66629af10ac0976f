const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
/** The three forms of an HTTP date (RFC 9110 5.6.7). Whether the weekday fits is nobody's concern. */
const DATES: readonly RegExp[] = [
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];
/** A year of two digits that seems to lie further ahead than this is one of the century before (RFC 9110 5.6.7). */
const YEARS_AHEAD_MAX = 50;

/**
 * Reads a `Retry-After` header (RFC 9110 10.2.3): delay-seconds or an HTTP date in any of its three forms. Answers the wall time (ms)
 * until which to wait, at most `maxMs` from now; null when the text is neither, or names a moment that has passed or that does not exist.
 */
export function retryAfterUntil(text: string | null, nowMs: number, maxMs: number): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) {
    const seconds = Number(trimmed);
    return seconds === 0 ? null : nowMs + Math.min(seconds * 1000, maxMs);
  }
  const until = dateOf(trimmed, nowMs);
  return until === null || until <= nowMs ? null : Math.min(until, nowMs + maxMs);
}

function dateOf(text: string, nowMs: number): number | null {
  const parts = DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return null;
  const { day, month, year = "", hour, minute, second } = parts;
  const fullYear = year.length === 4 ? Number(year) : yearOf(Number(year), nowMs);
  const at = new Date(Date.UTC(fullYear, MONTHS.indexOf(month ?? ""), Number(day), Number(hour), Number(minute), Number(second)));
  // Date rolls the 31st of February on into March.
  const exists = at.getUTCDate() === Number(day) && MONTHS[at.getUTCMonth()] === month && at.getUTCHours() === Number(hour);
  return exists ? at.getTime() : null;
}

function yearOf(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + YEARS_AHEAD_MAX ? year - 100 : year;
}
