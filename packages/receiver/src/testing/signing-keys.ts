import { base64, fromBase64 } from "../bytes.ts";
import { webCrypto } from "../web-crypto.ts";

/** A fresh pair of Ed25519 keys in the text forms of Standard Webhooks. */
export async function makeSigningKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { subtle } = await webCrypto();
  const pair = await subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const { d = "", x = "" } = await subtle.exportKey("jwk", pair.privateKey);
  return { privateKey: `whsk_${toBase64(d)}`, publicKey: `whpk_${toBase64(x)}` };
}

/** A fresh signing secret: `whsec_` and 24 random bytes. */
export async function makeSigningSecret(): Promise<string> {
  return `whsec_${base64((await webCrypto()).getRandomValues(new Uint8Array(24)))}`;
}

function toBase64(base64url: string): string {
  return base64(fromBase64(base64url.replaceAll("-", "+").replaceAll("_", "/")) ?? new Uint8Array());
}
