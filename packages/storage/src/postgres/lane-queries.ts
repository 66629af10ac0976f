import {
  isDue,
  nameInLane,
  type EventContent,
  type EventId,
  type LaneRead,
  type LaneRef,
  type LanesMeasure,
  type LaneWithWork,
  type OwedTask,
  type StoredEvent,
  type Task,
  type TaskKey,
  type Turn,
} from "@genhook/core";
import { StoreError } from "../store-error.ts";
import { number, text } from "../columns.ts";
import type { Database } from "./database.ts";
import { eventsOf, lookUpOf } from "./event-lookup.ts";
import { HEAD_COLUMNS, toEvent, toStoredEvent, toTask } from "./rows.ts";

/**
 * The condition that a task is of lane `$2` of shard `$1`, for reads of its beginning. Written as bounds and not as `shard = $1 AND lane = $2`: from the
 * equal signs the planner guesses how many rows a lane has, and where it guesses few (a backlog that nobody has analysed, or one long lane among
 * many short ones) it reads all of them and sorts. Bounds tell it nothing, and the order of the key is then the cheapest way.
 */
export const OF_LANE = "(shard, lane) >= ($1::smallint, $2::bigint) AND (shard, lane) <= ($1::smallint, $2::bigint)";
export const LANE_ORDER = "ORDER BY shard, lane, due, event, subscription";

const LANE = `SELECT * FROM task WHERE ${OF_LANE} ${LANE_ORDER} LIMIT $3`;

/** Events in the order asked for, until `$4` bytes of payload; at least one. The sum looks at sizes only: what is left out is not read. */
const CONTENTS = `
SELECT * FROM (
  ${eventsOf(`k.ord, ${HEAD_COLUMNS}, e.payload,
    coalesce(sum(octet_length(e.payload)) OVER (ORDER BY k.ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before`)}
) AS content WHERE bytes_before < $4 OR bytes_before = 0 ORDER BY ord`;

/** Reads the beginning of a lane with its events (`TaskQueue.readLane`). */
export async function readLane(
  database: Database,
  lane: LaneRef,
  dueMax: number,
  limit: number,
  bytesMax: number,
  skip: ReadonlySet<string>,
): Promise<LaneRead> {
  // Held rows lie at the beginning of the lane; one row more than wanted tells where the lane goes on.
  const rows = await database.query("read", LANE, [lane.shard, lane.lane, limit + skip.size + 1]);
  const wanted: Task[] = [];
  let nextDue: number | null = null;
  for (const row of rows) {
    const task = toTask(row);
    if (skip.has(nameInLane(task)) && isDue(task, dueMax)) continue;
    if (!isDue(task, dueMax) || wanted.length >= limit) {
      nextDue = task.due;
      break;
    }
    wanted.push(task);
  }
  if (wanted.length === 0) return { tasks: [], nextDue };
  const ids = wanted.map((task) => task.eventId);
  const found = await database.query("read", CONTENTS, [...lookUpOf(ids), bytesMax]);
  const events = new Map<EventId, EventContent>(found.map((row) => [text(row["id"]), toEvent(row)]));
  const tasks: OwedTask[] = [];
  const last = number(found.at(-1)?.["ord"] ?? 0);
  for (const [index, task] of wanted.entries()) {
    const event = events.get(task.eventId);
    if (event !== undefined) tasks.push({ task, event });
    // Behind the last event that was read: the bytes were used up. Before it, an event that is missing was dropped under the read.
    else if (found.length > 0 && index >= last) return { tasks, nextDue: task.due };
  }
  return { tasks, nextDue };
}

/** Events with their payloads (`EventStore.readMany`). */
export async function readEvents(database: Database, ids: readonly EventId[], bytesMax: number): Promise<readonly (StoredEvent | null)[]> {
  if (ids.length === 0) return [];
  const rows = await database.query("read", CONTENTS, [...lookUpOf(ids), bytesMax]);
  const events = new Map<EventId, StoredEvent>(rows.map((row) => [text(row["id"]), toStoredEvent(row)]));
  // Behind the last one that was read the bytes may have been used up, or nothing is there: who asks again finds out.
  const read = rows.length === 0 ? ids : ids.slice(0, number(rows.at(-1)?.["ord"]));
  return read.map((id) => events.get(id) ?? null);
}

/** Rows that are looked at in one go, and how many lanes are then sought one by one where these were rows of few. */
const CHUNK_ROWS = 64;
const LANES_IN_CHUNK_MIN = 16;
const SEEKS = 16;
/** Bounds and not `shard =`, for the reason that `OF_LANE` gives. */
const NEXT_ROWS = `SELECT t.lane, t.due, t.event, t.subscription FROM task t WHERE (t.shard, t.lane) > (s.shard, found.last) AND (t.shard, t.lane) <= (s.shard, ${Number.MAX_SAFE_INTEGER}::bigint)`;
const IN_ORDER = "ORDER BY t.shard, t.lane, t.due, t.event, t.subscription";

/**
 * Not a look at every row: a lane may have a million. Nor only a seek per lane: where lanes are short, as in most backlogs, reading on through 64 rows
 * finds as many lanes in a third of the time. So after a chunk with few lanes in it the next sixteen are sought one by one, and then
 * a chunk is tried again: a handful of rows a lane at worst. Lanes in key order, shard by shard as they are given. `$1` shards in order, `$2` and `$3`
 * the lane to go on behind, `$4` how many.
 */
const WITH_WORK = `
SELECT f.shard, f.lane, f.due, f.subscription FROM unnest($1::smallint[]) AS s (shard) CROSS JOIN LATERAL (
  WITH RECURSIVE found AS (
    SELECT NULL::bigint[] AS lanes, NULL::bigint[] AS dues, NULL::bigint[] AS subscriptions, 0 AS seeks,
      CASE WHEN s.shard = $2::smallint THEN $3::bigint ELSE ${Number.MIN_SAFE_INTEGER} END AS last
    UNION ALL
    SELECT n.lanes, n.dues, n.subscriptions,
      CASE WHEN found.seeks > 0 THEN found.seeks - 1 WHEN cardinality(n.lanes) < ${LANES_IN_CHUNK_MIN} THEN ${SEEKS} ELSE 0 END,
      n.lanes[cardinality(n.lanes)]
    FROM found CROSS JOIN LATERAL (
      SELECT array_agg(d.lane) AS lanes, array_agg(d.due) AS dues, array_agg(d.subscription) AS subscriptions FROM (
        SELECT DISTINCT ON (c.lane) c.lane, c.due, c.subscription FROM (
          (${NEXT_ROWS} AND found.seeks = 0 ${IN_ORDER} LIMIT ${CHUNK_ROWS})
          UNION ALL
          (${NEXT_ROWS} AND found.seeks > 0 ${IN_ORDER} LIMIT 1)
        ) c ORDER BY c.lane, c.due, c.event, c.subscription
      ) d
    ) n WHERE n.lanes IS NOT NULL
  )
  SELECT s.shard, l.lane, l.due, l.subscription
  FROM found CROSS JOIN LATERAL unnest(found.lanes, found.dues, found.subscriptions) AS l (lane, due, subscription) LIMIT $4
) f LIMIT $4`;

/** Lanes that have tasks (`TaskQueue.lanesWithWork`). */
export async function lanesWithWork(
  database: Database,
  shards: readonly number[],
  after: LaneRef | null,
  limit: number,
): Promise<readonly LaneWithWork[]> {
  const wanted = [...shards].sort((a, b) => a - b).filter((shard) => after === null || shard >= after.shard);
  const rows = await database.query("read", WITH_WORK, [wanted, after?.shard ?? -1, after?.lane ?? 0, limit]);
  const found = rows.map((row) => ({
    shard: number(row["shard"]),
    lane: number(row["lane"]),
    firstDue: number(row["due"]),
    subscription: number(row["subscription"]),
  }));
  // The limit cuts pages off in this order; a plan that did not keep it would lose lanes, and must not go unseen.
  for (const [index, each] of found.entries()) {
    const before = found[index - 1];
    if (before !== undefined && (before.shard > each.shard || (before.shard === each.shard && before.lane >= each.lane))) {
      throw new StoreError("statement_failed", "lanes with work came out of order");
    }
  }
  return found;
}

/** A page of a lane's tasks (`TaskQueue.listLane`). */
export async function listLane(database: Database, lane: LaneRef, turn: Turn<TaskKey>, limit: number): Promise<readonly Task[]> {
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const [beyond, order] = isForward ? [">", "ASC"] : ["<", "DESC"];
  const behind =
    cursor === null
      ? ""
      : `(shard, lane, due, event, subscription) ${beyond} ($1::smallint, $2::bigint, $4::bigint, $5::uuid, $6::bigint) AND`;
  const rows = await database.query(
    "read",
    `SELECT * FROM task WHERE ${behind} ${OF_LANE} ORDER BY shard ${order}, lane ${order}, due ${order}, event ${order}, subscription ${order} LIMIT $3`,
    [lane.shard, lane.lane, limit, ...(cursor === null ? [] : [cursor.due, cursor.eventId, cursor.subscription])],
  );
  const tasks = rows.map(toTask);
  return isForward ? tasks : tasks.reverse();
}

const OF_EACH = "(t.shard, t.lane) >= (l.shard, l.lane) AND (t.shard, t.lane) <= (l.shard, l.lane)";
const EACH_IN_ORDER = "ORDER BY t.shard, t.lane, t.due, t.event, t.subscription";

/**
 * A look into each lane of its own, in the order of the key: of a join the planner may make a read of the whole queue, also where all these lanes are
 * empty. Bounds: see `OF_LANE`. The number is hidden from the planner, which from a large one guesses that it might as well read everything.
 */
export const MEASURE_LANES = `
WITH lanes AS (SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS l (shard, lane))
SELECT
  (SELECT count(*) FROM (
    SELECT 1 FROM lanes l CROSS JOIN LATERAL (SELECT FROM task t WHERE ${OF_EACH} ${EACH_IN_ORDER} LIMIT (SELECT $3::bigint)) f LIMIT $3) AS counted) AS count,
  (SELECT min(genhook_due_time(f.due, f.event)) FROM lanes l CROSS JOIN LATERAL (
    SELECT t.due, t.event FROM task t WHERE ${OF_EACH} ${EACH_IN_ORDER} LIMIT 1) f) AS due`;

/** Counts lanes' tasks up to a number, and finds the earliest due time (`TaskQueue.measureLanes`). */
export async function measureLanes(database: Database, lanes: readonly LaneRef[], countMax: number): Promise<LanesMeasure> {
  const values = [lanes.map((each) => each.shard), lanes.map((each) => each.lane), countMax];
  const [row] = await database.query("read", MEASURE_LANES, values);
  return { count: number(row?.["count"] ?? 0), oldestDue: row?.["due"] === null || row === undefined ? null : number(row["due"]) };
}

/** Up to this many tasks are counted; beyond it the planner's figure, which autovacuum keeps, is near enough. */
const COUNT_MAX = 20_000;
/** Lanes that are asked for the age of the backlog. */
const OLDEST_LANES_MAX = 2_000;

const BACKLOG = `
WITH RECURSIVE lanes AS (
  (SELECT shard, lane, due, event, 1 AS n FROM task ORDER BY shard, lane, due LIMIT 1)
  UNION ALL
  SELECT f.shard, f.lane, f.due, f.event, lanes.n + 1 FROM lanes CROSS JOIN LATERAL (
    SELECT shard, lane, due, event FROM task WHERE (shard, lane) > (lanes.shard, lanes.lane) ORDER BY shard, lane, due LIMIT 1
  ) f WHERE lanes.n < ${OLDEST_LANES_MAX}
)
SELECT (SELECT count(*) FROM (SELECT 1 FROM task LIMIT ${COUNT_MAX}) AS counted) AS counted,
  (SELECT reltuples::bigint FROM pg_class WHERE oid = 'task'::regclass) AS estimated, (SELECT min(genhook_due_time(due, event)) FROM lanes) AS due`;

/** How much is owed: exact to 20,000 tasks, beyond that an estimate; the age is that of the first 2,000 lanes (`TaskQueue.backlog`). */
export async function backlog(database: Database): Promise<{ pending: number; oldestDue: number | null }> {
  const [row] = await database.query("read", BACKLOG);
  const counted = number(row?.["counted"] ?? 0);
  const pending = counted < COUNT_MAX ? counted : Math.max(counted, number(row?.["estimated"] ?? 0));
  return { pending, oldestDue: row === undefined || row["due"] === null ? null : number(row["due"]) };
}
