import { LANE_ORDER, OF_LANE } from "./lane-queries.ts";
import { LOG_COLUMNS } from "./settle.ts";
import { countRows } from "./stat-sql.ts";

/**
 * Ends deliveries without a request, as one statement: the tasks that `selection` names (by key, from `task`) go, each leaves a final row, and
 * is counted unless it is a test. `state`, `reason` and `at` are expressions. Answers each one's subscription, unless another `answer` over `gone` is given.
 * Each event is looked up by itself (`LIMIT` keeps it so): a join may read all events of all days instead.
 */
export function endTasks(
  selection: string,
  values: { readonly state: number; readonly reason: string; readonly at: string },
  answer: string = "SELECT subscription FROM gone",
): string {
  return `
WITH gone AS (
  DELETE FROM task t USING (${selection}) AS chosen
  WHERE t.shard = chosen.shard AND t.lane = chosen.lane AND t.due = chosen.due AND t.event = chosen.event
    AND t.subscription = chosen.subscription AND t.seq = chosen.seq RETURNING t.*
),
ended AS (
  SELECT genhook_day(g.event) AS day, g.event, g.subscription, g.seq, 1::smallint AS kind, g.round, g.attempts_ever AS n, ${values.at}::bigint AS at,
    0 AS duration_ms, NULL::integer AS status, NULL::text AS error, NULL::text AS detail, '' AS address, NULL::text AS response_headers,
    NULL::bytea AS response_body, ${values.state}::smallint AS state, ${values.reason}::text AS reason, NULL::bigint AS next_at,
    coalesce(e.shop, 0) AS shop, coalesce((SELECT s.app FROM subscription s WHERE s.id = g.subscription ORDER BY s.version DESC LIMIT 1), 0) AS app,
    CASE WHEN e.is_test THEN NULL ELSE coalesce(e.topic, '') END AS topic, 0::bigint AS latency_ms
  FROM gone g LEFT JOIN LATERAL (
    SELECT shop, is_test, topic FROM event WHERE day = genhook_day(g.event) AND id = g.event LIMIT 1
  ) e ON true
),
logged AS (INSERT INTO attempt (${LOG_COLUMNS}) SELECT ${LOG_COLUMNS} FROM ended),
counted AS (${countRows("SELECT at, shop, app, topic, kind, state, latency_ms FROM ended")})
${answer}`;
}

/** The first tasks of a lane: `$1` shard, `$2` lane, `$3` how many. */
export const FIRST_OF_LANE: string = `SELECT shard, lane, due, event, subscription, seq FROM task WHERE ${OF_LANE} ${LANE_ORDER} LIMIT $3`;

/** `$4` reason, `$5` at. */
export const CANCEL_LANE: string = endTasks(FIRST_OF_LANE, { state: 3, reason: "$4", at: "$5" });

/** The same where the directory still has version `$6`, looked at in the snapshot that the tasks are read in. */
export const CANCEL_LANE_AT_VERSION: string = endTasks(
  `SELECT * FROM (${FIRST_OF_LANE}) AS first WHERE (SELECT version FROM directory) = $6::bigint`,
  { state: 3, reason: "$4", at: "$5" },
  "SELECT (SELECT version FROM directory) AS version, (SELECT count(*) FROM gone) AS count",
);
