import { dayOf, SHARDS, shardOf, type EventId } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";
import { hasDay } from "./day-tables.ts";
import { toBytes } from "./uuid-bytes.ts";
import type { Writer } from "./writer.ts";

/** Erases events in one transaction; answers the subscriptions of what was still pending. */
export function eraseEvents(writer: Writer, ids: readonly EventId[], at: number): number[] {
  const touched = new Set<number>();
  writer.atomically(() => {
    for (const id of ids) eraseOne(writer, id, at, touched);
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
    eraseOne(writer, id, at, touched);
    writer.connection.run("DELETE FROM erasure WHERE event = ?", toBytes(id));
  });
  writer.connection.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return [...touched];
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
