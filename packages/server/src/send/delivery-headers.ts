import { createHmac } from "node:crypto";
import { DELIVERY_HEADERS } from "@genhook/contract";
import type { AttemptRequest } from "@genhook/core";
import { signEd25519 } from "../secrets/ed25519.ts";
import type { LiveSecrets } from "../secrets/secret-vault.ts";
import { VERSION } from "../version.ts";

export type WebhookIdForm = "number" | "uuid";

export const USER_AGENT = `Genhook/${VERSION}`;

/** What the headers of an attempt are computed from. */
export type HeaderSource = Omit<AttemptRequest, "address" | "app" | "fields">;

/** How a process writes them. */
export interface HeaderTerms {
  readonly webhookId: WebhookIdForm;
  /** Whether endpoints are told the trace that an event belongs to. */
  readonly sendsTraceparent?: boolean;
  /** `bodySignature` where not given. */
  readonly signBody?: typeof bodySignature;
}

/** Base64 of HMAC-SHA256 over the raw body, keyed with the client secret as UTF-8 (contract section 3). */
export function bodySignature(clientSecret: string, body: Uint8Array): string {
  return createHmac("sha256", clientSecret).update(body).digest("base64");
}

/**
 * The same, made once for deliveries in a row that have body and secret in common: an event's for several webhooks of one app. The other signatures
 * are over the delivery's id as well, so each delivery has its own. Knows the body again by its object, which is as long as it is kept here.
 */
export function signsBodiesOnce(): typeof bodySignature {
  let last: { readonly clientSecret: string; readonly body: Uint8Array; readonly signature: string } | null = null;
  return (clientSecret, body) => {
    if (last?.body !== body || last.clientSecret !== clientSecret)
      last = { clientSecret, body, signature: bodySignature(clientSecret, body) };
    return last.signature;
  };
}

/** Standard Webhooks 1.0.0 over `id.timestamp.body`: one `v1,` token per live secret, then one `v1a,` token per live Ed25519 key. */
export function standardSignature(
  secrets: Pick<LiveSecrets, "signing" | "ed25519">,
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
): string {
  const head = `${id}.${timestampSeconds}.`;
  const tokens = secrets.signing.map((key) => `v1,${createHmac("sha256", key).update(head).update(body).digest("base64")}`);
  if (secrets.ed25519.length > 0) {
    const message = Buffer.concat([Buffer.from(head), body]);
    for (const key of secrets.ed25519) tokens.push(`v1a,${signEd25519(key, message)}`);
  }
  return tokens.join(" ");
}

/** All headers of an attempt, as a flat list of names and values, in the order in which they are sent. */
export function headersOf(source: HeaderSource, secrets: LiveSecrets, terms: HeaderTerms): string[] {
  const { webhookId, sendsTraceparent = false, signBody = bodySignature } = terms;
  const { event, deliveryId } = source;
  const timestampSeconds = Math.floor(source.at / 1000);
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    USER_AGENT,
    "accept",
    "*/*",
    "accept-encoding",
    "identity",
    DELIVERY_HEADERS.topic,
    event.topic,
    DELIVERY_HEADERS.hmac,
    signBody(secrets.client, event.payload),
    DELIVERY_HEADERS.shopDomain,
    source.shopDomain,
    DELIVERY_HEADERS.apiVersion,
    event.apiVersion,
    DELIVERY_HEADERS.webhookId,
    webhookId === "uuid" ? source.subscriptionUuid : String(source.subscriptionId),
    DELIVERY_HEADERS.triggeredAt,
    event.triggeredAt,
    DELIVERY_HEADERS.eventId,
    event.id,
    DELIVERY_HEADERS.attempt,
    String(source.attempt),
    DELIVERY_HEADERS.standardId,
    deliveryId,
    DELIVERY_HEADERS.standardTimestamp,
    String(timestampSeconds),
    DELIVERY_HEADERS.standardSignature,
    standardSignature(secrets, deliveryId, timestampSeconds, event.payload),
  ];
  if (source.isReplay) headers.push(DELIVERY_HEADERS.replay, "true");
  if (event.isTest) headers.push(DELIVERY_HEADERS.test, "true");
  if (source.sequence !== null) headers.push(DELIVERY_HEADERS.sequence, String(source.sequence));
  if (sendsTraceparent && event.traceparent !== null) headers.push(DELIVERY_HEADERS.traceparent, event.traceparent);
  return headers;
}
