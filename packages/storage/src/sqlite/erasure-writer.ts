import { dayOf, SHARDS, shardOf, type EventId, type Subscription } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";
import { hasDay } from "./day-tables.ts";
import { toBytes } from "./uuid-bytes.ts";
import type { Writer } from "./writer.ts";

/** Erases events in one transaction; answers the subscriptions of what was still pending. */
export function eraseEvents(writer: Writer, ids: readonly EventId[], at: number): number[] {
  const touched = new Set<number>();
  writer.atomically(() => {
    eraseAll(writer, ids, at, touched);
  });
  return [...touched];
}

/**
 * Erases the redact event and forgets the erasure. Freed pages are overwritten (`secure_delete`), but the log still has old copies of them:
 * it is emptied, which waits for readers.
 */
export function finishErasure(writer: Writer, id: EventId, at: number): number[] {
  const touched = new Set<number>();
  writer.atomically(() => {
    eraseAll(writer, [id], at, touched);
    writer.connection.run("DELETE FROM erasure WHERE event = ?", toBytes(id));
  });
  writer.connection.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return [...touched];
}

function eraseAll(writer: Writer, ids: readonly EventId[], at: number, touched: Set<number>): void {
  for (const task of orderedTasks(writer.connection, ids)) {
    writer.endTask(task, "cancelled", "redacted", at);
    touched.add(number(task["subscription"]));
  }
  for (const id of ids) eraseOne(writer, id, at, touched);
}

/**
 * What is owed of events in ordered lanes, where neither due time nor lane can be told from the log: one look through the ordered lanes of the
 * subscriptions concerned, for all events together.
 */
function orderedTasks(connection: Connection, ids: readonly EventId[]): Row[] {
  const subscriptions = new Set<number>();
  const events: string[] = [];
  for (const id of ids) {
    if (!hasDay(connection, dayOf(id))) continue;
    const stored = connection.get(`SELECT order_key, owes FROM event_${dayOf(id)} WHERE id = ? AND erased_at IS NULL`, toBytes(id));
    if (stored === undefined || stored["order_key"] === null) continue;
    events.push(id.replaceAll("-", ""));
    for (const subscription of JSON.parse(text(stored["owes"])) as number[]) subscriptions.add(subscription);
  }
  const lanes = new Map<number, number[]>();
  for (const subscription of subscriptions) {
    const body = connection.get("SELECT body FROM subscription WHERE id = ? ORDER BY version DESC LIMIT 1", subscription)?.["body"];
    const { order, endpoint } = JSON.parse(body === undefined ? "{}" : text(body)) as Partial<Subscription>;
    if (order === undefined || endpoint === undefined) continue;
    for (const { shard, lane } of [{ shard: shardOf(endpoint), lane: order.lane }, ...order.left]) {
      lanes.set(shard, [...(lanes.get(shard) ?? []), lane]);
    }
  }
  return [...lanes].flatMap(([shard, named]) =>
    connection.all(
      `SELECT * FROM task WHERE shard = ? AND (lane < 0 OR lane IN (SELECT value FROM json_each(?)))
         AND event IN (SELECT unhex(value) FROM json_each(?))`,
      shard,
      JSON.stringify(named),
      JSON.stringify(events),
    ),
  );
}

function eraseOne(writer: Writer, id: EventId, at: number, touched: Set<number>): void {
  const { connection } = writer;
  const day = dayOf(id);
  const event = toBytes(id);
  if (!hasDay(connection, day)) return;
  const stored = connection.get(`SELECT accepted_at, owes FROM event_${day} WHERE id = ? AND erased_at IS NULL`, event);
  if (stored === undefined) return;
  for (const subscription of JSON.parse(text(stored["owes"])) as number[]) {
    const task = pendingTask(connection, day, event, subscription, number(stored["accepted_at"]));
    if (task === undefined) continue;
    writer.endTask(task, "cancelled", "redacted", at);
    touched.add(subscription);
  }
  connection.run(`UPDATE event_${day} SET payload = x'', order_key = NULL, erased_at = ? WHERE id = ?`, at, event);
  connection.run(`UPDATE attempt_${day} SET response_headers = NULL, response_body = NULL WHERE event = ?`, event);
  connection.run(`DELETE FROM event_subject_${day} WHERE event = ?`, event);
  // What cannot be sent again must not keep its key waiting.
  connection.run("DELETE FROM lane_block WHERE event = ?", event);
}

/** The row of a delivery in the queue, whose key has no index by event: its due time stands in the log, its shard follows from the endpoint. */
function pendingTask(connection: Connection, day: number, event: Uint8Array, subscription: number, acceptedAt: number): Row | undefined {
  const last = connection.get(
    `SELECT state, next_at FROM attempt_${day} WHERE event = ? AND subscription = ? ORDER BY seq DESC LIMIT 1`,
    event,
    subscription,
  );
  if (last !== undefined && last["state"] !== 0) return undefined;
  const due = last === undefined ? acceptedAt : number(last["next_at"]);
  const body = connection.get("SELECT body FROM subscription WHERE id = ? ORDER BY version DESC LIMIT 1", subscription)?.["body"];
  const home = body === undefined ? 0 : shardOf((JSON.parse(text(body)) as { endpoint: string }).endpoint);
  // Rows of a lane whose endpoint has changed may not have moved yet.
  for (let step = 0; step < SHARDS; step += 1) {
    const task = connection.get(
      "SELECT * FROM task WHERE shard = ? AND lane = ? AND due = ? AND event = ? AND subscription = ?",
      (home + step) % SHARDS,
      subscription,
      due,
      event,
      subscription,
    );
    if (task !== undefined) return task;
  }
  return undefined;
}
