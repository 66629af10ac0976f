import { API_HEADERS, ENVELOPE_BYTES_MAX, PAYLOAD_BYTES_MAX, PUBLISH_HEADERS, readTraceparent } from "@genhook/contract";
import { eventText, OutboxError, readEvent, type OutboxEvent } from "@genhook/outbox";
import { laneOf } from "../intake/lane.ts";
import type { Refusal } from "../intake/source.ts";
import type { ReadRoute } from "./route-pattern.ts";

/** What a broker hands over. */
export interface BrokerMessage {
  readonly body: Uint8Array;
  /** By a name in any case. */
  readonly header: (name: string) => string | undefined;
  /** Subject or routing key. */
  readonly route: string;
  /** What the broker knows it by, as an idempotency key; null where it has none. */
  readonly id: string | null;
  /** When it was sent, RFC 3339; null where that is not known. */
  readonly sentAt: string | null;
}

export type ReadMessage =
  | { readonly ok: true; readonly event: string; readonly lane: string | null; readonly bytes: number; readonly hasKey: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * A message as the event to publish. Where headers or the route name shop and topic, the body is the payload, byte for byte; otherwise the body is the whole
 * event, as `POST /platform/v1/events` takes it. What the broker knows (an id, a time) goes into it where it says nothing itself.
 */
export function readMessage(message: BrokerMessage, readRoute: ReadRoute | null): ReadMessage {
  try {
    const text = textOf(message.body);
    const fromRoute = readRoute?.(message.route) ?? null;
    const shop = message.header(PUBLISH_HEADERS.shop) ?? fromRoute?.shop ?? undefined;
    const topic = message.header(PUBLISH_HEADERS.topic) ?? fromRoute?.topic ?? undefined;
    if (shop !== undefined && topic !== undefined) return payloadOf(message, text, shop, topic);
    return wholeEvent(message, text, shop ?? topic);
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const { code, message: says, member } = error;
    return { ok: false, refusal: { code, message: says, member } };
  }
}

function textOf(body: Uint8Array): string {
  if (body.length > PAYLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX) {
    throw new OutboxError("body_too_large", "payload", `The message has ${body.length} bytes; a payload may have ${PAYLOAD_BYTES_MAX}.`);
  }
  try {
    return decoder.decode(body);
  } catch {
    throw new OutboxError("malformed_json", "payload", "The message is not valid UTF-8.");
  }
}

function payloadOf(message: BrokerMessage, payload: string, shop: string, topic: string): ReadMessage {
  const { header, id, sentAt } = message;
  const key = header(API_HEADERS.idempotencyKey) ?? id ?? undefined;
  const changed = header(PUBLISH_HEADERS.changed);
  const row = readEvent({
    shop,
    topic,
    payload,
    idempotencyKey: key,
    clientId: header(PUBLISH_HEADERS.clientId),
    triggeredAt: header(PUBLISH_HEADERS.triggeredAt) ?? sentAt ?? undefined,
    orderKey: header(PUBLISH_HEADERS.orderKey),
    changed: changed === undefined ? undefined : (parsed(changed, "changed") as readonly string[]),
    // Tracers put it there by themselves: one that cannot be read is no reason to refuse the event.
    traceparent: readTraceparent(header("traceparent")) ?? undefined,
  });
  return read(eventText(row), row.shop, row.orderKey, key !== undefined);
}

/** The body's own text, with what it leaves out put in front: its payload stays as it is. */
function wholeEvent(message: BrokerMessage, text: string, partly: string | undefined): ReadMessage {
  const event = parsed(text, "payload");
  if (typeof event !== "object" || event === null || Array.isArray(event) || !("shop" in event || "topic" in event)) {
    const missing =
      partly === undefined
        ? "neither headers nor the subject or routing key name"
        : "headers and the subject or routing key name only one of";
    throw new OutboxError("invalid_member", "body", `The body is no whole event, and ${missing} shop and topic.`);
  }
  const given = event as Partial<OutboxEvent>;
  const key = message.header(API_HEADERS.idempotencyKey) ?? message.id;
  const before = [
    ...(given.idempotencyKey === undefined && key !== null ? [`"idempotencyKey":${JSON.stringify(key)}`] : []),
    ...(given.triggeredAt === undefined && message.sentAt !== null ? [`"triggeredAt":${JSON.stringify(message.sentAt)}`] : []),
  ];
  // Looked at here, so that one that is wrong is set aside without spoiling the request that carries it.
  const { shop, orderKey } = readEvent({ ...given, idempotencyKey: given.idempotencyKey ?? key ?? undefined } as OutboxEvent);
  const rest = text.slice(text.indexOf("{") + 1);
  return read(`{${before.map((member) => `${member},`).join("")}${rest}`, shop, orderKey, (given.idempotencyKey ?? key) !== null);
}

function read(event: string, shop: string, orderKey: string | null, hasKey: boolean): ReadMessage {
  const lane = orderKey === null ? null : laneOf(shop, orderKey);
  return { ok: true, event, lane, bytes: encoder.encode(event).length, hasKey };
}

function parsed(text: string, member: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = member === "payload" ? "The message" : member;
    throw new OutboxError("malformed_json", member, `${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
