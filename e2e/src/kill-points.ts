import { fileURLToPath } from "node:url";

/** Where `kill-at.ts` ends a server. */
export interface KillAt {
  /** Of the statements' text, as a regular expression. */
  readonly pattern: string;
  /** Which of those that fit: 1 is the first. */
  readonly nth: number;
  /** How many statements further, whatever they are. */
  readonly further: number;
  readonly when: "before" | "during" | "after";
  /** With `during`: how long after the statement was begun. */
  readonly delayMs: number;
}

export interface KillPoint {
  readonly name: string;
  readonly pattern: string;
  readonly nthMax: number;
  readonly furtherMax: number;
  /** What has to happen for it to be reached, beside publishing and delivering. */
  readonly needs: "nothing" | "new data" | "old data" | "a stop";
}

const point = (name: string, pattern: RegExp, nthMax: number, furtherMax: number, needs: KillPoint["needs"] = "nothing"): KillPoint => ({
  name,
  pattern: pattern.source,
  nthMax,
  furtherMax,
  needs,
});

/** By the text of SQLite's statements. `start`: the log that the last kill has left is copied into the file and let go, as that connection is closed. */
export const SQLITE_KILL_POINTS: readonly KillPoint[] = [
  point("publish", /INTO event_\d/, 12, 6),
  point("settle", /^DELETE FROM task/, 12, 6),
  point("number", /INTO sequence \(/, 12, 3),
  point("checkpoint", /wal_checkpoint\((PASSIVE|RESTART)/, 1, 0),
  point("start", /^close$/, 1, 0),
  point("stop", /wal_checkpoint\(TRUNCATE/, 1, 1, "a stop"),
  point("migration", /CREATE TABLE|user_version|^BEGIN IMMEDIATE$/, 4, 1, "new data"),
  point("retention", /^DELETE FROM (event_subject|attempt|event)_\d+ WHERE \(|^DROP TABLE|incremental_vacuum/, 8, 2, "old data"),
  point("erasure", /SET payload = x''|DELETE FROM erasure/, 20, 6, "old data"),
];

/** By the text of PostgreSQL's statements. `take-over` is a renewal of leases that claims some. */
export const POSTGRES_KILL_POINTS: readonly KillPoint[] = [
  point("publish", /INSERT INTO event \(/, 8, 2),
  point("settle", /DELETE FROM task t USING held/, 2, 2),
  point("number", /INSERT INTO sequence \(/, 2, 2),
  point("take-over", /INSERT INTO node[^]*\[\d+\],\[[1-9]/, 2, 3),
  point("hand-over", /UPDATE shard_lease SET owner = NULL/, 1, 0, "a stop"),
  point("migration", /pg_advisory_xact_lock|genhook_schema|CREATE TABLE/, 5, 2, "new data"),
  point("retention", /SET LOCAL lock_timeout|LOCK TABLE event_d|DROP TABLE/, 6, 2, "old data"),
  point("erasure", /UPDATE event SET payload = ''|DELETE FROM erasure WHERE event = /, 3, 4, "old data"),
];

const DELAY_MAX_MS = 12;

/** The next kill point: the less often one was hit so far, the likelier it is, so that each comes to its share although some are missed often. */
export function choosePoint(points: readonly KillPoint[], counts: KillCounts, random: () => number): KillPoint {
  const weights = points.map(({ name }) => (1 + (counts[name]?.inside ?? 0)) ** -3);
  let at = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = points.find((_, index) => (at -= weights[index] ?? 0) < 0) ?? points.at(-1);
  if (chosen === undefined) throw new Error("there are no kill points");
  return chosen;
}

/** One place of a kill point. */
export function chooseKill(at: KillPoint, random: () => number): KillAt {
  const below = (count: number): number => Math.floor(random() * count);
  return {
    pattern: at.pattern,
    nth: 1 + below(at.nthMax),
    further: below(at.furtherMax + 1),
    when: (["before", "during", "after"] as const)[below(3)] ?? "after",
    delayMs: random() * DELAY_MAX_MS,
  };
}

/** Nothing is killed, but what is looked at every minute is looked at twice a second, as with every other kill. */
export const NO_KILL: KillAt = { pattern: "no statement is like this", nth: 1, further: 0, when: "before", delayMs: 0 };

/** What a server's environment needs for it. */
export function killing(at: KillAt): Readonly<Record<string, string>> {
  const module = fileURLToPath(new URL("./kill-at.ts", import.meta.url));
  return { GENHOOK_TEST_KILL_AT: JSON.stringify(at), NODE_OPTIONS: `--import=${module}` };
}

/** How often a server was killed at each point, and how often it was not reached in time and the kill came from outside. */
export interface KillCounts {
  readonly [name: string]: { inside: number; missed: number };
}

/** Whether there is to be another cycle: asked before each, with how many were made and where their kills were. */
export type GoesOn = (made: number, kills: KillCounts) => boolean;

export function countKill(counts: Record<string, { inside: number; missed: number }>, name: string, isInside: boolean): void {
  const count = (counts[name] ??= { inside: 0, missed: 0 });
  if (isInside) count.inside += 1;
  else count.missed += 1;
}
