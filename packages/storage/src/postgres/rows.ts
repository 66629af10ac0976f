import type { AttemptError, DeliveryReason, DeliveryState, EventContent, EventHead, LogRow, StoredEvent, Task } from "@genhook/core";
import type { Row } from "./database.ts";

const KINDS: readonly LogRow["kind"][] = ["attempt", "ended", "reopened"];
const STATES: readonly DeliveryState[] = ["pending", "delivered", "dead", "cancelled"];

export function kindNumber(kind: LogRow["kind"]): number {
  return KINDS.indexOf(kind);
}

export function stateNumber(state: DeliveryState): number {
  return STATES.indexOf(state);
}

/** Columns of an event without its payload. */
export const HEAD_COLUMNS =
  "e.id, e.shop, e.app, e.topic, e.api_version, e.triggered_at, e.accepted_at, e.order_key, e.changed, e.is_test, e.owes, e.directory_version, e.erased_at";

export function toTask(row: Row): Task {
  return {
    shard: number(row["shard"]),
    lane: number(row["lane"]),
    due: number(row["due"]),
    eventId: text(row["event"]),
    subscription: number(row["subscription"]),
    seq: number(row["seq"]),
    round: number(row["round"]),
    attempts: number(row["attempts"]),
    attemptsEver: number(row["attempts_ever"]),
  };
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
    isTest: row["is_test"] === true,
  };
}

export function toLogRow(row: Row): LogRow {
  return {
    kind: KINDS[number(row["kind"])] ?? "attempt",
    subscription: number(row["subscription"]),
    eventId: text(row["event"]),
    seq: number(row["seq"]),
    round: number(row["round"]),
    n: number(row["n"]),
    at: number(row["at"]),
    durationMs: number(row["duration_ms"]),
    status: numberOrNull(row["status"]),
    error: textOrNull(row["error"]) as AttemptError | null,
    detail: textOrNull(row["detail"]),
    address: text(row["address"]),
    responseHeaders: textOrNull(row["response_headers"]),
    responseBody: row["response_body"] instanceof Uint8Array ? row["response_body"] : null,
    state: STATES[number(row["state"])] ?? "pending",
    reason: textOrNull(row["reason"]) as DeliveryReason | null,
    nextAt: numberOrNull(row["next_at"]),
    shop: number(row["shop"]),
    app: number(row["app"]),
  };
}

export function number(value: unknown): number {
  if (typeof value !== "number") throw new TypeError(`a number was expected in a column, not ${typeof value}`);
  return value;
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in a column, not ${typeof value}`);
  return value;
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : number(value);
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
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
