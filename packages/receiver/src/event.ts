import { ReceiverError } from "./error.ts";
import type { ApiVersion, TopicPayloads } from "./generated/topics.ts";
import { HEADERS, readHeader, readWholeNumber, requireHeader, type HeadersLike } from "./headers.ts";
import { ID_LENGTH_MAX } from "./limits.ts";
import { toBytes, type RawBody } from "./verify/raw-body.ts";

/** What every event has, whatever its topic. */
export interface EventFields {
  readonly shopDomain: string;
  /** Id of the event: the same in every delivery of it, to this and to other subscriptions. */
  readonly eventId: string;
  /** Id of the delivery: the same over attempts and replays. Deduplicate by this. */
  readonly deliveryId: string;
  /** The subscription's id, as the App API gives it. */
  readonly webhookId: string;
  /** When it happened: RFC 3339 UTC with nine fractional digits; the same on every attempt. */
  readonly triggeredAt: string;
  /** 1 to 8 within its round; 0 when it came by catch-up. */
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly isTest: boolean;
  /** The subscription's running number, where it asked for numbers. */
  readonly sequence: number | null;
}

/** An event of one topic, `EventOf<"orders/create", "202412">`: for functions that work on one. */
export type EventOf<Topic extends keyof TopicPayloads, Version extends ApiVersion = ApiVersion> = Version extends keyof TopicPayloads[Topic]
  ? EventFields & { readonly topic: Topic; readonly apiVersion: Version; readonly payload: TopicPayloads[Topic][Version] }
  : never;

/** Text that no known topic equals: so that comparing with a known one narrows. It exists for the compiler only. */
declare enum OtherTopic {
  anyOther = "",
}

/** An event whose topic the kit does not know: the platform's own, or newer than the kit. */
export type OtherEvent = EventFields & { readonly topic: OtherTopic; readonly apiVersion: string; readonly payload: unknown };

/**
 * A webhook as an app works with it. `event.topic === "orders/create"` narrows `event.payload`, `event.apiVersion` does where an app gets
 * several versions. `WebhookEvent<"202412">` is what `apiVersion: "202412"` lets through. Topics of the platform's own can be added by merging
 * into `TopicPayloads` of `@genhook/receiver/topics`.
 */
export type WebhookEvent<Version extends ApiVersion = ApiVersion> =
  | { [Topic in keyof TopicPayloads]: EventOf<Topic, Version> }[keyof TopicPayloads]
  | OtherEvent;

export interface ParseOptions<Version extends ApiVersion = ApiVersion> {
  /** The app's event version, or several while it changes: other versions are refused (and sent again) instead of mistaken for these. */
  readonly apiVersion?: Version | readonly Version[] | undefined;
  /** Reads the body's text; `JSON.parse` unless given. For a parser that keeps the digits of large numbers, say. */
  readonly parse?: ((text: string) => unknown) | undefined;
}

/** Reads headers and body of a request that was verified. Throws `ReceiverError`. */
export function parseEvent<const Version extends ApiVersion = ApiVersion>(
  body: RawBody,
  headers: HeadersLike,
  options: ParseOptions<Version> = {},
): WebhookEvent<Version> {
  const apiVersion = requireHeader(headers, HEADERS.apiVersion);
  const wanted = options.apiVersion === undefined ? [apiVersion] : [options.apiVersion].flat();
  if (!wanted.includes(apiVersion)) {
    throw new ReceiverError(
      "version_unexpected",
      `The event has API version ${apiVersion}, and the receiver takes ${wanted.join(" and ")}.`,
    );
  }
  const eventId = requireHeader(headers, HEADERS.eventId);
  const webhookId = requireHeader(headers, HEADERS.webhookId);
  return {
    topic: requireHeader(headers, HEADERS.topic),
    apiVersion,
    shopDomain: requireHeader(headers, HEADERS.shopDomain),
    eventId,
    deliveryId: readDeliveryId(headers, `${eventId}/${webhookId}`),
    webhookId,
    triggeredAt: requireHeader(headers, HEADERS.triggeredAt),
    attempt: readWholeNumber(headers, HEADERS.attempt, 1) ?? 1,
    isReplay: readHeader(headers, HEADERS.replay) === "true",
    isTest: readHeader(headers, HEADERS.test) === "true",
    sequence: readWholeNumber(headers, HEADERS.sequence, 1),
    payload: parseBody(body, options.parse ?? JSON.parse),
  } as WebhookEvent<Version>;
}

/** A platform without the Standard Webhooks headers still says which event and which subscription: together they are the delivery. */
function readDeliveryId(headers: HeadersLike, otherwise: string): string {
  // An empty header is none: as an id it would make all deliveries one.
  const id = readHeader(headers, HEADERS.id)?.trim() || otherwise;
  if (id.length <= ID_LENGTH_MAX) return id;
  throw new ReceiverError("header_malformed", `${HEADERS.id} has more than ${ID_LENGTH_MAX} characters.`);
}

function parseBody(body: RawBody, parse: (text: string) => unknown): unknown {
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(toBytes(body)));
  } catch (error) {
    throw error instanceof ReceiverError ? error : new ReceiverError("body_malformed", `The body is not JSON in UTF-8: ${String(error)}`);
  }
}
