/** What every delivery carries (contract section 3), spelled as on the wire; names compare without case. */
export const DELIVERY_HEADERS = {
  topic: "X-Genstore-Topic",
  hmac: "X-Genstore-Hmac-Sha256",
  shopDomain: "X-Genstore-Shop-Domain",
  apiVersion: "X-Genstore-API-Version",
  webhookId: "X-Genstore-Webhook-Id",
  triggeredAt: "X-Genstore-Triggered-At",
  eventId: "X-Genstore-Event-Id",
  attempt: "X-Genstore-Attempt",
  replay: "X-Genstore-Replay",
  test: "X-Genstore-Test",
  sequence: "X-Genstore-Sequence",
  standardId: "webhook-id",
  standardTimestamp: "webhook-timestamp",
  standardSignature: "webhook-signature",
  /** W3C Trace Context; on deliveries only where the operator passes traces on. */
  traceparent: "traceparent",
} as const;

/** What calls and answers of the two APIs carry. */
export const API_HEADERS = {
  accessToken: "X-Genstore-Access-Token",
  rateLimit: "X-Genstore-Shop-Api-Rate-Limit",
  requestId: "X-Request-Id",
  idempotencyKey: "Idempotency-Key",
} as const;

/** The exact-bytes form of a publish: the body is the payload, the rest stands in headers. */
export const PUBLISH_HEADERS = {
  shop: "Genhook-Shop",
  topic: "Genhook-Topic",
  clientId: "Genhook-Client-Id",
  triggeredAt: "Genhook-Triggered-At",
  orderKey: "Genhook-Order-Key",
  /** A JSON list of paths: a path may hold any character. */
  changed: "Genhook-Changed",
} as const;

export const EXACT_BYTES_MEDIA_TYPE = "application/vnd.genhook.event+json";
export const NDJSON_MEDIA_TYPE = "application/x-ndjson";
