import type { Bytes } from "../bytes.ts";
import { webCrypto } from "../web-crypto.ts";

export async function hmacSha256(key: Bytes, content: Bytes): Promise<Bytes> {
  const { subtle } = await webCrypto();
  const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, content));
}
