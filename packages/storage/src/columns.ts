import type {
  AppAccess,
  AttemptError,
  DeliveryReason,
  DeliveryState,
  DirectoryChanges,
  KeptAuditRecord,
  LogRow,
  Task,
} from "@genhook/core";

/** What both databases' tables have in common: columns of the same names with the same meaning. A row as either driver hands it out. */
export type Columns = Readonly<Record<string, unknown>>;

const KINDS: readonly LogRow["kind"][] = ["attempt", "ended", "reopened"];
const STATES: readonly DeliveryState[] = ["pending", "delivered", "dead", "cancelled"];

/** Tables of the directory whose past is kept, each with its key. */
export const HISTORY_KEYS: Readonly<Record<string, string>> = {
  shop: "id, version",
  app: "id, version",
  installation: "app, shop, version",
  subscription: "id, version",
};

export function kindNumber(kind: LogRow["kind"]): number {
  return KINDS.indexOf(kind);
}

export function stateNumber(state: DeliveryState): number {
  return STATES.indexOf(state);
}

/** The event's id apart: one database has a type for it, the other bytes. */
export function taskOf(row: Columns, eventId: string): Task {
  return {
    shard: number(row["shard"]),
    lane: number(row["lane"]),
    due: number(row["due"]),
    eventId,
    subscription: number(row["subscription"]),
    seq: number(row["seq"]),
    round: number(row["round"]),
    attempts: number(row["attempts"]),
    attemptsEver: number(row["attempts_ever"]),
  };
}

/** The event's id apart, as for `taskOf`. */
export function logRowOf(row: Columns, eventId: string): LogRow {
  return {
    kind: KINDS[number(row["kind"])] ?? "attempt",
    subscription: number(row["subscription"]),
    eventId,
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

/** Of the one row of `directory`. */
export function countersOf(row: Columns): DirectoryChanges["counters"] {
  return { shop: number(row["next_shop"]), app: number(row["next_app"]), subscription: number(row["next_subscription"]) };
}

export function auditRecordOf(row: Columns): KeptAuditRecord {
  return {
    id: number(row["id"]),
    at: number(row["at"]),
    actor: text(row["actor"]),
    action: text(row["action"]),
    subject: text(row["subject"]),
    before: textOrNull(row["before"]),
    after: textOrNull(row["after"]),
    requestId: textOrNull(row["request_id"]),
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

/** Fails for a column that was not read at all. */
export function numberOrNull(value: unknown): number | null {
  return value === null ? null : number(value);
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Access to an app is kept whole, beside what it is looked up by. */
export function accessOf(row: Columns): AppAccess {
  return { ...(JSON.parse(text(row["body"])) as AppAccess), revision: number(row["revision"]) };
}
