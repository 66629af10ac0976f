/**
 * Moments on the wire are RFC 3339 with 0 to 9 fractional digits and any offset; what goes out is always UTC with nine. A JavaScript
 * Date holds milliseconds only, so the fraction is carried as text.
 */
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

/** Normalises to UTC with nine fractional digits; null when the text is no such moment. A leap second is read as the next second. */
export function normaliseMoment(text: string): string | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const part = (index: number): number => Number(match[index]);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60) return null;
  let offsetMinutes = 0;
  if (match[9] !== undefined) {
    const [offsetHour, offsetMinute] = [part(10), part(11)];
    if (offsetHour > 23 || offsetMinute > 59) return null;
    offsetMinutes = (offsetHour * 60 + offsetMinute) * (match[9] === "-" ? -1 : 1);
  }
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute - offsetMinutes, second);
  const utc = local.toISOString();
  if (utc.length !== 24) return null;
  return `${utc.slice(0, 19)}.${(match[7] ?? "").padEnd(9, "0")}Z`;
}

/** A wall time (ms) in the form that goes out. */
export function momentOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 23)}000000Z`;
}

/** Wall time, ms, of an RFC 3339 text; null when it is none. */
export function momentMs(text: string): number | null {
  const normal = normaliseMoment(text);
  return normal === null ? null : Date.parse(`${normal.slice(0, 23)}Z`);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
