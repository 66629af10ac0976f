import { randomUUID } from "node:crypto";
import type { Credentials, PlatformKey } from "@genhook/core";
import { writeSecretFile } from "./secret-file.ts";
import { makePlatformKey, sha256 } from "./tokens.ts";

export interface FirstKeyOptions {
  readonly credentials: Credentials;
  /** From the setting; null to make one when there is none yet. */
  readonly given: string | null;
  /** Where a key that was made is kept, 0600; null: nowhere. */
  readonly file: string | null;
  readonly now: number;
}

/** Sees to it that there is a platform key. Answers the key when it was made just now, to be printed once; otherwise null. */
export async function ensureFirstKey(options: FirstKeyOptions): Promise<string | null> {
  const { credentials, given, file, now } = options;
  if (given !== null) {
    const hash = sha256(given);
    if ((await credentials.findKey(hash)).key === null) {
      await credentials.putKey(
        {
          id: `setting-${hash.slice(0, 12)}`,
          name: "--platform-key",
          role: "admin",
          hash,
          createdAt: now,
          revokedAt: null,
        },
        null,
      );
    }
    return null;
  }
  const keys = await credentials.listKeys();
  if (keys.some((key) => key.revokedAt === null && key.role === "admin")) return null;
  const key = makePlatformKey();
  if (file !== null) writeSecretFile(file, key, { isNew: false });
  const made = { id: `first-${randomUUID()}`, name: "made at the first start", role: "admin", hash: sha256(key), createdAt: now } as const;
  await credentials.putKey({ ...made, revokedAt: null }, null);
  if (await isFirst(credentials, keys, made.hash)) return key;
  // Another process has made one at the same moment, and prints it.
  await credentials.putKey({ ...made, revokedAt: now }, null);
  return null;
}

/** Of processes that start at once one is first: the note is written by one of them alone, for each time that there was no key in force. */
async function isFirst(credentials: Credentials, before: readonly PlatformKey[], hash: string): Promise<boolean> {
  return (await credentials.putIfAbsent(`first-key ${before.length}`, hash)) === hash;
}
