import { dayOf, dayOfTime, type FinalDeliveriesQuery, type LogRow } from "@genhook/core";
import type { Connection, Row, SqlValue } from "./connection.ts";
import { listDays } from "./day-tables.ts";
import { stateNumber, toLogRow } from "./rows.ts";
import { toBytes } from "./uuid-bytes.ts";

/** Up to this many subscriptions are asked one by one through the index and merged; for more, the day is read newest first and filtered. */
const MERGE_MAX = 128;
const SCAN_PAGE = 500;

/** Final deliveries newest event first: day by day, so that a page costs the same however much is kept. */
export function listFinal(connection: Connection, query: FinalDeliveriesQuery): LogRow[] {
  const found: LogRow[] = [];
  const first = query.from === null ? Number.NEGATIVE_INFINITY : dayOfTime(query.from);
  const last = Math.min(
    query.to === null ? Number.POSITIVE_INFINITY : dayOfTime(query.to),
    query.after === null ? Number.POSITIVE_INFINITY : dayOf(query.after.eventId),
  );
  for (const day of listDays(connection).reverse()) {
    if (day > last || day < first) continue;
    const scan = new DayScan(connection, day, query);
    found.push(...scan.read(query.limit - found.length));
    if (found.length >= query.limit) break;
  }
  return found;
}

class DayScan {
  readonly #connection: Connection;
  readonly #day: number;
  readonly #query: FinalDeliveriesQuery;
  readonly #states: string;

  constructor(connection: Connection, day: number, query: FinalDeliveriesQuery) {
    this.#connection = connection;
    this.#day = day;
    this.#query = query;
    this.#states = query.states.map(stateNumber).join(", ");
  }

  read(limit: number): LogRow[] {
    if (this.#states === "" || limit <= 0) return [];
    const { subscriptions } = this.#query;
    if (subscriptions === null) return this.#scan(limit, null);
    if (subscriptions.length > MERGE_MAX) return this.#scan(limit, new Set(subscriptions));
    const rows = subscriptions.flatMap((subscription) => this.#ofSubscription(subscription, limit));
    return rows.sort(newestFirst).slice(0, limit);
  }

  #ofSubscription(subscription: number, limit: number): LogRow[] {
    return this.#rows("a.subscription = ?", [subscription], limit).map(toLogRow);
  }

  #scan(limit: number, subscriptions: ReadonlySet<number> | null): LogRow[] {
    const found: LogRow[] = [];
    let after = this.#query.after;
    for (;;) {
      const size = subscriptions === null ? limit - found.length : SCAN_PAGE;
      const rows = this.#rows("1", [], size, after).map(toLogRow);
      for (const row of rows) {
        if (subscriptions === null || subscriptions.has(row.subscription)) found.push(row);
        if (found.length >= limit) return found;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return found;
      after = { eventId: last.eventId, subscription: last.subscription };
    }
  }

  #rows(filter: string, values: SqlValue[], limit: number, after: FinalDeliveriesQuery["after"] = this.#query.after): Row[] {
    const table = `attempt_${this.#day}`;
    const { from, to } = this.#query;
    const parameters = [...values];
    const conditions = [filter, `a.state IN (${this.#states})`, "a.state > 0"];
    if (!this.#states.includes("1")) conditions.push("a.state > 1");
    if (after !== null) {
      conditions.push("(a.event, a.subscription) < (?, ?)");
      parameters.push(toBytes(after.eventId), after.subscription);
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
      `SELECT a.* FROM ${table} a WHERE ${conditions.join(" AND ")}
         AND NOT EXISTS (SELECT 1 FROM ${table} b WHERE b.event = a.event AND b.subscription = a.subscription AND b.seq > a.seq)
       ORDER BY a.event DESC, a.subscription DESC LIMIT ?`,
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
