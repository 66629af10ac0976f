import { dayOf, dayOfTime, type DeliveryCursor, type FinalDeliveriesQuery, type LogRow } from "@genhook/core";
import { stateNumber } from "../columns.ts";
import type { Connection, SqlValue } from "./connection.ts";
import { listDays } from "./day-tables.ts";
import { toLogRow } from "./rows.ts";
import { toBytes } from "./uuid-bytes.ts";

/** A page of final deliveries, newest event first: day by day, so that it costs the same however much is kept. */
export function listFinal(connection: Connection, query: FinalDeliveriesQuery): LogRow[] {
  return connection.snapshot(() => {
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
  });
}

type Cursor = DeliveryCursor | null;
type State = FinalDeliveriesQuery["states"][number];

/** What is wanted of an index: where it begins, and the rest that its rows are tried for. */
interface Scope {
  readonly indexedBy: string;
  readonly where: string;
}

/** Reads one day in either direction; rows come in the direction of reading. */
class DayScan {
  readonly #connection: Connection;
  readonly #day: number;
  readonly #query: FinalDeliveriesQuery;
  readonly #isForward: boolean;

  constructor(connection: Connection, day: number, query: FinalDeliveriesQuery, isForward: boolean) {
    this.#isForward = isForward;
    this.#connection = connection;
    this.#day = day;
    this.#query = query;
  }

  read(cursor: Cursor, limit: number): LogRow[] {
    const { subscriptions, states } = this.#query;
    if (states.length === 0 || limit <= 0) return [];
    // Among many delivered ones the few in trouble are found by indexes of theirs, one state at a time.
    const groups = states.includes("delivered") ? [states] : states.map((state) => [state]);
    return this.#merge(
      groups.map((group) => {
        const scope = this.#scopeOf(group, subscriptions !== null);
        return subscriptions === null ? this.#rows(scope, [], cursor, limit) : this.#ofEach(scope, subscriptions, cursor, limit);
      }),
      limit,
    );
  }

  /** Left to itself SQLite goes through all that was delivered, so the index is named where there is a better one. */
  #scopeOf(states: readonly State[], isOfOne: boolean): Scope {
    const of = isOfOne ? "a.subscription = ? AND " : "";
    const numbers = states.map(stateNumber).join(", ");
    if (states.includes("delivered")) {
      return { indexedBy: isOfOne ? `INDEXED BY attempt_final_${this.#day}` : "", where: `${of}a.state IN (${numbers}) AND a.state > 0` };
    }
    return {
      indexedBy: `INDEXED BY attempt_trouble${isOfOne ? "_of" : ""}_${this.#day}`,
      where: `${of}a.state = ${numbers} AND a.state > 1`,
    };
  }

  /** Merges the rows of each: the newest one of every webhook first, and more only of those whose turn has come. */
  #ofEach(scope: Scope, subscriptions: readonly number[], cursor: Cursor, limit: number): LogRow[] {
    if (subscriptions.length === 1) return this.#rows(scope, subscriptions, cursor, limit);
    const compare = this.#isForward ? newestFirst : (a: LogRow, b: LogRow): number => newestFirst(b, a);
    const lanes = subscriptions.map((id) => ({ id, rows: this.#rows(scope, [id], cursor, 1) })).filter(({ rows }) => rows.length > 0);
    const more = Math.max(4, Math.ceil((2 * limit) / Math.max(1, lanes.length)));
    const found: LogRow[] = [];
    while (found.length < limit && lanes.length > 0) {
      let next = 0;
      for (let index = 1; index < lanes.length; index += 1) {
        if (compare(lanes[index]?.rows[0] as LogRow, lanes[next]?.rows[0] as LogRow) < 0) next = index;
      }
      const lane = lanes[next] as (typeof lanes)[number];
      const row = lane.rows.shift() as LogRow;
      found.push(row);
      if (lane.rows.length === 0) lane.rows = this.#rows(scope, [lane.id], row, more);
      if (lane.rows.length === 0) lanes.splice(next, 1);
    }
    return found;
  }

  #merge(lists: readonly (readonly LogRow[])[], limit: number): LogRow[] {
    const rows = lists.flat().sort(this.#isForward ? newestFirst : (a, b) => newestFirst(b, a));
    return rows.slice(0, limit);
  }

  #rows(scope: Scope, values: readonly SqlValue[], cursor: Cursor, limit: number): LogRow[] {
    const table = `attempt_${this.#day}`;
    const { from, to } = this.#query;
    const parameters = [...values];
    const conditions = [scope.where];
    const [order, beyond] = this.#isForward ? ["DESC", "<"] : ["ASC", ">"];
    const narrow = (condition: string, ...more: readonly SqlValue[]): void => {
      conditions.push(condition);
      parameters.push(...more);
    };
    if (cursor !== null) narrow(`(a.event, a.subscription) ${beyond} (?, ?)`, toBytes(cursor.eventId), cursor.subscription);
    if (from !== null) narrow("a.event >= ?", timeBound(from));
    if (to !== null) narrow("a.event < ?", timeBound(to + 1));
    // A final row that a replay has left behind is history: only the newest row of a delivery says its state.
    return this.#connection
      .all(
        `SELECT a.* FROM ${table} a ${scope.indexedBy} WHERE ${conditions.join(" AND ")}
           AND NOT EXISTS (SELECT 1 FROM ${table} b WHERE b.event = a.event AND b.subscription = a.subscription AND b.seq > a.seq)
         ORDER BY a.event ${order}, a.subscription ${order} LIMIT ?`,
        ...parameters,
        limit,
      )
      .map(toLogRow);
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
