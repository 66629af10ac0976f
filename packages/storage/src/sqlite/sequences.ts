import type { DeliveryKey, Numbered, SequencePage } from "@genhook/core";
import { number } from "../columns.ts";
import type { Connection } from "./connection.ts";
import { boundsOf } from "./day-tables.ts";
import { toBytes, toUuid } from "./uuid-bytes.ts";
import type { Writer } from "./writer.ts";

const NUMBER_OF = "SELECT n FROM sequence WHERE event = ? AND subscription = ?";
const LAST_OF = "SELECT n FROM sequence WHERE subscription = ? ORDER BY n DESC LIMIT 1";
const FLOOR_OF = "SELECT n FROM sequence_floor WHERE subscription = ?";
/** Subscriptions whose first number is of an old event. */
const BEGINS_OLD = `SELECT s.subscription FROM sequence s
  WHERE s.event < ? AND (SELECT q.event FROM sequence q WHERE q.subscription = s.subscription ORDER BY q.n LIMIT 1) < ? ORDER BY s.event LIMIT ?`;

/** Gives numbers in one transaction (`Sequences.assign`), in the thread that owns the one connection that writes: nobody comes in between. */
export function assignNumbers(writer: Writer, deliveries: readonly DeliveryKey[]): number[] {
  const { connection } = writer;
  const last = new Map<number, number>();
  return writer.atomically(() =>
    deliveries.map(({ eventId, subscription }) => {
      const event = toBytes(eventId);
      const known = connection.get(NUMBER_OF, event, subscription);
      if (known !== undefined) return number(known["n"]);
      const n = (last.get(subscription) ?? lastNumber(connection, subscription)) + 1;
      connection.run("INSERT INTO sequence (subscription, n, event) VALUES (?, ?, ?)", subscription, n, event);
      last.set(subscription, n);
      return n;
    }),
  );
}

export function numbersOf(connection: Connection, deliveries: readonly DeliveryKey[]): (number | null)[] {
  return deliveries.map(({ eventId, subscription }) => {
    const row = connection.get(NUMBER_OF, toBytes(eventId), subscription);
    return row === undefined ? null : number(row["n"]);
  });
}

export function readNumbers(connection: Connection, subscription: number, after: number, limit: number): SequencePage {
  // Before the rows: of what is given meanwhile the answer says too little, never too much.
  const first = floorOf(connection, subscription) + 1;
  const entries = connection
    .all("SELECT n, event FROM sequence WHERE subscription = ? AND n > ? ORDER BY n LIMIT ?", subscription, after, limit)
    .map((row): Numbered => ({ n: number(row["n"]), eventId: toUuid(row["event"]) }));
  return { entries, first, last: lastNumber(connection, subscription) };
}

export function lastNumbers(connection: Connection, subscriptions: readonly number[]): number[] {
  return subscriptions.map((subscription) => lastNumber(connection, subscription));
}

/** Forgets numbers of old events (`Sequences.forget`). What is old and stands behind something younger is passed over. */
export function forgetNumbers(writer: Writer, day: number, limit: number): number {
  const { connection } = writer;
  const [, bound] = boundsOf(day);
  const subscriptions = new Set(connection.all(BEGINS_OLD, bound, bound, limit).map((row) => number(row["subscription"])));
  let forgotten = 0;
  writer.atomically(() => {
    for (const subscription of subscriptions) {
      if (forgotten < limit) forgotten += forgetPrefix(connection, subscription, bound, limit - forgotten);
    }
  });
  return forgotten;
}

function forgetPrefix(connection: Connection, subscription: number, bound: Uint8Array, limit: number): number {
  const rows = connection.all(
    "SELECT n, event < ? AS is_old FROM sequence WHERE subscription = ? ORDER BY n LIMIT ?",
    bound,
    subscription,
    limit,
  );
  const kept = rows.findIndex((row) => row["is_old"] !== 1);
  const floor = (kept < 0 ? rows : rows.slice(0, kept)).at(-1)?.["n"];
  if (floor === undefined) return 0;
  connection.run(
    "INSERT INTO sequence_floor (subscription, n) VALUES (?, ?) ON CONFLICT (subscription) DO UPDATE SET n = excluded.n",
    subscription,
    floor,
  );
  return connection.run("DELETE FROM sequence WHERE subscription = ? AND n <= ?", subscription, floor);
}

/** The highest that was ever given: where all are forgotten, the floor. */
function lastNumber(connection: Connection, subscription: number): number {
  const row = connection.get(LAST_OF, subscription);
  return row === undefined ? floorOf(connection, subscription) : number(row["n"]);
}

function floorOf(connection: Connection, subscription: number): number {
  const row = connection.get(FLOOR_OF, subscription);
  return row === undefined ? 0 : number(row["n"]);
}
