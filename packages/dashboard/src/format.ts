import { words } from "./words.ts";

const integer = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 0, maximumFractionDigits: 2 });
const rate = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const moment = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const precise = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const formatCount = (value: number): string => integer.format(value);
export const formatCompact = (value: number): string => compact.format(value);
export const formatShare = (value: number): string => percent.format(value);
export const formatRate = (value: number): string => rate.format(value);
export const formatMoment = (at: number): string => moment.format(at);
export const formatDay = (at: number): string => day.format(at);
export const formatClock = (at: number): string => clock.format(at);
export const formatPrecise = (at: number): string => precise.format(at);

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** A span in its largest fitting unit: `340 ms`, `1.2 s`, `5 min`, `3 h`, `2 d`. */
export function formatSpan(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  for (const [unitMs, name] of UNITS) {
    if (ms < unitMs) continue;
    const value = ms / unitMs;
    return `${value < 10 && name === "s" ? Math.round(value * 10) / 10 : Math.round(value)} ${name}`;
  }
  return `${Math.round(ms)} ms`;
}

export function formatAgo(at: number, now: number): string {
  const age = now - at;
  if (Math.abs(age) < 1_000) return words.time.justNow;
  return age > 0 ? words.time.ago(formatSpan(age)) : words.time.in(formatSpan(-age));
}

/** The end of a long id is what tells it from others. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `…${id.slice(-10)}`;
}

/** `Look, send again`. */
export function formatList(entries: readonly string[]): string {
  const text = entries.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
