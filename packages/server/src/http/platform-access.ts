import type { IncomingMessage } from "node:http";
import type { DirectoryService, PlatformKey, Store } from "@genhook/core";
import { sha256 } from "../secrets/tokens.ts";
import { fail } from "./api-error.ts";

/** The platform key that a call carries: known and in force. Looked up on every call, so that a revocation counts at once. */
export async function identifyKey(
  { store, directory }: { readonly store: Pick<Store, "credentials">; readonly directory: Pick<DirectoryService, "catchUp"> },
  request: IncomingMessage,
): Promise<PlatformKey> {
  const match = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "");
  if (match === null) fail("token_missing", "Send the platform key as Authorization: Bearer <key>.");
  const { key, version } = await store.credentials.findKey(sha256(match[1] ?? ""));
  if (key === null || key.revokedAt !== null) fail("token_invalid", "The platform key is unknown or revoked.");
  await directory.catchUp(version);
  return key;
}

/** 403 unless the key has one of the roles. */
export function requireRole(key: PlatformKey, allowed: readonly string[]): void {
  if (allowed.length === 0 || allowed.includes(key.role)) return;
  fail("scope_missing", `This call needs a key with the role ${allowed.join(" or ")}; this one has ${key.role}.`);
}
