import { dayOf, dayOfTime, type DeliveryCursor, type FinalDeliveriesQuery, type LogRow } from "@genhook/core";
import { stateNumber } from "../columns.ts";
import type { Connection, Row, SqlValue } from "./connection.ts";
import { listDays } from "./day-tables.ts";
import { toLogRow } from "./rows.ts";
import { toBytes } from "./uuid-bytes.ts";

/** Up to this many subscriptions are asked one by one through the index and merged; for more, the day is read newest first and filtered. */
const MERGE_MAX = 128;
const SCAN_PAGE = 500;

/** A page of final deliveries, newest event first: day by day, so that it costs the same however much is kept. */
export function listFinal(connection: Connection, query: FinalDeliveriesQuery): LogRow[] {
  const found: LogRow[] = [];
  const first = query.from === null ? Number.NEGATIVE_INFINITY : dayOfTime(query.from);
  const last = query.to === null ? Number.POSITIVE_INFINITY : dayOfTime(query.to);
  const isForward = "after" in query.turn;
  const cursor = isForward ? query.turn.after : query.turn.before;
  const cursorDay = cursor === null ? null : dayOf(cursor.eventId);
  const days = listDays(connection);
  for (const day of isForward ? days.reverse() : days) {
    if (day > last || day < first) continue;
    if (cursorDay !== null && (isForward ? day > cursorDay : day < cursorDay)) continue;
    found.push(...new DayScan(connection, day, query, isForward).read(cursor, query.limit - found.length));
    if (found.length >= query.limit) break;
  }
  return isForward ? found : found.reverse();
}

type Cursor = DeliveryCursor | null;

/** Reads one day in either direction; rows come in the direction of reading. */

class DayScan {
  readonly #connection: Connection;
  readonly #day: number;
  readonly #query: FinalDeliveriesQuery;
  readonly #states: string;
  readonly #isForward: boolean;

  constructor(connection: Connection, day: number, query: FinalDeliveriesQuery, isForward: boolean) {
    this.#isForward = isForward;
    this.#connection = connection;
    this.#day = day;
    this.#query = query;
    this.#states = query.states.map(stateNumber).join(", ");
  }

  read(cursor: Cursor, limit: number): LogRow[] {
    if (this.#states === "" || limit <= 0) return [];
    const { subscriptions } = this.#query;
    if (subscriptions === null) return this.#scan(cursor, limit, null);
    if (subscriptions.length > MERGE_MAX) return this.#scan(cursor, limit, new Set(subscriptions));
    const rows = subscriptions.flatMap((each) => this.#rows("a.subscription = ?", [each], cursor, limit, this.#ofOne).map(toLogRow));
    return rows.sort((a, b) => (this.#isForward ? newestFirst(a, b) : newestFirst(b, a))).slice(0, limit);
  }

  #scan(cursor: Cursor, limit: number, subscriptions: ReadonlySet<number> | null): LogRow[] {
    const found: LogRow[] = [];
    let from = cursor;
    for (;;) {
      const size = subscriptions === null ? limit - found.length : SCAN_PAGE;
      const rows = this.#rows("1", [], from, size).map(toLogRow);
      for (const row of rows) {
        if (subscriptions === null || subscriptions.has(row.subscription)) found.push(row);
        if (found.length >= limit) return found;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return found;
      from = { eventId: last.eventId, subscription: last.subscription };
    }
  }

  /** Among many delivered ones the few in trouble are found by an index of theirs; left to itself SQLite goes through all of them. */
  get #ofOne(): string {
    return this.#states.includes("1") ? "" : ` INDEXED BY attempt_trouble_of_${this.#day}`;
  }

  #rows(filter: string, values: readonly SqlValue[], cursor: Cursor, limit: number, indexedBy: string = ""): Row[] {
    const table = `attempt_${this.#day}`;
    const { from, to } = this.#query;
    const parameters = [...values];
    const conditions = [filter, `a.state IN (${this.#states})`, "a.state > 0"];
    if (!this.#states.includes("1")) conditions.push("a.state > 1");
    const [order, beyond] = this.#isForward ? ["DESC", "<"] : ["ASC", ">"];
    if (cursor !== null) {
      conditions.push(`(a.event, a.subscription) ${beyond} (?, ?)`);
      parameters.push(toBytes(cursor.eventId), cursor.subscription);
    }
    if (from !== null) {
      conditions.push("a.event >= ?");
      parameters.push(timeBound(from));
    }
    if (to !== null) {
      conditions.push("a.event < ?");
      parameters.push(timeBound(to + 1));
    }
    // A final row that a replay has left behind is history: only the newest row of a delivery says its state.
    return this.#connection.all(
      `SELECT a.* FROM ${table} a${indexedBy} WHERE ${conditions.join(" AND ")}
         AND NOT EXISTS (SELECT 1 FROM ${table} b WHERE b.event = a.event AND b.subscription = a.subscription AND b.seq > a.seq)
       ORDER BY a.event ${order}, a.subscription ${order} LIMIT ?`,
      ...parameters,
      limit,
    );
  }
}

/** The smallest id that an event accepted at this time (ms) can have. */
function timeBound(atMs: number): Uint8Array {
  const bound = Buffer.alloc(16);
  bound.writeUIntBE(Math.max(0, atMs), 0, 6);
  return bound;
}

function newestFirst(a: LogRow, b: LogRow): number {
  if (a.eventId !== b.eventId) return a.eventId < b.eventId ? 1 : -1;
  return b.subscription - a.subscription;
}
