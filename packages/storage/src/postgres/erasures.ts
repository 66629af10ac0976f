import { dayOf, SHARDS, type Erasure, type ErasurePage, type Erasures, type EventId } from "@genhook/core";
import type { Database, Query } from "./database.ts";
import { lowestId } from "./day.ts";
import { endTasks } from "./end-tasks.ts";
import { bytes, number, text } from "./rows.ts";

/** Rows that one look may pass: a shop's events lie among everybody's. */
const LOOKED_AT_MAX = 5_000;

/**
 * What is pending of events: the queue's key has no index by event, but a delivery's due time stands in its log, and a lane is one
 * subscription; its rows may carry any shard while they move. `$1` days, `$2` ids.
 */
const PENDING = `
SELECT t.shard, t.lane, t.due, t.event, t.seq
FROM unnest($1::integer[], $2::uuid[]) AS k (day, id) JOIN event e ON e.day = k.day AND e.id = k.id
CROSS JOIN LATERAL unnest(e.owes) AS o (subscription)
LEFT JOIN LATERAL (
  SELECT a.state, a.next_at FROM attempt a WHERE a.day = k.day AND a.event = k.id AND a.subscription = o.subscription ORDER BY a.seq DESC LIMIT 1
) last ON true
CROSS JOIN generate_series(0, ${SHARDS - 1}) AS s (shard)
JOIN task t ON t.shard = s.shard AND t.lane = o.subscription AND t.due = coalesce(last.next_at, e.accepted_at) AND t.event = k.id
WHERE coalesce(last.state, 0) = 0`;

/** `$3` at. */
const CANCEL = endTasks(PENDING, { state: 3, reason: "'redacted'", at: "$3" });

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
  const days = ids.map(dayOf);
  const cancelled = await query(CANCEL, [days, ids, at]);
  const keys = "unnest($1::integer[], $2::uuid[]) AS k (day, id)";
  await query(
    `UPDATE event e SET payload = '', order_key = NULL, erased_at = $3 FROM ${keys} WHERE e.day = k.day AND e.id = k.id AND e.erased_at IS NULL`,
    [days, ids, at],
  );
  await query(
    `UPDATE attempt a SET response_headers = NULL, response_body = NULL FROM ${keys}
     WHERE a.day = k.day AND a.event = k.id AND (a.response_headers IS NOT NULL OR a.response_body IS NOT NULL)`,
    [days, ids],
  );
  await query(`DELETE FROM event_subject s USING ${keys} WHERE s.day = k.day AND s.event = k.id`, [days, ids]);
  return [...new Set(cancelled.map((row) => number(row["subscription"])))];
}

async function findOfSubjects(database: Database, erasure: Erasure, after: EventId | null, limit: number): Promise<ErasurePage> {
  const rows = await database.query(
    "read",
    `SELECT DISTINCT event FROM event_subject
     WHERE day BETWEEN $1 AND $2 AND subject = ANY($3::bytea[]) AND event > $4::uuid AND event <= $5::uuid AND event NOT IN (SELECT event FROM erasure)
     ORDER BY event LIMIT $6`,
    [
      after === null ? 0 : dayOf(after),
      dayOf(erasure.eventId),
      (erasure.subjects ?? []).map(bytes),
      after ?? lowestId(0),
      erasure.eventId,
      limit,
    ],
  );
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
