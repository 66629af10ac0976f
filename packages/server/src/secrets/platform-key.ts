import { chmodSync, writeFileSync } from "node:fs";
import type { Credentials } from "@genhook/core";
import { makePlatformKey, sha256 } from "./tokens.ts";

/** Id of the key that comes from the setting, or was made at the first start. */
const FIRST_KEY_ID = "first";

export interface FirstKeyOptions {
  readonly credentials: Credentials;
  /** From the setting; null to make one when there is none yet. */
  readonly given: string | null;
  /** Where a key that was made is kept, 0600. */
  readonly file: string;
  readonly now: number;
}

/** Sees to it that there is a platform key. Answers the key when it was made just now, to be printed once; otherwise null. */
export async function ensureFirstKey(options: FirstKeyOptions): Promise<string | null> {
  const { credentials, given, file, now } = options;
  if (given !== null) {
    const hash = sha256(given);
    if ((await credentials.findKey(hash)) === null) {
      await credentials.putKey(
        {
          id: `setting-${hash.slice(0, 12)}`,
          name: "from the setting",
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
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  const id = keys.some((each) => each.id === FIRST_KEY_ID) ? `first-${now}` : FIRST_KEY_ID;
  await credentials.putKey(
    { id, name: "made at the first start", role: "admin", hash: sha256(key), createdAt: now, revokedAt: null },
    null,
  );
  return key;
}
