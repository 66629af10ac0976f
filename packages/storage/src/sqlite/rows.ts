import type { EventContent, EventHead, LogRow, StoredEvent, Task } from "@genhook/core";
import { logRowOf, number, numberOrNull, taskOf, text, textOrNull } from "../columns.ts";
import type { Row } from "./connection.ts";
import { toUuid } from "./uuid-bytes.ts";

export function toTask(row: Row): Task {
  return taskOf(row, toUuid(row["event"]));
}

export function toLogRow(row: Row): LogRow {
  return logRowOf(row, toUuid(row["event"]));
}

export function toEvent(row: Row): EventContent {
  return { ...toHeading(row), payload: row["payload"] as Uint8Array };
}

/** An event whose payload was not read. */
export function toEventHead(row: Row): EventHead {
  return { ...toHeading(row), ...toMatch(row) };
}

function toHeading(row: Row): Omit<EventContent, "payload"> {
  const changed = row["changed"];
  return {
    id: toUuid(row["id"]),
    shop: number(row["shop"]),
    app: numberOrNull(row["app"]),
    topic: text(row["topic"]),
    apiVersion: text(row["api_version"]),
    triggeredAt: text(row["triggered_at"]),
    acceptedAt: number(row["accepted_at"]),
    orderKey: textOrNull(row["order_key"]),
    changed: typeof changed === "string" ? (JSON.parse(changed) as string[]) : null,
    traceparent: textOrNull(row["traceparent"]),
    isTest: row["is_test"] === 1,
  };
}

export function toStoredEvent(row: Row): StoredEvent {
  return { ...toEvent(row), ...toMatch(row) };
}

function toMatch(row: Row): Pick<StoredEvent, "owes" | "directoryVersion" | "isErased"> {
  return {
    owes: JSON.parse(text(row["owes"])) as number[],
    directoryVersion: number(row["directory_version"]),
    isErased: row["erased_at"] !== null,
  };
}
