import { ENVELOPE_BYTES_MAX, PAYLOAD_BYTES_MAX, type Input } from "@genhook/contract/client";
import { PublishError } from "./publish-error.ts";

type Envelope = Omit<Input<"publishEvents">["body"], "payload">;

/** Something that happened in a shop. */
export type EventToPublish = Envelope &
  (
    | { readonly payload: Readonly<Record<string, unknown>>; readonly payloadJson?: never }
    /** The payload as JSON text, whose digits, order and spaces are kept; only line breaks between members become spaces. */
    | { readonly payloadJson: string; readonly payload?: never }
  );

/** An event that is durable. */
export interface Published {
  readonly id: string;
  /** Deliveries that it owes. */
  readonly deliveries: number;
  /** It was published before, under the same idempotency key. */
  readonly duplicate: boolean;
  readonly idempotencyKey: string;
}

export interface EventText {
  readonly idempotencyKey: string;
  /** One line of JSON, in UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/**
 * The event as it is sent, with a key that stays the same however often that is: the caller's, or one made here, once. What cannot be
 * sent (a payload that is no JSON, or too large for any request) throws a `PublishError`.
 */
export function textOf(event: EventToPublish): EventText {
  const idempotencyKey = event.idempotencyKey ?? crypto.randomUUID();
  const { payload, payloadJson, ...envelope } = event;
  const head = JSON.stringify({ ...envelope, idempotencyKey });
  const bytes = encoder.encode(`${head.slice(0, -1)},"payload":${payloadText(payload, payloadJson, idempotencyKey)}}`);
  if (bytes.length > PAYLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX) {
    const message = `The event has ${bytes.length.toLocaleString("en")} bytes; a payload may have ${PAYLOAD_BYTES_MAX.toLocaleString("en")}.`;
    throw new PublishError("body_too_large", message, { member: "payload", idempotencyKey });
  }
  return { idempotencyKey, bytes };
}

function payloadText(payload: object | undefined, payloadJson: string | undefined, idempotencyKey: string): string {
  if (payloadJson === undefined) {
    const text = JSON.stringify(payload) as string | undefined;
    if (text !== undefined) return text;
    throw new PublishError("missing_member", "payload is missing: give an object, or JSON text as payloadJson.", {
      member: "payload",
      idempotencyKey,
    });
  }
  try {
    JSON.parse(payloadJson);
  } catch (error) {
    throw new PublishError("malformed_json", `payloadJson is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      member: "payload",
      idempotencyKey,
    });
  }
  // A line break ends an NDJSON line. Inside a string JSON has none, so this changes only what stands between members.
  return payloadJson.replaceAll(/[\r\n]/g, " ");
}
