import { signHmac, signStandard, type RawBody } from "./verify.ts";

export interface SignedRequestOptions {
  readonly url: string;
  readonly body: RawBody;
  readonly topic: string;
  readonly clientSecret: string;
  readonly signingSecret: string;
  readonly shopDomain?: string;
  readonly deliveryId?: string;
  /** Wall time, ms. */
  readonly at?: number;
}

/** A request as Genhook sends it, signed with one's own secrets: for tests of one's own receiver. */
export async function signedRequest(options: SignedRequestOptions): Promise<Request> {
  const { url, body, topic, clientSecret, signingSecret } = options;
  const at = options.at ?? Date.now();
  const timestamp = Math.floor(at / 1000);
  const id = options.deliveryId ?? `dlv_${crypto.randomUUID().replaceAll("-", "")}_1`;
  return new Request(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Genstore-Topic": topic,
      "X-Genstore-Hmac-Sha256": await signHmac(body, clientSecret),
      "X-Genstore-Shop-Domain": options.shopDomain ?? "test-shop.genmystore.com",
      "X-Genstore-API-Version": "202412",
      "X-Genstore-Webhook-Id": "1",
      "X-Genstore-Triggered-At": `${new Date(at).toISOString().slice(0, 23)}000000Z`,
      "X-Genstore-Event-Id": crypto.randomUUID(),
      "X-Genstore-Attempt": "1",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": await signStandard(body, id, timestamp, signingSecret),
    },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
}
