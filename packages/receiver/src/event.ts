import { VerificationError } from "./error.ts";
import { readHeader, requireHeader, type HeadersLike } from "./headers.ts";
import { toBytes, type RawBody } from "./verify.ts";

/** A webhook as an app works with it. */
export interface WebhookEvent<Payload = unknown> {
  readonly topic: string;
  readonly shopDomain: string;
  readonly apiVersion: string;
  /** Id of the event: the same in every delivery of it, to this and to other subscriptions. */
  readonly eventId: string;
  /** Id of the delivery: the same over attempts and replays. Deduplicate by this. */
  readonly deliveryId: string;
  /** The subscription's id, as the App API gives it. */
  readonly webhookId: string;
  /** RFC 3339 UTC with nine fractional digits. */
  readonly triggeredAt: string;
  /** 1 to 8 within its round. */
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly isTest: boolean;
  /** The subscription's running number, where it asked for numbers. */
  readonly sequence: number | null;
  readonly payload: Payload;
}

/** Reads headers and body of a request that was verified. Throws `VerificationError`. */
export function parseEvent<Payload = unknown>(body: RawBody, headers: HeadersLike): WebhookEvent<Payload> {
  const sequence = readHeader(headers, "X-Genstore-Sequence");
  return {
    topic: requireHeader(headers, "X-Genstore-Topic"),
    shopDomain: requireHeader(headers, "X-Genstore-Shop-Domain"),
    apiVersion: requireHeader(headers, "X-Genstore-API-Version"),
    eventId: requireHeader(headers, "X-Genstore-Event-Id"),
    deliveryId: requireHeader(headers, "webhook-id"),
    webhookId: requireHeader(headers, "X-Genstore-Webhook-Id"),
    triggeredAt: requireHeader(headers, "X-Genstore-Triggered-At"),
    attempt: Number(readHeader(headers, "X-Genstore-Attempt") ?? 1),
    isReplay: readHeader(headers, "X-Genstore-Replay") === "true",
    isTest: readHeader(headers, "X-Genstore-Test") === "true",
    sequence: sequence === null ? null : Number(sequence),
    payload: parseBody(body) as Payload,
  };
}

function parseBody(body: RawBody): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(toBytes(body)));
  } catch {
    throw new VerificationError("body_malformed", "The body is not JSON in UTF-8.");
  }
}
