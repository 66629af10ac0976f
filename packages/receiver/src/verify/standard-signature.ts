import { concat, encode, fromBase64, isSame, type Bytes } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import { HEADERS, requireHeader, type HeadersLike } from "../headers.ts";
import { SIGNATURES_MAX } from "../limits.ts";
import { webCrypto } from "../web-crypto.ts";
import { explainMismatch } from "./explain-mismatch.ts";
import { hmacSha256 } from "./hmac.ts";
import { toBytes, type RawBody } from "./raw-body.ts";
import { listSecrets, readSigningKeys, type Secrets } from "./signing-keys.ts";
import { checkTimestamp, type VerifyOptions } from "./tolerance.ts";

/** What a good signature vouches for, besides the body. */
export interface Verified {
  /** `webhook-id`: the delivery's id. */
  readonly id: string;
  /** `webhook-timestamp`: when this attempt was signed, seconds since 1970. */
  readonly timestampSeconds: number;
}

/**
 * Checks `webhook-id`, `webhook-timestamp` and `webhook-signature` as in Standard Webhooks 1.0.0: `v1` with a secret (`whsec_…`), `v1a` with a
 * public key (`whpk_…`). One signature that fits one of the secrets or keys is enough, so that either side can replace its own in its time.
 * Throws `ReceiverError`.
 */
export async function verifySignature(
  body: RawBody,
  headers: HeadersLike,
  signingSecrets: Secrets,
  options: VerifyOptions = {},
): Promise<Verified> {
  const secrets = await listSecrets(signingSecrets, "signing secret");
  const { symmetric, asymmetric } = readSigningKeys(secrets);
  const bytes = toBytes(body);
  const tokens = requireHeader(headers, HEADERS.signature, "signature_missing").split(/ +/);
  const id = requireHeader(headers, HEADERS.id);
  const time = requireHeader(headers, HEADERS.timestamp);
  const timestampSeconds = checkTimestamp(HEADERS.timestamp, time, options);
  const v1 = symmetric.length === 0 ? [] : ofVersion(tokens, "v1,");
  const v1a = asymmetric.length === 0 ? [] : ofVersion(tokens, "v1a,");
  if (v1.length + v1a.length === 0) {
    const wanted = [...(symmetric.length > 0 ? ["v1"] : []), ...(asymmetric.length > 0 ? ["v1a"] : [])].join(" or ");
    throw new ReceiverError(
      "header_malformed",
      `${HEADERS.signature} has no ${wanted} signature in base64, which the given secrets verify.`,
    );
  }
  const signed = concat([encode(`${id}.${time}.`), bytes]);
  const isGood = [await fitsHmac(v1, symmetric, signed), await fitsEd25519(v1a, asymmetric, signed)].includes(true);
  if (isGood) return { id, timestampSeconds };
  throw new ReceiverError(
    "signature_mismatch",
    `${HEADERS.signature} does not fit body, id, timestamp and signing secret. ${explainMismatch(bytes, headers, secrets)}`,
  );
}

function ofVersion(tokens: readonly string[], prefix: string): readonly Bytes[] {
  return tokens
    .filter((token) => token.startsWith(prefix))
    .slice(0, SIGNATURES_MAX)
    .map((token) => fromBase64(token.slice(prefix.length)))
    .filter((signature) => signature !== null);
}

async function fitsHmac(signatures: readonly Bytes[], secrets: readonly Bytes[], signed: Bytes): Promise<boolean> {
  if (signatures.length === 0) return false;
  let isGood = false;
  for (const secret of secrets) {
    const expected = await hmacSha256(secret, signed);
    for (const signature of signatures) isGood = isSame(expected, signature) || isGood;
  }
  return isGood;
}

async function fitsEd25519(signatures: readonly Bytes[], keys: readonly Bytes[], signed: Bytes): Promise<boolean> {
  if (signatures.length === 0) return false;
  const { subtle } = await webCrypto();
  let isGood = false;
  for (const key of keys) {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]).catch((error: unknown) => {
      throw new ReceiverError("crypto_unsupported", `This runtime's WebCrypto takes no Ed25519 key: ${String(error)}.`);
    });
    for (const signature of signatures) {
      // Another length is a mismatch; some runtimes throw instead of saying so.
      if (signature.length === 64) isGood = (await subtle.verify("Ed25519", imported, signature, signed)) || isGood;
    }
  }
  return isGood;
}
