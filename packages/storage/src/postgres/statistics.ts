import { LATENCY_BOUNDS_MS, type Statistics, type StatisticsPoint, type StatisticsQuery } from "@genhook/core";
import { number } from "../columns.ts";
import type { Database } from "./database.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A minute is summed once nothing is added to it any more: counts carry the time of the attempt's start. */
const SETTLED_AFTER_MS = 300_000;

const SUMS =
  "sum(published)::bigint AS published, sum(delivered)::bigint AS delivered, sum(failed)::bigint AS failed, sum(dead)::bigint AS dead, sum(cancelled)::bigint AS cancelled";

/** Sums of latency classes over rows named `moved`, by the key columns that stand in `keys`. */
function latencyOf(keys: string): string {
  const match = keys
    .split(", ")
    .map((key) => `l.${key} = s.${key}`)
    .join(" AND ");
  return `(SELECT array_agg(c.total ORDER BY c.class) FROM (
    SELECT u.class, sum(u.n)::integer AS total FROM keyed l CROSS JOIN LATERAL unnest(l.latency) WITH ORDINALITY AS u (n, class)
    WHERE ${match} GROUP BY u.class) c)`;
}

const KEYS = "at, shop, app, topic";

/** Takes rows out and puts their sums back, at times that `at` rounds down. `$1` bound, `$2` how many rows. */
function sumRows(selection: string, resolution: number): string {
  return `
WITH moved AS (DELETE FROM stat WHERE ctid = ANY(ARRAY(${selection})) RETURNING *),
keyed AS (SELECT at - at % ${resolution} AS at, shop, app, topic, published, delivered, failed, dead, cancelled, latency FROM moved),
summed AS (SELECT ${KEYS}, ${SUMS} FROM keyed GROUP BY ${KEYS}),
put AS (
  INSERT INTO stat (resolution, ${KEYS}, published, delivered, failed, dead, cancelled, latency, is_summed)
  SELECT ${resolution}, s.at, s.shop, s.app, s.topic, s.published, s.delivered, s.failed, s.dead, s.cancelled, ${latencyOf(KEYS)}, true FROM summed s
)
SELECT count(*) AS moved FROM moved`;
}

const SUM_MINUTES = sumRows("SELECT ctid FROM stat WHERE NOT is_summed AND at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED", MINUTE_MS);
const SUM_HOURS = sumRows(
  `SELECT ctid FROM stat WHERE resolution = ${MINUTE_MS} AND at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED`,
  HOUR_MS,
);

/** Counts and latencies over time (`Statistics`). Several processes may sum at once: each takes other rows. */
export function statistics(database: Database): Statistics {
  return {
    read: (query) => readStatistics(database, query),
    sumStep: async (before, rowsMax) => {
      const hours = await moved(database, SUM_HOURS, before - (before % HOUR_MS), rowsMax);
      const minutes = await moved(database, SUM_MINUTES, Date.now() - SETTLED_AFTER_MS, rowsMax);
      return hours < rowsMax && minutes < rowsMax;
    },
  };
}

async function moved(database: Database, statement: string, bound: number, rowsMax: number): Promise<number> {
  const [row] = await database.query("read", statement, [bound, rowsMax]);
  return number(row?.["moved"] ?? 0);
}

async function readStatistics(database: Database, query: StatisticsQuery): Promise<readonly StatisticsPoint[]> {
  const values: unknown[] = [query.from, query.to, query.stepMs];
  const conditions = [`resolution IN (${MINUTE_MS}, ${HOUR_MS})`, "at >= $1", "at < $2"];
  for (const name of ["shop", "app", "topic"] as const) {
    if (query[name] !== null) conditions.push(`${name} = $${values.push(query[name])}`);
  }
  const where = conditions.join(" AND ");
  const rows = await database.query(
    "read",
    `WITH chosen AS MATERIALIZED (
       SELECT $1::bigint + (at - $1::bigint) / $3::bigint * $3::bigint AS point, published, delivered, failed, dead, cancelled, latency FROM stat WHERE ${where}
     )
     SELECT c.point, ${SUMS}, (
       SELECT array_agg(k.total ORDER BY k.class) FROM (
         SELECT u.class, sum(u.n)::bigint AS total FROM chosen l CROSS JOIN LATERAL unnest(l.latency) WITH ORDINALITY AS u (n, class)
         WHERE l.point = c.point GROUP BY u.class) k) AS latency
     FROM chosen c GROUP BY c.point ORDER BY c.point`,
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
