import type { AttemptError, DeliveryReason, DeliveryState, EventContent, EventHead, LogRow, StoredEvent, Task } from "@genhook/core";
import type { Row, SqlValue } from "./connection.ts";
import { toUuid } from "./uuid-bytes.ts";

const KINDS: readonly LogRow["kind"][] = ["attempt", "ended", "reopened"];
const STATES: readonly DeliveryState[] = ["pending", "delivered", "dead", "cancelled"];

export function kindNumber(kind: LogRow["kind"]): number {
  return KINDS.indexOf(kind);
}

export function stateNumber(state: DeliveryState): number {
  return STATES.indexOf(state);
}

export function toTask(row: Row): Task {
  return {
    shard: number(row["shard"]),
    lane: number(row["lane"]),
    due: number(row["due"]),
    eventId: toUuid(row["event"]),
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

/** An event whose payload was not read. */
export function toEventHead(row: Row): EventHead {
  return { ...toHeading(row), ...toMatch(row) };
}

function toHeading(row: Row): Omit<EventContent, "payload"> {
  const changed = row["changed"];
  return {
    id: toUuid(row["id"]),
    shop: number(row["shop"]),
    app: row["app"] === null ? null : number(row["app"]),
    topic: text(row["topic"]),
    apiVersion: text(row["api_version"]),
    triggeredAt: text(row["triggered_at"]),
    acceptedAt: number(row["accepted_at"]),
    orderKey: textOrNull(row["order_key"]),
    changed: typeof changed === "string" ? (JSON.parse(changed) as string[]) : null,
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

export function toLogRow(row: Row): LogRow {
  return {
    kind: KINDS[number(row["kind"])] ?? "attempt",
    subscription: number(row["subscription"]),
    eventId: toUuid(row["event"]),
    seq: number(row["seq"]),
    round: number(row["round"]),
    n: number(row["n"]),
    at: number(row["at"]),
    durationMs: number(row["duration_ms"]),
    status: row["status"] === null ? null : number(row["status"]),
    error: textOrNull(row["error"]) as AttemptError | null,
    detail: textOrNull(row["detail"]),
    address: text(row["address"]),
    responseHeaders: textOrNull(row["response_headers"]),
    responseBody: row["response_body"] instanceof Uint8Array ? row["response_body"] : null,
    state: STATES[number(row["state"])] ?? "pending",
    reason: textOrNull(row["reason"]) as DeliveryReason | null,
    nextAt: row["next_at"] === null ? null : number(row["next_at"]),
    shop: number(row["shop"]),
    app: number(row["app"]),
  };
}

export function number(value: SqlValue | undefined): number {
  if (typeof value !== "number") throw new TypeError(`a number was expected in a column, not ${typeof value}`);
  return value;
}

export function text(value: SqlValue | undefined): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in a column, not ${typeof value}`);
  return value;
}

function textOrNull(value: SqlValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
