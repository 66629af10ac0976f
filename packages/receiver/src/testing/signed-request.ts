import type { ApiVersion, TopicPayloads } from "../generated/topics.ts";
import { SAMPLES } from "../generated/samples.ts";
import { HEADERS } from "../headers.ts";
import { encode } from "../bytes.ts";
import { toBytes, type RawBody } from "../verify/raw-body.ts";
import { webCrypto } from "../web-crypto.ts";
import { signHmac, signStandard } from "./sign.ts";

export interface SignedDeliveryOptions {
  readonly topic: keyof TopicPayloads | (string & {});
  /** Becomes JSON; the topic's sample unless this or `body` is given. */
  readonly payload?: unknown;
  /** The exact body, instead of a payload. */
  readonly body?: RawBody | undefined;
  /** Adds `X-Genstore-Hmac-Sha256`. */
  readonly clientSecret?: string | undefined;
  /** Adds `webhook-signature`: `whsec_…` makes `v1`, `whsk_…` makes `v1a`; several make one each, as while secrets are replaced. */
  readonly signingSecret?: string | readonly string[] | undefined;
  readonly shopDomain?: string | undefined;
  readonly apiVersion?: ApiVersion | undefined;
  readonly webhookId?: string | undefined;
  /** Give the same ones again for a second attempt or a replay. */
  readonly deliveryId?: string | undefined;
  readonly eventId?: string | undefined;
  readonly attempt?: number | undefined;
  readonly isReplay?: boolean | undefined;
  readonly isTest?: boolean | undefined;
  readonly sequence?: number | undefined;
  /** When it is signed: wall time, ms; now unless given. An old one shows what a receiver does with what was recorded and sent again. */
  readonly signedAt?: number | undefined;
  readonly triggeredAt?: string | undefined;
}

export interface SignedDelivery {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Headers and body of a delivery as Genhook sends it, signed with your own secrets: for tests of your own receiver. */
export async function signedDelivery(options: SignedDeliveryOptions): Promise<SignedDelivery> {
  const { topic, clientSecret, sequence } = options;
  const body = options.body === undefined ? encode(JSON.stringify(options.payload ?? sampleOf(topic))) : toBytes(options.body);
  const signedAt = options.signedAt ?? Date.now();
  const timestamp = Math.floor(signedAt / 1_000);
  const crypto = await webCrypto();
  const deliveryId = options.deliveryId ?? `dlv_${crypto.randomUUID().replaceAll("-", "")}_1`;
  const signatures = await Promise.all(
    [options.signingSecret ?? []].flat().map((secret) => signStandard(body, deliveryId, timestamp, secret)),
  );
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    [HEADERS.topic]: topic,
    [HEADERS.shopDomain]: options.shopDomain ?? "test-shop.genmystore.com",
    [HEADERS.apiVersion]: options.apiVersion ?? "202412",
    [HEADERS.webhookId]: options.webhookId ?? "1",
    [HEADERS.triggeredAt]: options.triggeredAt ?? `${new Date(signedAt).toISOString().slice(0, 23)}000000Z`,
    [HEADERS.eventId]: options.eventId ?? crypto.randomUUID(),
    [HEADERS.attempt]: String(options.attempt ?? 1),
    [HEADERS.id]: deliveryId,
    [HEADERS.timestamp]: String(timestamp),
  };
  if (clientSecret !== undefined) headers[HEADERS.hmac] = await signHmac(body, clientSecret);
  if (signatures.length > 0) headers[HEADERS.signature] = signatures.join(" ");
  if (options.isReplay === true) headers[HEADERS.replay] = "true";
  if (options.isTest === true) headers[HEADERS.test] = "true";
  if (sequence !== undefined) headers[HEADERS.sequence] = String(sequence);
  return { headers, body };
}

/** The same as a `Request`, for receivers that speak `fetch`, or to send with it. */
export async function signedRequest(url: string, options: SignedDeliveryOptions): Promise<Request> {
  const { headers, body } = await signedDelivery(options);
  return new Request(url, { method: "POST", headers, body: new Uint8Array(body) });
}

function sampleOf(topic: string): unknown {
  const sample = SAMPLES[topic];
  if (sample === undefined) throw new TypeError(`There is no sample for topic ${topic}: give a payload`);
  return sample;
}
