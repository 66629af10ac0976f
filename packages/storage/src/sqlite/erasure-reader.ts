import { dayOf, type Erasure, type ErasurePage, type EventId } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, SqlValue } from "./connection.ts";
import { listDays } from "./day-tables.ts";
import { toBytes, toUuid } from "./uuid-bytes.ts";

/** Rows that one look may pass: a shop's events lie among everybody's. */
const LOOKED_AT_MAX = 5_000;

export function openErasures(connection: Connection): Erasure[] {
  return connection.all("SELECT event, shop, subjects FROM erasure ORDER BY event").map((row) => ({
    eventId: toUuid(row["event"]),
    shop: number(row["shop"]),
    subjects: row["subjects"] === null ? null : (JSON.parse(text(row["subjects"])) as string[]),
  }));
}

export function findErasable(connection: Connection, erasure: Erasure, after: EventId | null, limit: number): ErasurePage {
  const last = dayOf(erasure.eventId);
  const from = after === null ? null : dayOf(after);
  for (const day of listDays(connection)) {
    if (day > last || (from !== null && day < from)) continue;
    const begin = from === day && after !== null ? toBytes(after) : new Uint8Array();
    const page =
      erasure.subjects === null ? ofShop(connection, day, erasure, begin, limit) : ofSubjects(connection, day, erasure, begin, limit);
    if (page.ids.length > 0 || page.next !== null) {
      // Behind the day's last row the next day follows.
      return { ids: page.ids, next: page.next ?? page.ids.at(-1) ?? null };
    }
  }
  return { ids: [], next: null };
}

function ofSubjects(connection: Connection, day: number, erasure: Erasure, begin: SqlValue, limit: number): ErasurePage {
  const subjects = erasure.subjects ?? [];
  const marks = subjects.map(() => "?").join(", ");
  const ids = connection
    .all(
      `SELECT DISTINCT event FROM event_subject_${day}
       WHERE subject IN (${marks}) AND event > ? AND event <= ? AND event NOT IN (SELECT event FROM erasure) ORDER BY event LIMIT ?`,
      ...subjects.map((subject) => Buffer.from(subject, "hex")),
      begin,
      toBytes(erasure.eventId),
      limit,
    )
    .map((row) => toUuid(row["event"]));
  return { ids, next: null };
}

function ofShop(connection: Connection, day: number, erasure: Erasure, begin: SqlValue, limit: number): ErasurePage {
  const rows = connection.all(
    `SELECT id, shop, erased_at, id IN (SELECT event FROM erasure) AS is_open FROM event_${day} WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    begin,
    toBytes(erasure.eventId),
    LOOKED_AT_MAX,
  );
  const ids: EventId[] = [];
  for (const row of rows) {
    if (row["shop"] === erasure.shop && row["erased_at"] === null && row["is_open"] === 0) ids.push(toUuid(row["id"]));
    if (ids.length === limit) return { ids, next: ids.at(-1) ?? null };
  }
  const last = rows.at(-1);
  return { ids, next: rows.length < LOOKED_AT_MAX || last === undefined ? null : toUuid(last["id"]) };
}
