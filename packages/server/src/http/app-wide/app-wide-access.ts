import type { IncomingMessage } from "node:http";
import { isAccessInForce, type Allowance, type App, type AppAccess, type Shop, type Store } from "@genhook/core";
import { sha256 } from "../../secrets/tokens.ts";
import { fail, rateLimited } from "../api-error.ts";
import type { AppAccessOptions } from "../app-access.ts";

/** Who calls with app-wide access: one app's developer, and what they may do and see. */
export interface AppWideCaller {
  readonly access: AppAccess;
  readonly app: App;
  /** Null: all shops of the app. */
  readonly shop: Shop | null;
}

export type AppWideOptions = AppAccessOptions & { readonly store: Pick<Store, "appAccesses"> };

/** Calls that an app's developers may make together, whichever process answers, and how many more each second. */
const BUCKET_SIZE = 200;
const PER_SECOND = 20;
/** The bucket's place among those of shops, whose keys begin at 1. */
const NO_SHOP = 0;

/** The token that a call carries: known and in force. Looked up on every call, so that its end counts at once, at every process. */
export async function identifyAppWide(options: AppWideOptions, request: IncomingMessage): Promise<AppWideCaller> {
  const match = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "");
  if (match === null) fail("token_missing", "Send a token of POST /apps/v1/token as Authorization: Bearer <token>.");
  const hash = sha256(match[1] ?? "");
  const address = options.callerUrl.addressOf(request);
  options.wrong.check(address, hash);
  const { access, version } = await options.store.appAccesses.findByToken(hash);
  if (access === null) {
    options.wrong.wrong(address, hash);
    return fail("token_invalid", "The token is unknown.");
  }
  options.wrong.right(address, hash);
  await options.directory.catchUp(version);
  return (
    callerOf(options, access) ?? fail("token_invalid", "The token is at its end: its hour is over, or it was revoked, or its secret was.")
  );
}

/** The caller as it is now, where a call has taken its time: 401 once the access has ended. Takes nothing from the bucket. */
export async function identifyAppWideAgain(options: AppWideOptions, { access: before }: AppWideCaller): Promise<AppWideCaller> {
  const { access, version } = await options.store.appAccesses.find(before.id);
  await options.directory.catchUp(version);
  return (access === null ? null : callerOf(options, access)) ?? fail("token_invalid", "The token is no longer valid.");
}

/** What an access opens now; null where it has ended. The directory must have caught up with the store. */
export function callerOf({ directory: { directory }, now }: AppWideOptions, access: AppAccess): AppWideCaller | null {
  const app = directory.app(access.app);
  const shop = access.shop === null ? null : directory.shop(access.shop);
  if (app === undefined || !isAccessInForce(access, app, now())) return null;
  return shop === undefined || (shop !== null && shop.endedAt !== null) ? null : { access, app, shop };
}

/** 429 when the app's developers make too many calls at once. */
export async function takeTurn({ store, now }: AppWideOptions, { app }: AppWideCaller): Promise<void> {
  const bucket = await store.credentials.takeToken(app.id, NO_SHOP, BUCKET_SIZE, PER_SECOND, now());
  if (!bucket.taken) rateLimited(`The app's bucket of ${BUCKET_SIZE} calls is empty; it gains ${PER_SECOND} per second.`, bucket.waitMs);
}

/** 403 unless the access allows one of these. */
export function requireAllowance({ access }: AppWideCaller, allowed: readonly string[]): void {
  if (allowed.length === 0 || allowed.some((each) => access.can.includes(each as Allowance))) return;
  fail("scope_missing", `This call needs the allowance ${allowed.join(" or ")}; this access has ${access.can.join(", ")}.`);
}

/** As the audit names who calls. */
export function actorOf({ access, app }: Pick<AppWideCaller, "access" | "app">): string {
  return `app ${app.clientId} ${access.kind} ${access.id}`;
}
