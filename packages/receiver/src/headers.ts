import { ReceiverError, type Reason } from "./error.ts";

/** Headers in any of the forms that servers hand out: `Headers`, or an object of names and values, in any case. */
export type HeadersLike = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a delivery carries, spelled as on the wire. */
export const HEADERS = {
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
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
} as const;

/** A header by name, whatever its case; null without one. */
export function readHeader(headers: HeadersLike, name: string): string | null {
  if ("get" in headers && typeof headers.get === "function") return headers.get(name);
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(headers as Record<string, string | readonly string[] | undefined>)) {
    if (key.toLowerCase() !== wanted || value === undefined) continue;
    return typeof value === "string" ? value : value.join(", ");
  }
  return null;
}

/** A header that must be there. Throws `ReceiverError`. */
export function requireHeader(headers: HeadersLike, name: string, reason: Reason = "header_missing"): string {
  const value = readHeader(headers, name)?.trim() ?? "";
  if (value === "") throw new ReceiverError(reason, `The request has no ${name} header.`);
  return value;
}

/** A header that is a whole number from `min`; null without one. Throws `ReceiverError`. */
export function readWholeNumber(headers: HeadersLike, name: string, min: number): number | null {
  const text = readHeader(headers, name);
  if (text === null) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new ReceiverError("header_malformed", `${name} is not a whole number from ${min}.`);
}
