import type { IncomingMessage } from "node:http";
import type { PlatformKey } from "@genhook/core";
import { sha256 } from "../secrets/tokens.ts";
import { fail } from "./api-error.ts";
import type { AppAccessOptions } from "./app-access.ts";

/** The platform key that a call carries: known and in force. Looked up on every call, so that a revocation counts at once. */
export async function identifyKey(options: Omit<AppAccessOptions, "now">, request: IncomingMessage): Promise<PlatformKey> {
  const match = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "");
  if (match === null) fail("token_missing", "Send the platform key as Authorization: Bearer <key>.");
  return findGivenKey(options, request, match[1] ?? "");
}

/** The platform key that the text is, in force; who gives wrong ones has to wait. */
export async function findGivenKey(options: Omit<AppAccessOptions, "now">, request: IncomingMessage, text: string): Promise<PlatformKey> {
  const { store, directory, wrong, callerUrl } = options;
  const hash = sha256(text);
  const address = callerUrl.addressOf(request);
  wrong.check(address, hash);
  const { key, version } = await store.credentials.findKey(hash);
  if (key === null || key.revokedAt !== null) {
    wrong.wrong(address, hash);
    return fail("token_invalid", "The platform key is unknown or revoked.");
  }
  wrong.right(address, hash);
  await directory.catchUp(version);
  return key;
}

/** 403 unless the key has one of the roles. */
export function requireRole(key: PlatformKey, allowed: readonly string[]): void {
  if (allowed.length === 0 || allowed.includes(key.role)) return;
  fail("scope_missing", `This call needs a key with the role ${allowed.join(" or ")}; this one has ${key.role}.`);
}
