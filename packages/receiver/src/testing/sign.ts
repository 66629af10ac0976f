import { base64, concat, encode, fromBase64, hex, type Bytes } from "../bytes.ts";
import { hmacSha256 } from "../verify/hmac.ts";
import { toBytes, type RawBody } from "../verify/raw-body.ts";
import { readSigningKeys } from "../verify/signing-keys.ts";
import { webCrypto } from "../web-crypto.ts";

/** An Ed25519 private key in PKCS #8 is this and its 32 bytes (RFC 8410). */
export const PKCS8_HEAD: Bytes = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** What a sender puts into `X-Genstore-Hmac-Sha256`. */
export async function signHmac(body: RawBody, clientSecret: string): Promise<string> {
  return base64(await hmacSha256(encode(clientSecret), toBytes(body)));
}

/** One token of `webhook-signature`: `v1,…` with a secret (`whsec_…`), `v1a,…` with a private key (`whsk_…`). Throws `ReceiverError` for any other. */
export async function signStandard(body: RawBody, id: string, timestampSeconds: number, signingSecret: string): Promise<string> {
  const signed = concat([encode(`${id}.${timestampSeconds}.`), toBytes(body)]);
  const seed = signingSecret.startsWith("whsk_") ? fromBase64(signingSecret.slice("whsk_".length)) : null;
  if (seed !== null && (seed.length === 32 || seed.length === 64)) {
    const { subtle } = await webCrypto();
    const key = await subtle.importKey("pkcs8", concat([PKCS8_HEAD, seed.subarray(0, 32)]), { name: "Ed25519" }, false, ["sign"]);
    return `v1a,${base64(new Uint8Array(await subtle.sign("Ed25519", key, signed)))}`;
  }
  const [secret] = readSigningKeys([signingSecret]).symmetric;
  if (secret === undefined) throw new TypeError("A public key (whpk_…) cannot sign");
  return `v1,${base64(await hmacSha256(secret, signed))}`;
}

/** A query with its `hmac` parameter, as the platform signs the app's pages. Give the parameters as they stand in the address, encoded. */
export async function signQuery(query: string, clientSecret: string): Promise<string> {
  const nameOf = (part: string): string => part.replace(/=.*$/s, "");
  const sorted = query
    .split("&")
    .filter((part) => part !== "")
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  const hmac = hex(await hmacSha256(encode(clientSecret), encode(sorted.join("&"))));
  return [query, `hmac=${hmac}`].filter((part) => part !== "").join("&");
}
