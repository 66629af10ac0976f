import type { EventContent, EventHead, LogRow, StoredEvent, Task } from "@genhook/core";
import { logRowOf, number, numberOrNull, taskOf, text, textOrNull } from "../columns.ts";
import type { Row } from "./database.ts";

/** Columns of an event without its payload. */
export const HEAD_COLUMNS =
  "e.id, e.shop, e.app, e.topic, e.api_version, e.triggered_at, e.accepted_at, e.order_key, e.changed, e.traceparent, e.is_test, e.owes, e.directory_version, e.erased_at";

export function toTask(row: Row): Task {
  return taskOf(row, text(row["event"]));
}

export function toLogRow(row: Row): LogRow {
  return logRowOf(row, text(row["event"]));
}

export function toEvent(row: Row): EventContent {
  return { ...toHeading(row), payload: row["payload"] as Uint8Array };
}

export function toEventHead(row: Row): EventHead {
  return {
    ...toHeading(row),
    owes: row["owes"] as number[],
    directoryVersion: number(row["directory_version"]),
    isErased: row["erased_at"] !== null,
  };
}

export function toStoredEvent(row: Row): StoredEvent {
  return { ...toEventHead(row), payload: row["payload"] as Uint8Array };
}

function toHeading(row: Row): Omit<EventContent, "payload"> {
  const { order_key: orderKey, changed } = row;
  return {
    id: text(row["id"]),
    shop: number(row["shop"]),
    app: numberOrNull(row["app"]),
    topic: text(row["topic"]),
    apiVersion: text(row["api_version"]),
    triggeredAt: text(row["triggered_at"]),
    acceptedAt: number(row["accepted_at"]),
    orderKey: typeof orderKey === "string" ? (JSON.parse(orderKey) as string) : null,
    changed: typeof changed === "string" ? (JSON.parse(changed) as string[]) : null,
    traceparent: textOrNull(row["traceparent"]),
    isTest: row["is_test"] === true,
  };
}

/** A text as a column can hold it: PostgreSQL's has no U+0000, and no half of a surrogate pair. For what is only shown to people. */
export function storable(value: string | null): string | null {
  return value === null ? null : value.replaceAll("\0", "").toWellFormed();
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

/** A list as the text that PostgreSQL reads an array of numbers from: for lists within lists, which `unnest` would flatten. */
export function numberList(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}
