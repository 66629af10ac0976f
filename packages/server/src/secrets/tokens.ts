import { createHash, hash, randomBytes, randomInt } from "node:crypto";

/** SHA-256 of a text, 64 hex digits: the only form in which tokens and keys are kept. */
export function sha256(text: string): string {
  return hash("sha256", text);
}

/** First 128 bits of a SHA-256 over the parts, 32 hex digits. */
export function digest(parts: readonly (string | Uint8Array)[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest("hex").slice(0, 32);
}

/** 32 hex digits, as the platform writes client ids. */
export function makeClientId(): string {
  return randomBytes(16).toString("hex").toUpperCase();
}

export function makeClientSecret(): string {
  return randomBytes(32).toString("hex");
}

/** Standard Webhooks: `whsec_` and base64 of 24 to 64 random bytes. */
export function makeSigningSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

export function makeAccessToken(): string {
  return `gat_${randomBytes(24).toString("base64url")}`;
}

/** Of app-wide access. */
export function makeAppToken(): string {
  return `gap_${randomBytes(32).toString("base64url")}`;
}

export function makePlatformKey(): string {
  return `gpk_${randomBytes(32).toString("base64url")}`;
}

/** A shop's id where none is given: 13 decimal digits, as the platform's own look. Uniqueness is checked where it is used. */
export function makeShopId(): string {
  return String(1_000_000_000_000 + randomInt(2 ** 42));
}
