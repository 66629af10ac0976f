import type { IncomingMessage } from "node:http";
import { revokeAccess, signInSecrets, type AccessKind, type App, type AppAccess, type AuditRecord } from "@genhook/core";
import { isSameSecret } from "../../secrets/same-secret.ts";
import type { Sealing } from "../../secrets/sealing.ts";
import { makeAppToken, sha256 } from "../../secrets/tokens.ts";
import { fail, rateLimited } from "../api-error.ts";
import { momentText } from "../views.ts";
import { actorOf, callerOf, type AppWideCaller, type AppWideOptions } from "./app-wide-access.ts";

export interface SignInOptions extends AppWideOptions {
  readonly sealing: Sealing;
  /** UUIDv7. */
  readonly newId: () => string;
}

export interface SignInRequest {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What is kept of accesses that ended: long enough to be looked at, ms. */
export const ACCESS_KEPT_MS = 86_400_000;
/** Sign-ins that one app may make, whichever process is asked: each leaves a row and a record. */
const SIGN_INS = 30;
const SIGN_INS_PER_SECOND = 0.5;
/** The bucket's place among those of shops, whose keys begin at 1. */
const SIGN_IN_BUCKET = -1;

/**
 * Client id and client secret looked at; what they open is kept. Every way to be wrong takes the same steps and gets the same answer, and
 * whoever is wrong often has to wait, as with platform keys.
 */
export async function signIn(
  options: SignInOptions,
  request: IncomingMessage,
  given: SignInRequest,
  kind: Exclude<AccessKind, "link">,
  lifeMs: number,
  record: Pick<AuditRecord, "action" | "requestId">,
): Promise<{ readonly caller: AppWideCaller; readonly token: string }> {
  const { store, directory, wrong, callerUrl, now } = options;
  const hash = sha256(`${given.clientId.toLowerCase()}:${given.clientSecret}`);
  const address = callerUrl.addressOf(request);
  wrong.check(address, hash);
  // A secret revoked or an app deleted a moment ago at another process must not open anything here.
  await directory.refresh();
  const app = directory.directory.appByClientId(given.clientId);
  const secretId = matchSecret(options.sealing, app, given.clientSecret);
  if (app === undefined || secretId === null) {
    wrong.wrong(address, hash);
    return fail("token_invalid", "The client id or the client secret is wrong.");
  }
  wrong.right(address, hash);
  await takeSignIn(options, app);
  const at = now();
  const token = makeAppToken();
  const access: AppAccess = {
    id: options.newId(),
    kind,
    app: app.id,
    shop: null,
    can: ["read", "replay", "edit"],
    secretId,
    codeHash: null,
    // The session's cookie is its credential, sealed; a token would be a second one that nobody has.
    tokenHash: kind === "token" ? sha256(token) : null,
    frameAncestors: [],
    madeBy: "",
    createdAt: at,
    openedAt: null,
    expiresAt: at + lifeMs,
    revokedAt: null,
    revision: 1,
  };
  const actor = actorOf({ access, app });
  const after = JSON.stringify(accessView(access, app, null));
  const audit = { ...record, at, actor, subject: `app ${app.clientId}`, before: null, after };
  await store.appAccesses.add({ ...access, madeBy: actor }, audit, at - ACCESS_KEPT_MS);
  return { caller: { access, app, shop: null }, token };
}

/** Ends an access for good; false where it had ended already. */
export async function endAccess(
  options: AppWideOptions,
  id: string,
  record: Pick<AuditRecord, "action" | "requestId" | "actor" | "subject">,
): Promise<boolean> {
  const { store, now } = options;
  for (;;) {
    const { access, version } = await store.appAccesses.find(id);
    if (access === null) return false;
    await options.directory.catchUp(version);
    const at = now();
    const ended = revokeAccess(access, at);
    if (ended === access) return false;
    const state = callerOf(options, access) === null ? "ended" : "in force";
    const audit = { ...record, at, before: JSON.stringify({ state }), after: JSON.stringify({ state: "revoked" }) };
    if (await store.appAccesses.replace(ended, access.revision, audit)) return true;
  }
}

export function accessView(access: AppAccess, app: App, shop: { readonly domain: string } | null): Record<string, unknown> {
  return { clientId: app.clientId, shop: shop?.domain ?? null, can: access.can, expiresAt: momentText(access.expiresAt) };
}

/** The id of the secret that was given; null where it is none of the app's, or there is no app. */
function matchSecret(sealing: Sealing, app: App | undefined, given: string): string | null {
  // For an app that does not exist as much is done as for one that does.
  const candidates = app === undefined ? [{ id: "", sealed: sealing.seal("nobody's") }] : signInSecrets(app);
  let matched: string | null = null;
  for (const { id, sealed } of candidates) if (isSameSecret(sealing.open(sealed), given)) matched = id;
  return app === undefined ? null : matched;
}

async function takeSignIn({ store, now }: SignInOptions, app: App): Promise<void> {
  const bucket = await store.credentials.takeToken(app.id, SIGN_IN_BUCKET, SIGN_INS, SIGN_INS_PER_SECOND, now());
  if (!bucket.taken) rateLimited("The app has signed in too often; use a token for its whole hour.", bucket.waitMs);
}
