import type { DeliveryKey, KeyBlock, MoveGuard, OrderedTasks, StandingTask, TaskMove, Turn } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database } from "./database.ts";
import { endTasks } from "./end-tasks.ts";

const STANDING = "unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[], $6::integer[]";

/**
 * `$7` where they go to, `$10` the owner, `$11` the directory's version or null. The guard is looked at in the snapshot that the tasks are read
 * in, and the leases of the shards are locked: a new owner that reads after it has them sees all of this or none of it ever comes.
 */
const MOVE = `
WITH leased AS (
  SELECT owner FROM shard_lease WHERE shard = ANY ($1::smallint[]) FOR SHARE
),
guard AS (
  SELECT ($11::bigint IS NULL OR (SELECT version FROM directory) = $11::bigint)
    AND NOT EXISTS (SELECT 1 FROM leased WHERE owner IS DISTINCT FROM $10::text) AS holds
),
incoming AS (
  SELECT * FROM ${STANDING}, $7::smallint[], $8::bigint[], $9::bigint[]) WITH ORDINALITY
    AS m (shard, lane, due, event, subscription, seq, to_shard, to_lane, to_due, ord)
  WHERE (SELECT holds FROM guard)
),
held AS (
  SELECT i.ord FROM task t JOIN incoming i USING (shard, lane, due, event, subscription, seq)
  ORDER BY t.shard, t.lane, t.due, t.event, t.subscription FOR UPDATE OF t
),
gone AS (
  DELETE FROM task t USING incoming i JOIN held h ON h.ord = i.ord
  WHERE t.shard = i.shard AND t.lane = i.lane AND t.due = i.due AND t.event = i.event AND t.subscription = i.subscription AND t.seq = i.seq
  RETURNING t.*, i.ord, i.to_shard, i.to_lane, i.to_due
),
moved AS (
  INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
  SELECT to_shard, to_lane, to_due, event, subscription, seq, round, attempts, attempts_ever FROM gone
)
SELECT (SELECT holds FROM guard) AS holds, ARRAY(SELECT ord FROM gone)::integer[] AS gone`;

/** `$7` reason, `$8` at, `$9` the directory's version. */
const END = endTasks(
  `SELECT * FROM ${STANDING}) AS m (shard, lane, due, event, subscription, seq) WHERE (SELECT version FROM directory) = $9::bigint`,
  { state: 3, reason: "$7", at: "$8" },
  "SELECT (SELECT version FROM directory) AS version, (SELECT count(*) FROM gone) AS count",
);

/** What ordered lanes need (`OrderedTasks`). */
export function orderedTasks(database: Database): OrderedTasks {
  return {
    move: (moves, guard) => move(database, moves, guard),
    end: async (tasks, reason, at, directoryVersion) => {
      const [row] = await database.query("settle", END, [...standing(tasks), reason, at, directoryVersion]);
      return number(row?.["version"]) === directoryVersion ? number(row?.["count"]) : null;
    },
    owes: async (subscription, lanes) => {
      const rows = await database.query(
        "read",
        `SELECT 1 FROM unnest($1::smallint[], $2::bigint[]) AS l (shard, lane)
         WHERE EXISTS (SELECT 1 FROM task t WHERE t.shard = l.shard AND t.lane = l.lane AND t.subscription = $3) LIMIT 1`,
        [lanes.map(({ shard }) => shard), lanes.map(({ lane }) => lane), subscription],
      );
      return rows.length > 0;
    },
    blocks: (subscriptions, turn, limit) => listBlocks(database, subscriptions, turn, limit),
    unblock: async (deliveries) => {
      const rows = await database.query(
        "settle",
        "DELETE FROM lane_block b USING unnest($1::bigint[], $2::uuid[]) AS k (subscription, event) WHERE b.subscription = k.subscription AND b.event = k.event RETURNING b.subscription, b.event",
        [deliveries.map(({ subscription }) => subscription), deliveries.map(({ eventId }) => eventId)],
      );
      const gone = new Set(rows.map((row) => `${number(row["subscription"])} ${text(row["event"])}`));
      return deliveries.map(({ subscription, eventId }) => gone.has(`${subscription} ${eventId}`));
    },
  };
}

async function move(
  database: Database,
  moves: readonly TaskMove[],
  { owner, directoryVersion }: MoveGuard,
): Promise<readonly boolean[] | null> {
  const to = (value: (move: TaskMove) => unknown): unknown[] => moves.map(value);
  const [row] = await database.query("settle", MOVE, [
    ...standing(moves),
    to((each) => each.to.shard),
    to((each) => each.to.lane),
    to((each) => each.to.due),
    owner,
    directoryVersion,
  ]);
  if (row?.["holds"] !== true) return null;
  const gone = new Set(row["gone"] as number[]);
  return moves.map((_, index) => gone.has(index + 1));
}

async function listBlocks(
  database: Database,
  subscriptions: readonly number[] | null,
  turn: Turn<DeliveryKey>,
  limit: number,
): Promise<readonly KeyBlock[]> {
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const [beyond, order] = isForward ? [">", "ASC"] : ["<", "DESC"];
  const place = cursor === null ? "" : `AND (subscription, event) ${beyond} ($3::bigint, $4::uuid)`;
  const rows = await database.query(
    "read",
    `SELECT * FROM lane_block WHERE ($1::bigint[] IS NULL OR subscription = ANY ($1::bigint[])) ${place} ORDER BY subscription ${order}, event ${order} LIMIT $2`,
    [subscriptions, limit, ...(cursor === null ? [] : [cursor.subscription, cursor.eventId])],
  );
  const blocks = rows.map((row) => ({
    subscription: number(row["subscription"]),
    eventId: text(row["event"]),
    orderKey: JSON.parse(text(row["order_key"])) as string,
    since: number(row["since"]),
  }));
  return isForward ? blocks : blocks.reverse();
}

function standing(tasks: readonly StandingTask[]): unknown[] {
  return [
    tasks.map(({ key }) => key.shard),
    tasks.map(({ key }) => key.lane),
    tasks.map(({ key }) => key.due),
    tasks.map(({ key }) => key.eventId),
    tasks.map(({ key }) => key.subscription),
    tasks.map(({ seq }) => seq),
  ];
}
