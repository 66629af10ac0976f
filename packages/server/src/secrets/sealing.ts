import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeSecretFile } from "./secret-file.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals secrets at rest: AES-256-GCM, a fresh nonce each time. */
export interface Sealing {
  /** Nonce, ciphertext and tag, base64. */
  seal(text: string): string;
  /** Throws when the key is another one, or the text was tampered with. */
  open(sealed: string): string;
  /** A keyed hash for look-ups that must not be reversible without the key; 32 hex digits. */
  keyedHash(text: string): string;
}

/** A sealing key that cannot be used; the message says what to do. */
export class SealingKeyError extends Error {}

export function createSealing(key: Uint8Array): Sealing {
  const sealingKey = Buffer.from(hkdfSync("sha256", key, "", "genhook sealing", 32));
  const hashKey = createSecretKey(Buffer.from(hkdfSync("sha256", key, "", "genhook subjects", 32)));
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealingKey, nonce);
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, "base64");
      // Of less, nonce and tag would overlap, and the cipher would be content with a tag of four bytes.
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error("the sealed text is too short");
      if (bytes.toString("base64") !== sealed) throw new Error("the sealed text is not base64 as it was written");
      const decipher = createDecipheriv("aes-256-gcm", sealingKey, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
    },
    keyedHash: (text) => createHmac("sha256", hashKey).update(text).digest("hex").slice(0, 32),
  };
}

/** 32 bytes, written as 64 hex digits or as base64. */
export function parseSealingKey(text: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = /^[0-9a-fA-F]{64}$/.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed, "base64");
  if (bytes.length !== 32) {
    throw new SealingKeyError("The sealing key must be 32 bytes, as 64 hex digits or as base64; make one with: openssl rand -base64 32");
  }
  return bytes;
}

/** The key given, or the one in the file given; there must be one. */
export function givenSealingKey(given: string | null, file: string | null): Uint8Array {
  if (given === null && file === null) {
    throw new SealingKeyError(
      "With --database a sealing key must be given, the same to every process: --sealing-key-file or GENHOOK_SEALING_KEY. Make one with: openssl rand -base64 32",
    );
  }
  return loadSealingKey(given, file, "");
}

/** The key that is being replaced, where one is given. */
export function oldSealingKey(given: string | null, file: string | null): Uint8Array | null {
  return given === null && file === null ? null : loadSealingKey(given, file, "");
}

/** The key given, or the one in the file given, or the one beside the data, made at the first start. */
export function loadSealingKey(given: string | null, file: string | null, defaultFile: string): Uint8Array {
  if (given !== null) return parseSealingKey(given);
  const path = file ?? defaultFile;
  if (!existsSync(path)) {
    if (file !== null) throw new SealingKeyError(`The sealing key file ${file} does not exist.`);
    writeSecretFile(path, randomBytes(32).toString("base64"), { isNew: true });
  }
  return parseSealingKey(readFileSync(path, "utf8"));
}
