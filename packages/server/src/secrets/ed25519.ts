import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** An Ed25519 key pair as Standard Webhooks 1.0.0 writes them: a prefix and base64 of the 32 bytes (RFC 8032). */
export interface Ed25519Pair {
  /** `whsk_…`; never leaves the server. */
  readonly secret: string;
  /** `whpk_…`; published. */
  readonly publicKey: string;
}

const SECRET_PREFIX = "whsk_";
const PUBLIC_PREFIX = "whpk_";
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

export function makeEd25519(): Ed25519Pair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  return { secret: SECRET_PREFIX + fromUrl(d), publicKey: PUBLIC_PREFIX + fromUrl(x) };
}

export function ed25519Key(secret: string): KeyObject {
  const seed = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
}

/** Base64 of the signature over a message. */
export function signEd25519(key: KeyObject, message: Uint8Array): string {
  return sign(null, message, key).toString("base64");
}

/** A public key as a JSON Web Key (RFC 8037), for libraries that read key sets. */
export function publicJwk(id: string, publicKey: string): Readonly<Record<string, string>> {
  const x = Buffer.from(publicKey.slice(PUBLIC_PREFIX.length), "base64").toString("base64url");
  return { kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: id, x };
}

function fromUrl(base64url: string): string {
  return Buffer.from(base64url, "base64url").toString("base64");
}
