import { base64, concat, encoder, fromBase64, hex, hmacSha256, isSame } from "./bytes.ts";
import { VerificationError } from "./error.ts";
import { requireHeader, type HeadersLike } from "./headers.ts";

/** A raw body: the bytes as they arrived, or their exact text. Never a parsed and re-written one: its bytes are others. */
export type RawBody = Uint8Array | ArrayBuffer | string;

export const HMAC_HEADER = "X-Genstore-Hmac-Sha256";

/** How far a timestamp may lie from now, seconds. */
const TOLERANCE_SECONDS = 300;
const SECRET_PREFIX = "whsec_";

export interface VerifyOptions {
  /** Seconds that `webhook-timestamp` may lie in the past or future; 300 unless given. */
  readonly toleranceSeconds?: number;
  /** Wall time, ms; the system's unless given. */
  readonly now?: () => number;
}

/**
 * Checks `X-Genstore-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body, keyed with the client secret. Several secrets may be given
 * while one is being replaced. It does not bind a time: prefer `verifySignature` where a signing secret is at hand.
 * Throws `VerificationError`.
 */
export async function verifyHmac(body: RawBody, headers: HeadersLike, clientSecrets: string | readonly string[]): Promise<void> {
  const given = fromBase64(requireHeader(headers, HMAC_HEADER).trim());
  if (given === null) throw new VerificationError("header_malformed", `${HMAC_HEADER} is no base64.`);
  const bytes = toBytes(body);
  let isGood = false;
  for (const secret of asList(clientSecrets)) isGood = isSame(await hmacSha256(encode(secret), bytes), given) || isGood;
  if (!isGood) throw new VerificationError("signature_mismatch", `${HMAC_HEADER} does not fit this body and secret.`);
}

/**
 * Checks `webhook-id`, `webhook-timestamp` and `webhook-signature` as in Standard Webhooks 1.0.0, with the app's signing secret
 * (`whsec_…`). Answers the id to deduplicate by. Throws `VerificationError`.
 */
export async function verifySignature(
  body: RawBody,
  headers: HeadersLike,
  signingSecrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<{ readonly id: string; readonly timestamp: number }> {
  const id = requireHeader(headers, "webhook-id");
  const timestampText = requireHeader(headers, "webhook-timestamp");
  const tokens = requireHeader(headers, "webhook-signature").trim().split(/ +/);
  const timestamp = checkTimestamp(timestampText, options);
  const message = concat([encoder.encode(`${id}.${timestampText}.`), toBytes(body)]);
  const given = tokens.filter((token) => token.startsWith("v1,")).map((token) => fromBase64(token.slice(3)));
  if (given.length === 0) throw new VerificationError("header_malformed", "webhook-signature has no v1 signature.");
  let isGood = false;
  for (const secret of asList(signingSecrets)) {
    const expected = await hmacSha256(readSecret(secret), message);
    for (const each of given) isGood = (each !== null && isSame(expected, each)) || isGood;
  }
  if (!isGood) throw new VerificationError("signature_mismatch", "webhook-signature does not fit this body, id, timestamp and secret.");
  return { id, timestamp };
}

/**
 * Checks the `hmac` parameter of a query string that the platform signed (installation links): hex of HMAC-SHA256 over the other
 * parameters, sorted by name, as they stand in the query, undecoded. Throws `VerificationError`.
 */
export async function verifyQuery(query: string, clientSecrets: string | readonly string[]): Promise<void> {
  const parts = query
    .replace(/^[^?]*\?/, "")
    .split("&")
    .filter((part) => part !== "");
  const given = parts.find((part) => part.startsWith("hmac="))?.slice("hmac=".length);
  if (given === undefined) throw new VerificationError("header_missing", "The query has no hmac parameter.");
  if (!/^[0-9a-f]{64}$/i.test(given)) throw new VerificationError("header_malformed", "The hmac parameter is not 64 hex digits.");
  const message = encode(
    parts
      .filter((part) => !part.startsWith("hmac="))
      .sort()
      .join("&"),
  );
  let isGood = false;
  for (const secret of asList(clientSecrets)) {
    isGood = isSame(encode(hex(await hmacSha256(encode(secret), message))), encode(given.toLowerCase())) || isGood;
  }
  if (!isGood) throw new VerificationError("signature_mismatch", "The hmac parameter does not fit this query and secret.");
}

/** What a Genhook sends with `X-Genstore-Hmac-Sha256`: for tests of one's own receiver. */
export async function signHmac(body: RawBody, clientSecret: string): Promise<string> {
  return base64(await hmacSha256(encode(clientSecret), toBytes(body)));
}

/** One `v1,` token of `webhook-signature`: for tests of one's own receiver. */
export async function signStandard(body: RawBody, id: string, timestampSeconds: number, signingSecret: string): Promise<string> {
  const message = concat([encoder.encode(`${id}.${timestampSeconds}.`), toBytes(body)]);
  return `v1,${base64(await hmacSha256(readSecret(signingSecret), message))}`;
}

export function toBytes(body: RawBody): Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return encode(body);
  return body instanceof ArrayBuffer ? new Uint8Array(body) : new Uint8Array(body);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encoder.encode(text));
}

function readSecret(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret);
  if (bytes === null || bytes.length === 0) {
    throw new VerificationError("secret_malformed", "The signing secret must be whsec_ followed by base64.");
  }
  return bytes;
}

function checkTimestamp(text: string, options: VerifyOptions): number {
  const timestamp = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(timestamp)) throw new VerificationError("header_malformed", "webhook-timestamp is not in whole seconds.");
  const tolerance = options.toleranceSeconds ?? TOLERANCE_SECONDS;
  const now = Math.floor((options.now ?? Date.now)() / 1000);
  if (timestamp < now - tolerance) throw new VerificationError("timestamp_too_old", `The request was signed more than ${tolerance} s ago.`);
  if (timestamp > now + tolerance)
    throw new VerificationError("timestamp_too_new", `The request was signed more than ${tolerance} s ahead of now.`);
  return timestamp;
}

function asList(secrets: string | readonly string[]): readonly string[] {
  const list = typeof secrets === "string" ? [secrets] : secrets;
  if (list.length === 0) throw new VerificationError("secret_malformed", "No secret was given.");
  return list;
}
