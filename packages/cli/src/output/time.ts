const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [DAY_MS, "d"],
  [HOUR_MS, "h"],
  [MINUTE_MS, "m"],
  [SECOND_MS, "s"],
];

/** A span in at most two units: `3 h 20 m`, `12 s`, `0.4 s`, `12 ms`. */
export function formatSpan(spanMs: number): string {
  if (spanMs < SECOND_MS) return `${Math.round(spanMs)} ms`;
  if (spanMs < 10 * SECOND_MS) return `${(spanMs / SECOND_MS).toFixed(1)} s`;
  const first = UNITS.findIndex(([unitMs]) => spanMs >= unitMs);
  const [unitMs, name] = UNITS[first] ?? [SECOND_MS, "s"];
  const next = UNITS[first + 1];
  const whole = Math.floor(spanMs / unitMs);
  if (next === undefined || whole >= 10) return `${Math.round(spanMs / unitMs)} ${name}`;
  const rest = Math.floor((spanMs % unitMs) / next[0]);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${next[1]}`;
}

/** `3 m ago`, `in 12 s`, `now`; one unit only, for tables. */
export function relativeTime(atMs: number, now: number): string {
  const distance = Math.abs(now - atMs);
  if (distance < SECOND_MS) return "now";
  const [unitMs, name] = UNITS.find(([unit]) => distance >= unit) ?? [SECOND_MS, "s"];
  const text = `${Math.floor(distance / unitMs)} ${name}`;
  return atMs < now ? `${text} ago` : `in ${text}`;
}

/** How times are shown: relative to now, or as ISO 8601 in UTC. */
export interface TimeStyle {
  readonly isUtc: boolean;
  readonly now: number;
}

/** A time of the wire; a dash where there is none. */
export function showTime(text: string | null | undefined, style: TimeStyle): string {
  if (text === null || text === undefined || text === "") return "–";
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  return style.isUtc ? new Date(at).toISOString() : relativeTime(at, style.now);
}

/** The time of day on this machine, `20:31:07`; with the date where that is another day than today. */
export function clockTime(atMs: number, style: TimeStyle): string {
  if (style.isUtc) return new Date(atMs).toISOString();
  const at = new Date(atMs);
  const clock = at.toTimeString().slice(0, 8);
  return at.toDateString() === new Date(style.now).toDateString() ? clock : `${dateOf(at)} ${clock}`;
}

function dateOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

const SPAN = /^(\d{1,6})\s*(s|m|h|d|w)$/;
const SPAN_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };

/**
 * Reads what people type for a time: `15m` (so long ago; or from now, where a time lies ahead), `now`, a date, or RFC 3339. The answer is
 * ISO 8601 UTC; null when it is none.
 */
export function readTime(text: string, now: number, isAhead: boolean = false): string | null {
  if (text === "now") return new Date(now).toISOString();
  const span = SPAN.exec(text);
  if (span !== null) {
    const spanMs = Number(span[1]) * (SPAN_MS[span[2] ?? ""] ?? 0);
    return new Date(isAhead ? now + spanMs : now - spanMs).toISOString();
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  // Nine fractional digits are more than a Date keeps: what is RFC 3339 already goes through as it is.
  return /T.*(Z|[+-]\d{2}:\d{2})$/i.test(text) ? text : new Date(at).toISOString();
}
