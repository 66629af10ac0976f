import { base64, concat, fromBase64, type Bytes } from "../bytes.ts";
import { PKCS8_HEAD } from "./sign.ts";
import { webCrypto } from "../web-crypto.ts";

/** A fresh pair of Ed25519 keys in the text forms of Standard Webhooks. */
export async function makeSigningKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { subtle } = await webCrypto();
  const seed = await randomBytes(32);
  const key = await subtle.importKey("pkcs8", concat([PKCS8_HEAD, seed]), { name: "Ed25519" }, true, ["sign"]);
  const { x = "" } = await subtle.exportKey("jwk", key);
  const publicBytes = fromBase64(x.replaceAll("-", "+").replaceAll("_", "/")) ?? new Uint8Array();
  return { privateKey: `whsk_${base64(seed)}`, publicKey: `whpk_${base64(publicBytes)}` };
}

/** A fresh signing secret: `whsec_` and 24 random bytes. */
export async function makeSigningSecret(): Promise<string> {
  return `whsec_${base64(await randomBytes(24))}`;
}

async function randomBytes(length: number): Promise<Bytes> {
  return (await webCrypto()).getRandomValues(new Uint8Array(length));
}
