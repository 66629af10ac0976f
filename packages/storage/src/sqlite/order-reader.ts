import type { DeliveryKey, KeyBlock, LaneRef, Turn } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection } from "./connection.ts";
import { toBytes, toUuid } from "./uuid-bytes.ts";

export function owes(connection: Connection, subscription: number, lanes: readonly LaneRef[]): boolean {
  return lanes.some(
    ({ shard, lane }) =>
      connection.get("SELECT 1 FROM task WHERE shard = ? AND lane = ? AND subscription = ? LIMIT 1", shard, lane, subscription) !==
      undefined,
  );
}

export function listBlocks(
  connection: Connection,
  subscriptions: readonly number[] | null,
  turn: Turn<DeliveryKey>,
  limit: number,
): KeyBlock[] {
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const [order, beyond] = isForward ? ["", ">"] : [" DESC", "<"];
  const conditions = [
    ...(subscriptions === null ? [] : ["subscription IN (SELECT value FROM json_each(?))"]),
    ...(cursor === null ? [] : [`(subscription, event) ${beyond} (?, ?)`]),
  ];
  const rows = connection.all(
    `SELECT * FROM lane_block ${conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`} ORDER BY subscription${order}, event${order} LIMIT ?`,
    ...(subscriptions === null ? [] : [JSON.stringify(subscriptions)]),
    ...(cursor === null ? [] : [cursor.subscription, toBytes(cursor.eventId)]),
    limit,
  );
  const blocks = rows.map((row) => ({
    subscription: number(row["subscription"]),
    eventId: toUuid(row["event"]),
    orderKey: JSON.parse(text(row["order_key"])) as string,
    since: number(row["since"]),
  }));
  return isForward ? blocks : blocks.reverse();
}
