import {
  keyLaneOf,
  type CancelReason,
  type DeliveryKey,
  type LaneRef,
  type MoveGuard,
  type Settlement,
  type StandingTask,
  type TaskMove,
} from "@genhook/core";
import type { Connection, Row } from "./connection.ts";
import { toTask } from "./rows.ts";
import { toBytes } from "./uuid-bytes.ts";
import type { Writer } from "./writer.ts";

const FIND_TASK = "SELECT * FROM task WHERE shard = ? AND lane = ? AND due = ? AND event = ? AND subscription = ? AND seq = ?";

/** What a settlement means for the delivery's order key; inside its transaction. */
export function settleOrder(connection: Connection, { row, order }: Settlement, event: Uint8Array): void {
  if (order === undefined) return;
  if (order.blocks !== null) {
    // As JSON: the text of a column can hold no half of a surrogate pair.
    const values = [row.subscription, event, JSON.stringify(order.blocks), row.at] as const;
    connection.run("INSERT OR IGNORE INTO lane_block (subscription, event, order_key, since) VALUES (?, ?, ?, ?)", ...values);
  }
  if (order.unblocks) connection.run("DELETE FROM lane_block WHERE subscription = ? AND event = ?", row.subscription, event);
}

/** Where the new round of an ordered delivery queues; inside the transaction of the replay. */
export function reopenedAt(
  writer: Writer,
  { eventId, subscription }: DeliveryKey,
  orderKey: string,
  { shard, lane }: LaneRef,
  at: number,
): LaneRef & { readonly due: number } {
  const block = writer.connection.get("SELECT 1 FROM lane_block WHERE subscription = ? AND event = ?", subscription, toBytes(eventId));
  return block === undefined ? { shard, lane, due: writer.nextPlace() } : { shard, lane: keyLaneOf(lane, orderKey), due: at };
}

export function moveTasks(writer: Writer, moves: readonly TaskMove[], { directoryVersion }: MoveGuard): boolean[] | null {
  return writer.atomically(() => {
    if (directoryVersion !== null && writer.directoryVersion() !== directoryVersion) return null;
    return moves.map((move) => {
      const row = findTask(writer.connection, move);
      if (row === undefined) return false;
      const event = row["event"] as Uint8Array;
      writer.deleteTask(move.key, event, move.seq);
      writer.insertTask({ ...toTask(row), ...move.to }, event);
      return true;
    });
  });
}

export function endTasks(
  writer: Writer,
  tasks: readonly StandingTask[],
  reason: CancelReason,
  at: number,
  directoryVersion: number,
): number | null {
  return writer.atomically(() => {
    if (writer.directoryVersion() !== directoryVersion) return null;
    let ended = 0;
    for (const task of tasks) {
      const row = findTask(writer.connection, task);
      if (row === undefined) continue;
      writer.endTask(row, "cancelled", reason, at);
      ended += 1;
    }
    return ended;
  });
}

export function unblock(writer: Writer, deliveries: readonly DeliveryKey[]): boolean[] {
  return writer.atomically(() =>
    deliveries.map(
      ({ subscription, eventId }) =>
        writer.connection.run("DELETE FROM lane_block WHERE subscription = ? AND event = ?", subscription, toBytes(eventId)) > 0,
    ),
  );
}

function findTask(connection: Connection, { key, seq }: StandingTask): Row | undefined {
  return connection.get(FIND_TASK, key.shard, key.lane, key.due, toBytes(key.eventId), key.subscription, seq);
}
