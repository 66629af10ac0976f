import { dayOf, SHARDS, shardOf, type Erasure, type ErasurePage, type Erasures, type EventId, type Subscription } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database, Query, Row } from "./database.ts";
import { lowestId } from "./day.ts";
import { endTasks } from "./end-tasks.ts";
import { eventsOf, lookUpOf } from "./event-lookup.ts";
import { bytes } from "./rows.ts";

/** Rows that one look may pass: a shop's events lie among everybody's. */
const LOOKED_AT_MAX = 5_000;

/**
 * What is pending of events: the queue's key has no index by event, but a delivery's due time stands in its log, and a lane is one
 * subscription; its rows may carry any shard while they move. The values are `lookUpOf`'s.
 */
const PENDING = `
SELECT t.shard, t.lane, t.due, t.event, t.subscription, t.seq
FROM (${eventsOf("e.day, e.id, e.owes, e.accepted_at")}) AS e
CROSS JOIN LATERAL unnest(e.owes) AS o (subscription)
LEFT JOIN LATERAL (
  SELECT a.state, a.next_at FROM attempt a
  WHERE a.day = e.day AND a.event = e.id AND a.subscription = o.subscription AND a.day = ANY ($3::integer[]) ORDER BY a.seq DESC LIMIT 1
) last ON true
CROSS JOIN generate_series(0, ${SHARDS - 1}) AS s (shard)
CROSS JOIN LATERAL (
  SELECT * FROM task WHERE shard = s.shard AND lane = o.subscription AND due = coalesce(last.next_at, e.accepted_at) AND event = e.id
    AND subscription = o.subscription LIMIT 1
) t WHERE coalesce(last.state, 0) = 0`;

/**
 * Events that name one of the subjects, day by day: the key begins with the day, so over all days at once its whole index would be looked through.
 * With CASE, because a plan may hold the condition on the day against every table there is, before it is known which are a day's.
 * `$1` and `$2` days, `$3` subjects, `$4` and `$5` ids, `$6` how many.
 */
const FIND_OF_SUBJECTS = `
SELECT DISTINCT s.event FROM (
  SELECT CASE WHEN c.relname ~ '^event_subject_d[0-9]+$' THEN substr(c.relname, ${"event_subject_d".length + 1})::integer END AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'event_subject'::regclass
) AS d CROSS JOIN LATERAL (
  SELECT e.event FROM event_subject e
  WHERE e.day = d.day AND e.subject = ANY ($3::bytea[]) AND e.event > $4::uuid AND e.event <= $5::uuid AND e.event NOT IN (SELECT event FROM erasure)
  ORDER BY e.event LIMIT $6
) AS s WHERE d.day BETWEEN $1 AND $2 ORDER BY s.event LIMIT $6`;

/** `$4` at. */
const CANCEL = endTasks(PENDING, { state: 3, reason: "'redacted'", at: "$4" });

/** Erasure (`Erasures`). */
export function erasures(database: Database): Erasures {
  return {
    open: async () => {
      const rows = await database.query(
        "read",
        "SELECT event, shop, ARRAY(SELECT encode(s, 'hex') FROM unnest(subjects) AS s) AS subjects, subjects IS NULL AS is_whole FROM erasure ORDER BY event",
      );
      return rows.map((row) => ({
        eventId: text(row["event"]),
        shop: number(row["shop"]),
        subjects: row["is_whole"] === true ? null : (row["subjects"] as string[]),
      }));
    },
    find: (erasure, after, limit) =>
      erasure.subjects === null ? findOfShop(database, erasure, after, limit) : findOfSubjects(database, erasure, after, limit),
    erase: (ids, at) => database.transaction("settle", (query) => erase(query, ids, at)),
    finish: (eventId, at) =>
      database.transaction("settle", async (query) => {
        const touched = await erase(query, [eventId], at);
        await query("DELETE FROM erasure WHERE event = $1", [eventId]);
        return touched;
      }),
  };
}

async function erase(query: Query, ids: readonly EventId[], at: number): Promise<readonly number[]> {
  const lookUp = lookUpOf(ids);
  const [, , eachDay] = lookUp;
  const cancelled = [...(await query(CANCEL, [...lookUp, at])), ...(await cancelOrdered(query, ids, at))];
  // As values and not as rows to join: from these the planner sees which days it needs. Subjects have no index by event, so of those days all are looked at.
  const chosen = (event: string): string => `day = ANY ($1::integer[]) AND ${event} = ANY ($2::uuid[])`;
  const values = [eachDay, ids];
  await query(`UPDATE event SET payload = '', order_key = NULL, erased_at = $3 WHERE ${chosen("id")} AND erased_at IS NULL`, [
    ...values,
    at,
  ]);
  await query(
    `UPDATE attempt SET response_headers = NULL, response_body = NULL
     WHERE ${chosen("event")} AND (response_headers IS NOT NULL OR response_body IS NOT NULL)`,
    values,
  );
  await query(`DELETE FROM event_subject WHERE ${chosen("event")}`, values);
  // What cannot be sent again must not keep its key waiting.
  await query("DELETE FROM lane_block WHERE event = ANY ($1::uuid[])", [ids]);
  return [...new Set(cancelled.map((row) => number(row["subscription"])))];
}

/** Subscriptions that events with an order key were owed to, as they are or last were. The values are `lookUpOf`'s. */
const ORDERED_OWNERS = `
SELECT DISTINCT s.body FROM (${eventsOf("e.owes, e.order_key")}) AS e
CROSS JOIN LATERAL unnest(e.owes) AS o (subscription)
CROSS JOIN LATERAL (SELECT body FROM subscription WHERE id = o.subscription ORDER BY version DESC LIMIT 1) s
WHERE e.order_key IS NOT NULL`;

/** `$1` shards, `$2` lanes, `$3` ids, `$4` at. */
const CANCEL_ORDERED = endTasks(
  `SELECT shard, lane, due, event, subscription, seq FROM task
   WHERE shard = ANY ($1::smallint[]) AND (lane < 0 OR lane = ANY ($2::bigint[])) AND event = ANY ($3::uuid[])`,
  { state: 3, reason: "'redacted'", at: "$4" },
);

/**
 * The same in ordered lanes, where neither due time nor lane can be told from the log: one look through the ordered lanes of the subscriptions
 * concerned, for all events together.
 */
async function cancelOrdered(query: Query, ids: readonly EventId[], at: number): Promise<Row[]> {
  const lanes = (await query(ORDERED_OWNERS, lookUpOf(ids))).flatMap((row) => {
    const { order, endpoint } = JSON.parse(text(row["body"])) as Subscription;
    return order === undefined ? [] : [{ shard: shardOf(endpoint), lane: order.lane }, ...order.left];
  });
  if (lanes.length === 0) return [];
  return query(CANCEL_ORDERED, [lanes.map(({ shard }) => shard), lanes.map(({ lane }) => lane), ids, at]);
}

async function findOfSubjects(database: Database, erasure: Erasure, after: EventId | null, limit: number): Promise<ErasurePage> {
  const rows = await database.query("read", FIND_OF_SUBJECTS, [
    after === null ? 0 : dayOf(after),
    dayOf(erasure.eventId),
    (erasure.subjects ?? []).map(bytes),
    after ?? lowestId(0),
    erasure.eventId,
    limit,
  ]);
  const ids = rows.map((row) => text(row["event"]));
  return { ids, next: ids.length < limit ? null : (ids.at(-1) ?? null) };
}

async function findOfShop(database: Database, erasure: Erasure, after: EventId | null, limit: number): Promise<ErasurePage> {
  const rows = await database.query(
    "read",
    `SELECT id, shop = $5 AND erased_at IS NULL AND id NOT IN (SELECT event FROM erasure) AS is_due FROM (
       SELECT day, id, shop, erased_at FROM event WHERE day BETWEEN $1 AND $2 AND id > $3::uuid AND id <= $4::uuid ORDER BY day, id LIMIT ${LOOKED_AT_MAX}
     ) AS looked_at ORDER BY day, id`,
    [after === null ? 0 : dayOf(after), dayOf(erasure.eventId), after ?? lowestId(0), erasure.eventId, erasure.shop],
  );
  const ids: EventId[] = [];
  for (const row of rows) {
    if (row["is_due"] === true) ids.push(text(row["id"]));
    if (ids.length === limit) return { ids, next: ids.at(-1) ?? null };
  }
  const last = rows.at(-1);
  return { ids, next: rows.length < LOOKED_AT_MAX || last === undefined ? null : text(last["id"]) };
}
