import { LATENCY_BOUNDS_MS, type Statistics, type StatisticsPoint, type StatisticsQuery } from "@genhook/core";
import { number } from "../columns.ts";
import { scopeOf } from "../statistics-scope.ts";
import type { Database } from "./database.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A minute is summed once nothing is added to it any more: counts carry the time of the attempt's start. */
const SETTLED_AFTER_MS = 300_000;

const COUNTS = ["published", "delivered", "failed", "dead", "cancelled"] as const;
const SUMS = COUNTS.map((name) => `sum(${name})::bigint AS ${name}`).join(", ");

/** Sums of latency classes over rows; null where nothing was delivered. */
function latencyAs(type: "integer" | "bigint"): string {
  const classes = [...LATENCY_BOUNDS_MS, null].map((_, index) => `coalesce(sum(latency[${index + 1}]), 0)`);
  return `CASE WHEN count(latency) > 0 THEN ARRAY[${classes.join(", ")}]::${type}[] END AS latency`;
}

const VALUES = [...COUNTS, "latency"].join(", ");
const KEYS = "at, shop, app, topic";

/** Sums rows of a common table expression by its keys, for another one to write. */
function summed(from: string, keys: string): string {
  return `SELECT ${keys}, ${SUMS}, ${latencyAs("integer")} FROM ${from} GROUP BY ${keys}`;
}

/**
 * Rows that publishes and settlements left, each group's own: one transaction takes some out and puts their sums back, by minute. Beside
 * them it adds to the sums over everything, an app and a topic, which plots over all are read from. Which minutes are over is the database's
 * to say, whose time counts carry: the process's own clock may be off. `$1` for how long a minute has to be over, ms; `$2` how many rows.
 */
const SUM_MINUTES = `
WITH moved AS (DELETE FROM stat WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM stat WHERE NOT is_summed AND at < floor(extract(epoch FROM now()) * 1000)::bigint - $1::bigint
  ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING *),
keyed AS (SELECT at - at % ${MINUTE_MS} AS at, shop, app, topic, ${VALUES} FROM moved),
put AS (
  INSERT INTO stat (resolution, ${KEYS}, ${VALUES}, is_summed)
  SELECT ${MINUTE_MS}, ${KEYS}, ${VALUES}, true FROM (${summed("keyed", KEYS)}) AS s
),
scoped AS (
  SELECT s.scope, k.* FROM keyed k CROSS JOIN LATERAL (VALUES (''), ('topic ' || k.topic), ('app ' || k.app)) AS s (scope) WHERE s.scope <> 'app 0'
),
put_sums AS (
  INSERT INTO stat_sum (resolution, scope, at, ${VALUES})
  SELECT ${MINUTE_MS}, scope, at, ${VALUES} FROM (${summed("scoped", "scope, at")}) AS s
)
SELECT count(*) AS moved FROM moved`;

/** Minutes become hours. `$1` bound, `$2` how many rows. What is not summed by minute yet has no part in the sums over all, and has to wait. */
function sumHours(table: "stat" | "stat_sum", keys: string): string {
  const others = keys.replace("at, ", "");
  const [isReady, mark, marked] = table === "stat" ? [" AND is_summed", ", is_summed", ", true"] : ["", "", ""];
  return `
WITH moved AS (DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM ${table} WHERE resolution = ${MINUTE_MS} AND at < $1${isReady} ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING *),
keyed AS (SELECT at - at % ${HOUR_MS} AS at, ${others}, ${VALUES} FROM moved),
put AS (
  INSERT INTO ${table} (resolution, ${keys}, ${VALUES}${mark}) SELECT ${HOUR_MS}, ${keys}, ${VALUES}${marked} FROM (${summed("keyed", keys)}) AS s
)
SELECT count(*) AS moved FROM moved`;
}

const SUM_HOURS = [sumHours("stat", KEYS), sumHours("stat_sum", "at, scope")] as const;

/** Counts and latencies over time (`Statistics`). Several processes may sum at once: each takes other rows. */
export function statistics(database: Database): Statistics {
  return {
    read: (query) => readStatistics(database, query),
    sumStep: async (before, rowsMax) => {
      const steps = [await moved(database, SUM_MINUTES, SETTLED_AFTER_MS, rowsMax)];
      for (const statement of SUM_HOURS) steps.push(await moved(database, statement, before - (before % HOUR_MS), rowsMax));
      return steps.every((rows) => rows < rowsMax);
    },
  };
}

async function moved(database: Database, statement: string, boundMs: number, rowsMax: number): Promise<number> {
  const [row] = await database.query("read", statement, [boundMs, rowsMax]);
  return number(row?.["moved"] ?? 0);
}

async function readStatistics(database: Database, query: StatisticsQuery): Promise<readonly StatisticsPoint[]> {
  const values: unknown[] = [query.from, query.to, query.stepMs];
  const rows = await database.query(
    "read",
    `SELECT $1::bigint + (at - $1::bigint) / $3::bigint * $3::bigint AS point, ${SUMS}, ${latencyAs("bigint")}
     FROM (${rowsOf(query, (value) => `$${values.push(value)}`)}) AS chosen GROUP BY 1 ORDER BY 1`,
    values,
  );
  return rows.map((row) => ({
    at: number(row["point"]),
    published: number(row["published"]),
    delivered: number(row["delivered"]),
    failed: number(row["failed"]),
    dead: number(row["dead"]),
    cancelled: number(row["cancelled"]),
    latency: (row["latency"] as number[] | null) ?? LATENCY_BOUNDS_MS.map(() => 0).concat(0),
  }));
}

/** What is summed up, from where it is fewest rows, and what is not yet. */
function rowsOf({ shop, app, topic }: StatisticsQuery, bind: (value: unknown) => string): string {
  const given = Object.entries({ shop, app, topic }).filter(([, value]) => value !== null);
  const own = given.map(([name, value]) => ` AND ${name} = ${bind(value)}`).join("");
  const within = "at >= $1 AND at < $2";
  const scope = shop === null ? scopeOf(app, topic) : null;
  const sums =
    scope === null
      ? `SELECT at, ${VALUES} FROM stat WHERE is_summed AND resolution IN (${MINUTE_MS}, ${HOUR_MS}) AND ${within}${own}`
      : `SELECT at, ${VALUES} FROM stat_sum WHERE scope = ${bind(scope)} AND resolution IN (${MINUTE_MS}, ${HOUR_MS}) AND ${within}`;
  return `${sums} UNION ALL SELECT at, ${VALUES} FROM stat WHERE NOT is_summed AND ${within}${own}`;
}
