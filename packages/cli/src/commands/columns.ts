import type { Column } from "../output/table.ts";
import { showTime, type TimeStyle } from "../output/time.ts";

/** An entry as it came over the wire. */
export type WireEntry = Readonly<Record<string, unknown>>;

type ColumnSpec =
  | string
  | {
      readonly member: string;
      readonly title?: string;
      readonly text?: (entry: WireEntry, style: TimeStyle) => string;
      readonly cutTo?: number;
      readonly isKey?: boolean;
      readonly colour?: Column<WireEntry>["colour"];
    };

const STATE_COLOURS: Readonly<Record<string, "red" | "green" | "yellow" | "dim">> = {
  delivered: "green",
  active: "green",
  done: "green",
  dead: "red",
  disabled: "red",
  suspended: "red",
  failed: "red",
  cancelled: "dim",
  paused: "yellow",
  pending: "yellow",
  running: "yellow",
};

export function stateColour(state: unknown): "red" | "green" | "yellow" | "dim" | null {
  return STATE_COLOURS[String(state)] ?? null;
}

const isHeld = (entry: WireEntry): boolean => entry["held"] !== null && entry["held"] !== undefined;

const withReason =
  (state: string, reason: string) =>
  (entry: WireEntry): string =>
    entry[reason] === null || entry[reason] === undefined
      ? showValue(entry[state])
      : `${showValue(entry[state])} (${showValue(entry[reason])})`;

/** A webhook keeps its status while an operator holds what it is owed: both are said. */
const STATUS: ColumnSpec = {
  member: "status",
  text: (entry) => withReason("status", "statusReason")(entry) + (isHeld(entry) ? ", held" : ""),
  colour: (entry) => (isHeld(entry) ? "yellow" : stateColour(entry["status"])),
};
const ADDRESS: ColumnSpec = { member: "address", cutTo: 32 };

/**
 * What tables show, by noun, or by what a list of another noun's entry has in it (an event's decisions); any other shows the first members of its
 * entries. The order is that of importance.
 */
const COLUMNS: Readonly<Record<string, readonly ColumnSpec[]>> = {
  shops: [{ member: "domain", isKey: true }, "shopId", "plan", "createTime"],
  apps: [
    { member: "clientId", isKey: true },
    { member: "name", cutTo: 12 },
    "apiVersion",
    "createTime",
    { member: "webhooks", title: "DECLARED", text: (entry) => String((entry["webhooks"] as unknown[] | undefined)?.length ?? 0) },
    "listed",
  ],
  installations: [{ member: "clientId", isKey: true }, { member: "shop", isKey: true }, { member: "scopes", cutTo: 12 }, "installedAt"],
  webhooks: [{ member: "id", isKey: true }, "topic", STATUS, ADDRESS, "updateTime", "shop"],
  topics: [{ member: "name", isKey: true }, "audience", { member: "scopes", cutTo: 12 }, { member: "title", cutTo: 12 }],
  keys: [{ member: "id", isKey: true }, "role", { member: "name", cutTo: 12 }, "createTime", "revokedTime"],
  deliveries: [
    { member: "id", isKey: true },
    { member: "state", isKey: true, colour: (entry) => stateColour(entry["state"]) },
    "topic",
    { member: "last", text: (entry) => showValue(entry["lastStatus"] ?? entry["lastError"]) },
    { member: "attemptCount", title: "TRIES" },
    { member: "reason", title: "WHY" },
    { member: "nextAttemptAt", title: "NEXT" },
    { member: "createTime", title: "CREATED" },
    "shop",
    ADDRESS,
  ],
  endpoints: [
    { member: "id", isKey: true },
    { member: "state", isKey: true, text: endpointState, colour: (entry) => ENDPOINT_COLOURS[endpointState(entry)] ?? null },
    ADDRESS,
    { member: "last", title: "LAST FAILURE", text: (entry) => showValue(entry["lastStatus"] ?? entry["lastError"]) },
    { member: "failingSince", title: "FAILING" },
    { member: "nextProbeAt", title: "NEXT PROBE" },
    "clientId",
  ],
  decisions: [
    { member: "webhookId", isKey: true },
    { member: "decision", isKey: true, colour: (entry) => DECISION_COLOURS[String(entry["decision"])] ?? null },
    { member: "reason", isKey: true },
    { member: "detail", cutTo: 24 },
    ADDRESS,
    "clientId",
  ],
  events: [
    { member: "sequence", title: "NUMBER", isKey: true },
    { member: "state", isKey: true, text: withReason("state", "reason"), colour: (entry) => stateColour(entry["state"]) },
    "topic",
    { member: "id", title: "EVENT", isKey: true },
    { member: "triggeredAt", title: "HAPPENED" },
    "deliveryId",
  ],
  "blocked-keys": [
    { member: "orderKey", isKey: true, cutTo: 24 },
    { member: "deliveryId", isKey: true },
    { member: "since", isKey: true },
    "pending",
    "webhookId",
    { member: "shop", cutTo: 16 },
  ],
  holds: [
    { member: "id", isKey: true },
    "scope",
    { member: "subject", isKey: true, cutTo: 12 },
    { member: "endsAt", title: "ENDS" },
    { member: "createTime", title: "CREATED" },
    { member: "reason", cutTo: 12 },
  ],
  replays: [
    { member: "id", isKey: true },
    { member: "state", isKey: true, colour: (entry) => stateColour(entry["state"]) },
    { member: "dryRun", title: "DRY RUN" },
    "matched",
    "done",
    { member: "reopened", title: "SENT AGAIN" },
    "createTime",
    { member: "filter", cutTo: 12 },
  ],
  audit: [
    { member: "createTime", title: "AT" },
    { member: "action", isKey: true },
    { member: "subject", cutTo: 24, isKey: true },
    { member: "actor", cutTo: 20 },
  ],
};

const DECISION_COLOURS: Readonly<Record<string, "green" | "yellow" | "dim">> = { owed: "green", held: "yellow", not_owed: "dim" };

const ENDPOINT_COLOURS: Readonly<Record<string, "red" | "green" | "yellow">> = {
  suspended: "red",
  open: "red",
  failing: "yellow",
  held: "yellow",
  healthy: "green",
};

/** The worst that is to be said of an endpoint, in one word. */
function endpointState(entry: WireEntry): string {
  const webhooks = entry["webhooks"] as { readonly suspended?: number } | undefined;
  if (isHeld(entry)) return "held";
  if ((webhooks?.suspended ?? 0) > 0) return "suspended";
  if (entry["breaker"] === "open") return "open";
  return entry["failingSince"] === null || entry["failingSince"] === undefined ? "healthy" : "failing";
}

const COLUMNS_MAX = 6;

/** Columns for a noun's entries, or those of a list called otherwise; where neither is known, made from the first entry. */
export function columnsOf(noun: string, first: WireEntry | undefined, style: TimeStyle, list: string = noun): readonly Column<WireEntry>[] {
  const specs = COLUMNS[list] ?? COLUMNS[noun] ?? scalarMembers(first).slice(0, COLUMNS_MAX);
  return (
    specs
      .map((spec): Exclude<ColumnSpec, string> => (typeof spec === "string" ? { member: spec } : spec))
      // A list over all shops has a shop in its entries, an app's own list has not.
      .filter((spec) => first === undefined || spec.text !== undefined || spec.member in first)
      .map((spec, index) => ({
        title: spec.title ?? titleOf(spec.member),
        text: (entry) => spec.text?.(entry, style) ?? showMember(spec.member, entry[spec.member], style),
        isNumber: typeof first?.[spec.member] === "number" && spec.member !== "id",
        isKey: spec.isKey ?? index === 0,
        ...(spec.cutTo === undefined ? {} : { cutTo: spec.cutTo }),
        ...(spec.colour === undefined ? {} : { colour: spec.colour }),
      }))
  );
}

/** `createTime` → `CREATED`, `clientId` → `CLIENT ID`. */
function titleOf(member: string): string {
  const known: Readonly<Record<string, string>> = {
    createTime: "CREATED",
    updateTime: "UPDATED",
    installedAt: "INSTALLED",
    revokedTime: "REVOKED",
  };
  return known[member] ?? member.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
}

export function isTimeMember(member: string): boolean {
  return /(Time|At|Since)$/.test(member) || member === "at";
}

export function showMember(member: string, value: unknown, style: TimeStyle): string {
  return isTimeMember(member) && (typeof value === "string" || value === null) ? showTime(value, style) : showValue(value);
}

export function showValue(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "–" : value.map(showValue).join(", ");
  const members = Object.entries(value);
  if (members.length === 0) return "–";
  const isFlat = members.every(([, each]) => typeof each !== "object" || each === null);
  return isFlat ? members.map(([name, each]) => `${name}=${each === null ? "null" : String(each)}`).join(" ") : JSON.stringify(value);
}

function scalarMembers(entry: WireEntry | undefined): readonly string[] {
  return Object.entries(entry ?? {})
    .filter(([, value]) => typeof value !== "object" || value === null)
    .map(([member]) => member);
}
