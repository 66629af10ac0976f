import { LATENCY_BOUNDS_MS } from "@genhook/core";

const MINUTE_MS = 60_000;

/**
 * Counts what log rows say, as rows of `stat`: the inner query has `at`, `shop`, `app`, `topic` (null: not counted), `kind`, `state` and
 * `latency_ms`. With many writers a row that is summed up in place would be waited for, so each group inserts its own, and minutes are
 * summed once they are over.
 */
export function countRows(rows: string): string {
  const classes = [...LATENCY_BOUNDS_MS, null].map(
    (_, index) => `count(*) FILTER (WHERE state = 1 AND width_bucket(latency_ms - 1, $bounds) = ${index})`,
  );
  const latency = `CASE WHEN bool_or(state = 1) THEN ARRAY[${classes.join(", ")}]::integer[] END`;
  return `INSERT INTO stat (resolution, at, shop, app, topic, delivered, failed, dead, cancelled, latency)
    SELECT ${MINUTE_MS}, at - at % ${MINUTE_MS}, shop, app, topic,
      count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE kind = 0 AND state <> 1), count(*) FILTER (WHERE state = 2),
      count(*) FILTER (WHERE state = 3), ${latency}
    FROM (${rows}) AS counted_row WHERE topic IS NOT NULL GROUP BY 2, 3, 4, 5`.replaceAll("$bounds", BOUNDS);
}

/** `width_bucket` counts the bounds that are not above a value; a latency's class is the number of bounds below it, hence the minus one. */
const BOUNDS = `ARRAY[${LATENCY_BOUNDS_MS.join(", ")}]::bigint[]`;
