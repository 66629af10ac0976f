import { DELIVERY_HEADERS } from "./headers.ts";

/** What a header of a delivery says, for the documents. */
export interface HeaderNote {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  /** Whether every delivery has it. */
  readonly isAlways: boolean;
}

const always = (name: string, description: string, example: string): HeaderNote => ({ name, description, example, isAlways: true });
const sometimes = (name: string, description: string, example: string): HeaderNote => ({ name, description, example, isAlways: false });

/** Every header that a delivery may carry beside those of HTTP itself, in the order in which they are sent. */
export const DELIVERY_HEADER_NOTES: readonly HeaderNote[] = [
  always(DELIVERY_HEADERS.topic, "The topic.", "orders/create"),
  always(
    DELIVERY_HEADERS.hmac,
    "Base64 of HMAC-SHA256 over the raw body, with the client secret as UTF-8.",
    "4iiJAxAvqvWtPCqXFjTRjqVYVWXfRZdSqgXl4yDLOmM=",
  ),
  always(DELIVERY_HEADERS.shopDomain, "The shop's domain.", "suns-shop.genmystore.com"),
  always(DELIVERY_HEADERS.apiVersion, "The version of this payload.", "202412"),
  always(DELIVERY_HEADERS.webhookId, "The webhook's id, as the App API gives it (or its UUID, as the server is set).", "8589934859"),
  always(
    DELIVERY_HEADERS.triggeredAt,
    "When it happened: RFC 3339 in UTC, nine fractional digits. The same on every attempt.",
    "2024-12-30T23:59:59.123456789Z",
  ),
  always(
    DELIVERY_HEADERS.eventId,
    "The event's id: the same in every delivery and attempt of the event.",
    "0193f5e2-8c1f-7abc-9def-0123456789ab",
  ),
  always(DELIVERY_HEADERS.attempt, "Number of the attempt within its round, 1 to 8.", "1"),
  always(
    DELIVERY_HEADERS.standardId,
    "The delivery's id (Standard Webhooks): stable over attempts and replays. Deduplicate by it.",
    "dlv_0193f5e28c1f7abc9def0123456789ab_8589934859",
  ),
  always(DELIVERY_HEADERS.standardTimestamp, "When this attempt was made, seconds since 1970.", "1735603199"),
  always(
    DELIVERY_HEADERS.standardSignature,
    "Signatures (Standard Webhooks 1.0.0) over id.timestamp.body, separated by spaces: v1 with each signing secret in use, v1a with each Ed25519 key.",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
  ),
  sometimes(DELIVERY_HEADERS.replay, "true on a replay.", "true"),
  sometimes(DELIVERY_HEADERS.test, "true on a test that the app asked for.", "true"),
  sometimes(DELIVERY_HEADERS.sequence, "Number of this delivery within its numbered webhook, without gaps.", "42"),
  sometimes(
    DELIVERY_HEADERS.traceparent,
    "W3C Trace Context, where the operator passes traces on and somebody traces the event. It is not signed.",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ),
];
