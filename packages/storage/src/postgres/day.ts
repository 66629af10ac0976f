import { DAY_MS } from "@genhook/core";
/** Days that partitions are made for ahead of time, counted from today, and how many days before: a publisher's clock may be a little behind. */
export const DAYS_AHEAD = 3;
export const DAYS_BEHIND = 1;

/** Tables that have a partition per day. */
export const DAY_TABLES = ["event", "event_subject", "attempt"] as const;

export type DayTable = (typeof DAY_TABLES)[number];

export function partitionName(table: DayTable, day: number): string {
  return `${table}_d${day}`;
}

/** The smallest id that an event accepted at this time (ms) can have: ids begin with the time. */
export function lowestId(atMs: number): string {
  const hex = Math.max(0, atMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The smallest id of a day, and of the day after it. */
export function boundsOfDay(day: number): readonly [from: string, to: string] {
  return [lowestId(day * DAY_MS), lowestId((day + 1) * DAY_MS)];
}
