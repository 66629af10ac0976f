import type { IncomingMessage } from "node:http";
import { API_HEADERS, isApiVersion } from "@genhook/contract";
import type { App, DirectoryService, Installation, Plan, Shop, Store } from "@genhook/core";
import type { CallerUrl } from "./caller-url.ts";
import { sha256 } from "../secrets/tokens.ts";
import { fail, rateLimited } from "./api-error.ts";
import type { WrongCredentials } from "./wrong-credentials.ts";

/** Who calls the App API: an installation, with what it is allowed. */
export interface AppCaller {
  readonly app: App;
  readonly shop: Shop;
  readonly installation: Installation;
  /** Goes out with every answer to a valid token. */
  readonly rateLimit: string;
}

/** Bucket size and refill per second by plan (public documentation of the platform, evidence in the contract's compat table). */
const BUCKETS: Readonly<Record<Plan, { readonly size: number; readonly perSecond: number }>> = {
  none: { size: 40, perSecond: 2 },
  basic: { size: 40, perSecond: 4 },
  standard: { size: 200, perSecond: 20 },
  advanced: { size: 400, perSecond: 40 },
};

/** What shops of the platform end in. */
export const PLATFORM_DOMAIN = ".genmystore.com";

export interface AppAccessOptions {
  readonly store: Pick<Store, "directory" | "credentials">;
  readonly directory: DirectoryService;
  readonly now: () => number;
  readonly callerUrl: CallerUrl;
  readonly wrong: WrongCredentials;
}

/** Checks of a call before its own, in the contract's order: version 404, token 401, bucket 429. The scope of the call comes after. */
export async function identifyApp(options: AppAccessOptions, request: IncomingMessage, version: string): Promise<AppCaller> {
  if (!isApiVersion(version)) fail("unknown_version", `There is no API version "${version.slice(0, 20)}".`);
  const token = request.headers[API_HEADERS.accessToken.toLowerCase()];
  if (typeof token !== "string" || token === "") fail("token_missing", `Send the access token in ${API_HEADERS.accessToken}.`);
  // Looked up in the store on every call, so that an uninstall counts at once, whichever process carried it out.
  const hash = sha256(token);
  const address = options.callerUrl.addressOf(request);
  options.wrong.check(address, hash);
  const found = await options.store.directory.findToken(hash);
  if (found.installation === null) {
    options.wrong.wrong(address, hash);
    return fail("token_invalid", "The access token is unknown or no longer valid.");
  }
  options.wrong.right(address, hash);
  await options.directory.catchUp(found.version);
  const { directory } = options.directory;
  const { installation } = found;
  const app = directory.app(installation.app);
  const shop = directory.shop(installation.shop);
  const host = options.callerUrl.hostOf(request);
  if (app === undefined || shop === undefined || isAnotherShop(directory.shopByDomain(host), host, shop)) {
    fail("token_invalid", "The access token belongs to another shop.");
  }
  const { size, perSecond } = BUCKETS[shop.plan];
  const bucket = await options.store.credentials.takeToken(app.id, shop.id, size, perSecond, options.now());
  const rateLimit = `${bucket.used}/${size}`;
  if (!bucket.taken) {
    rateLimited(`The bucket of ${size} calls is empty; it gains ${perSecond} per second.`, bucket.waitMs, {
      [API_HEADERS.rateLimit]: rateLimit,
    });
  }
  return { app, shop, installation, rateLimit };
}

/** The caller as it is now, where a call has taken its time: 401 once its token is no longer good. Takes nothing from the bucket. */
export async function identifyAgain(options: AppAccessOptions, request: IncomingMessage, before: AppCaller): Promise<AppCaller> {
  const found = await options.store.directory.findToken(sha256(String(request.headers[API_HEADERS.accessToken.toLowerCase()])));
  const { installation } = found;
  await options.directory.catchUp(found.version);
  const app = options.directory.directory.app(before.app.id);
  if (installation === null || app === undefined || installation.app !== before.app.id || installation.shop !== before.shop.id) {
    return fail("token_invalid", "The access token is no longer valid.");
  }
  return { ...before, app, installation };
}

/** 403 unless one of the scopes was granted. */
export function requireScope(caller: AppCaller, allowed: readonly string[]): void {
  if (allowed.length === 0 || allowed.some((scope) => caller.installation.scopes.includes(scope))) return;
  fail("scope_missing", `This call needs the scope ${allowed.join(" or ")}.`);
}

/** The shop comes from the Host; where that is no shop's domain (development, a proxy), from the token. */
function isAnotherShop(ofHost: Shop | undefined, host: string, ofToken: Shop): boolean {
  return ofHost === undefined ? host.endsWith(PLATFORM_DOMAIN) : ofHost.id !== ofToken.id;
}
