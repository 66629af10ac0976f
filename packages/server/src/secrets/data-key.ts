import { randomBytes } from "node:crypto";
import type { Credentials } from "@genhook/core";
import { createSealing, SealingKeyError, type Sealing } from "./sealing.ts";

const NOTE = "data-key";

export interface OpenSealingOptions {
  readonly credentials: Credentials;
  readonly key: Uint8Array;
  /** The key that was in use until now, where it is being replaced. */
  readonly oldKey: Uint8Array | null;
}

export interface OpenedSealing {
  readonly sealing: Sealing;
  /** What the old key did: nothing was asked of it, it opened the store and was replaced, or it was not needed any more. */
  readonly oldKey: "none" | "replaced" | "not needed";
}

/**
 * Secrets are sealed with a random data key, made once and kept in the store, itself sealed with the operator's sealing key. So the sealing
 * key is replaced by sealing 32 bytes again, in one statement: nothing is half done after a crash, and processes that run on with the old
 * key have the data key already. Keyed hashes, which nobody could compute again, stay as they are.
 *
 * Rejects with a `SealingKeyError` where no key given opens the store: noticed at start, before anything is sealed with it.
 */
export async function openSealing({ credentials, key, oldKey }: OpenSealingOptions): Promise<OpenedSealing> {
  const current = createSealing(key);
  const kept = await credentials.putIfAbsent(NOTE, current.seal(randomBytes(32).toString("base64")));
  const dataKey = opened(current, kept);
  if (dataKey !== null) return { sealing: createSealing(dataKey), oldKey: oldKey === null ? "none" : "not needed" };
  const old = oldKey === null ? null : opened(createSealing(oldKey), kept);
  if (old === null) throw wrongKey(oldKey !== null);
  const isReplaced = await credentials.replaceNote(NOTE, kept, current.seal(Buffer.from(old).toString("base64")));
  // Another process was quicker: with the same new key, or this one is wrong after all.
  if (!isReplaced && opened(current, await credentials.putIfAbsent(NOTE, kept)) === null) throw wrongKey(true);
  return { sealing: createSealing(old), oldKey: "replaced" };
}

/** Throws a `SealingKeyError` where the key does not open a store's sealed data key (its note `data-key`). */
export function checkSealingKey(key: Uint8Array, sealedDataKey: string): void {
  if (opened(createSealing(key), sealedDataKey) === null) throw wrongKey(false);
}

function opened(sealing: Sealing, sealed: string): Uint8Array | null {
  try {
    return Buffer.from(sealing.open(sealed), "base64");
  } catch {
    return null;
  }
}

function wrongKey(withOld: boolean): SealingKeyError {
  return new SealingKeyError(
    withOld
      ? "Neither the sealing key nor the old one is the one that this store's secrets were sealed with."
      : "The sealing key is not the one that this store's secrets were sealed with. Give the right one with --sealing-key-file or GENHOOK_SEALING_KEY; where it is being replaced, the old one with --old-sealing-key-file.",
  );
}
