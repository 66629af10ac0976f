import { OutboxError } from "./error.ts";
import {
  CHANGED_PATH_LENGTH_MAX,
  CHANGED_PATHS_MAX,
  ENVELOPE_BYTES_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  ORDER_KEY_LENGTH_MAX,
  TOPIC_LENGTH_MAX,
} from "./limits.ts";
import { isMoment } from "./moment.ts";
import { payloadText } from "./payload-text.ts";

/** Something that happened in a shop, as `POST /platform/v1/events` takes it. */
export interface OutboxEvent {
  /** The shop's domain in lower case, such as `my-shop.genmystore.com`. */
  readonly shop: string;
  /** Such as `orders/create`. */
  readonly topic: string;
  /** An object, or JSON text of one, which arrives byte for byte (numbers, order of members, white space). At most 1 MiB. */
  readonly payload: object | string;
  /** The one app that topics of the audience `app` are for: 32 hex digits. */
  readonly clientId?: string | undefined;
  /** When it happened: a `Date`, or RFC 3339 text with an offset; the time of the insert unless given. */
  readonly triggeredAt?: Date | string | undefined;
  /** Under which it is published once, 1 to 255 characters; a UUID of its own unless given. */
  readonly idempotencyKey?: string | undefined;
  /** Events of a shop with the same key are published in order, 1 to 255 characters. */
  readonly orderKey?: string | undefined;
  /** Payload paths that changed, at most 100. */
  readonly changed?: readonly string[] | undefined;
  /** The trace that it belongs to (W3C Trace Context), such as a tracer's propagation gives. */
  readonly traceparent?: string | undefined;
}

/** A row of the outbox as it is written; texts fit for UTF-8. */
export interface OutboxRow {
  readonly key: string;
  readonly shop: string;
  readonly topic: string;
  readonly payload: string;
  readonly clientId: string | null;
  /** RFC 3339. */
  readonly triggeredAt: string | null;
  readonly orderKey: string | null;
  /** A JSON list of paths. */
  readonly changed: string | null;
  readonly traceparent: string | null;
}

const MEMBERS: ReadonlySet<string> = new Set([
  "shop",
  "topic",
  "payload",
  "clientId",
  "triggeredAt",
  "idempotencyKey",
  "orderKey",
  "changed",
  "traceparent",
]);
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const CLIENT_ID = /^[0-9a-fA-F]{32}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Checks an event as far as that is possible without the server: members, types, sizes, JSON. Whether shop, topic and app exist, and whether the
 * payload fits its topic's schema, is found when it is published. Throws `OutboxError`.
 */
export function readEvent(event: OutboxEvent): OutboxRow {
  if (typeof event !== "object" || event === null) {
    throw new OutboxError("invalid_member", "event", "The event must be an object with shop, topic and payload.");
  }
  for (const member of Object.keys(event)) {
    if (!MEMBERS.has(member)) {
      const known = [...MEMBERS].join(", ");
      throw new OutboxError("unknown_member", member, `${member.slice(0, 100)} is not known here; an event has ${known}.`);
    }
  }
  const row = {
    key: text(event.idempotencyKey, "idempotencyKey", IDEMPOTENCY_KEY_LENGTH_MAX) ?? crypto.randomUUID(),
    shop: matching(event.shop, "shop", DOMAIN, "a shop's domain in lower case, such as my-shop.genmystore.com"),
    topic: required(text(event.topic, "topic", TOPIC_LENGTH_MAX), "topic"),
    clientId: optional(event.clientId, "clientId", CLIENT_ID, "a client id: 32 hex digits"),
    triggeredAt: moment(event.triggeredAt),
    orderKey: text(event.orderKey, "orderKey", ORDER_KEY_LENGTH_MAX),
    changed: paths(event.changed),
    traceparent: optional(event.traceparent, "traceparent", TRACEPARENT, "a traceparent: 00, a trace id, a span id and flags, in hex"),
  };
  // As long as it will be on the wire, give or take a few quotes.
  const bytes = new TextEncoder().encode(JSON.stringify(row)).length;
  if (bytes > ENVELOPE_BYTES_MAX) {
    const message = `Everything around the payload has ${bytes} bytes; at most ${ENVELOPE_BYTES_MAX} are allowed.`;
    throw new OutboxError("body_too_large", row.changed === null ? "event" : "changed", message);
  }
  return { ...row, payload: payloadText(event.payload) };
}

function required(value: string | null, member: string): string {
  if (value === null) throw new OutboxError("missing_member", member, `${member} is required.`);
  return value;
}

function matching(value: unknown, member: string, pattern: RegExp, expected: string): string {
  if (value === undefined || value === null) throw new OutboxError("missing_member", member, `${member} is required.`);
  if (typeof value !== "string" || !pattern.test(value)) throw invalid(member, expected);
  return value;
}

function optional(value: unknown, member: string, pattern: RegExp, expected: string): string | null {
  return value === undefined || value === null ? null : matching(value, member, pattern, expected);
}

/** Null where it is not given. */
function text(value: unknown, member: string, lengthMax: number): string | null {
  if (value === undefined || value === null) return null;
  const expected = `text of 1 to ${lengthMax} characters`;
  if (typeof value !== "string" || value === "" || Array.from(value).length > lengthMax) throw invalid(member, expected);
  if (/\0|\p{Surrogate}/u.test(value)) throw invalid(member, `${expected} without NUL and halves of surrogate pairs`);
  return value;
}

function moment(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const expected = "a valid Date, or an RFC 3339 date and time with an offset, such as 2024-12-30T23:59:59.5Z";
  const written = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  if (typeof written !== "string" || !isMoment(written)) throw invalid("triggeredAt", expected);
  return written;
}

function paths(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const expected = `a list of at most ${CHANGED_PATHS_MAX} payload paths of 1 to ${CHANGED_PATH_LENGTH_MAX} characters`;
  if (!Array.isArray(value) || value.length > CHANGED_PATHS_MAX) throw invalid("changed", expected);
  for (const path of value) if (text(path, "changed", CHANGED_PATH_LENGTH_MAX) === null) throw invalid("changed", expected);
  return JSON.stringify(value);
}

function invalid(member: string, expected: string): OutboxError {
  return new OutboxError("invalid_member", member, `${member} must be ${expected}.`);
}
