import {
  createApp,
  createShop,
  endApp,
  endShop,
  install,
  putApp,
  putInstallation,
  putShop,
  removeInstallation,
  uninstall,
  type App,
  type AppRequest,
  type CheckedAddress,
  type DecideChange,
  type Directory,
  type DirectoryService,
  type Installation,
  type InstallationTools,
  type InstallRequest,
  type Put,
  type SealedSecret,
  type SettingsUpdate,
  type Shop,
  type Store,
} from "@genhook/core";
import { isSameSecret } from "../secrets/same-secret.ts";
import type { Sealing } from "../secrets/sealing.ts";
import type { SecretVault } from "../secrets/secret-vault.ts";
import { makeAccessToken, makeClientId, makeClientSecret, makeShopId, makeSigningSecret, sha256 } from "../secrets/tokens.ts";
import type { AddressPolicy } from "../send/address-guard.ts";
import { fail, valueOf } from "./api-error.ts";
import { checkedAddress } from "./app-api.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";
import { appEntry, appView, installationView, shopView } from "./views.ts";

export interface DirectoryApiOptions {
  readonly store: Pick<Store, "directory">;
  readonly directory: DirectoryService;
  readonly tools: InstallationTools;
  readonly addresses: AddressPolicy;
  readonly sealing: Sealing;
  readonly secrets: SecretVault;
  readonly now: () => number;
}

export type Handler = (call: Call) => Promise<Reply>;
type Handlers = Readonly<Record<string, Handler>>;

interface ShopBody {
  readonly domain?: string;
  readonly shopId?: string | number;
  readonly plan?: Shop["plan"];
}

export function shopHandlers(options: DirectoryApiOptions): Handlers {
  const { directory, tools } = options;
  const read = (body: ShopBody, domain: string): Parameters<typeof createShop>[0] => ({
    domain,
    shopId: body.shopId === undefined ? undefined : checkShopId(String(body.shopId)),
    plan: body.plan,
  });
  const domainOf = (call: Call): string => (call.params["domain"] ?? "").toLowerCase();
  const find = (call: Call): Shop =>
    directory.directory.shopByDomain(domainOf(call)) ?? fail("not_found", `There is no shop ${domainOf(call).slice(0, 260)}.`);
  return {
    createShop: async (call) => {
      const body = (await readJsonBody(call)) as ShopBody;
      const request = read(body, body.domain ?? "");
      const shop = valueOf(
        await directory.change(audited(call, `shop ${request.domain}`, createShop(request, makeShopId), () => null, shopView)),
      );
      return { body: { shop: shopView(shop) } };
    },
    putShop: async (call) => {
      const body = (await readJsonBody(call)) as ShopBody;
      const domain = sameAsPath(body.domain, domainOf(call), "domain");
      if (!SHOP_DOMAIN.test(domain))
        fail("invalid_member", "The path must end in a shop's domain, such as my-shop.genmystore.com.", "domain");
      const decide = putShop(read(body, domain), makeShopId);
      const view = (put: Put<Shop>): unknown => shopView(put.entry);
      const before = viewOf(directory.directory.shopByDomain(domain), shopView);
      return putReply("shop", valueOf(await directory.change(audited(call, `shop ${domain}`, decide, before, view))), shopView);
    },
    getShop: (call) => Promise.resolve({ body: { shop: shopView(find(call)) } }),
    listShops: (call) => {
      const shops = [...directory.directory.shops()].sort((a, b) => a.id - b.id);
      return Promise.resolve(listReply(call, "shops", shops, (shop) => shop.id, shopView));
    },
    deleteShop: async (call) => {
      const shop = find(call);
      for (const each of directory.directory.installationsOfShop(shop.id)) {
        if (each.endedAt === null) valueOf(await directory.change(auditedEnd(call, directory, each, uninstall(tools, each.app, shop.id))));
      }
      valueOf(await directory.change(audited(call, `shop ${shop.domain}`, endShop(shop.domain), viewOf(shop, shopView), () => null)));
      return { body: {} };
    },
  };
}

interface AppBody {
  readonly name?: string;
  readonly apiVersion?: string;
  readonly webhooks?: readonly ({ readonly topic: string; readonly address: string } & SettingsUpdate)[];
  readonly complianceWebhooks?: Readonly<Record<string, string>>;
  readonly listed?: boolean;
  readonly contact?: { readonly email?: string; readonly url?: string };
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
}

export function appDirectoryHandlers(options: DirectoryApiOptions): Handlers {
  const { directory, tools } = options;
  const clientIdOf = (call: Call): string => call.params["clientId"] ?? "";
  const find = (call: Call): App =>
    directory.directory.appByClientId(clientIdOf(call)) ?? fail("not_found", `There is no app ${clientIdOf(call).slice(0, 64)}.`);
  return {
    createApp: async (call) => {
      const body = (await readJsonBody(call)) as AppBody;
      const shown = newSecrets(body);
      const request = appRequest(options, body, body.clientId ?? makeClientId(), shown);
      const decide = createApp(tools, request, tools.apiVersion);
      const app = valueOf(await directory.change(audited(call, `app ${request.clientId}`, decide, () => null, appView)));
      return { body: { app: { ...appEntry(app, directory.directory), ...shown } } };
    },
    putApp: async (call) => {
      const body = (await readJsonBody(call)) as AppBody;
      const clientId = sameAsPath(body.clientId, clientIdOf(call), "clientId");
      if (!/^[0-9a-fA-F]{32}$/.test(clientId)) fail("invalid_member", "The path must end in a client id: 32 hex digits.", "clientId");
      const before = directory.directory.appByClientId(clientId);
      const given = before === undefined ? newSecrets(body) : changedSecrets(options, before, body);
      const request = appRequest(options, body, before?.clientId ?? clientId, given);
      const decide = putApp(tools, request, tools.apiVersion);
      const view = (put: Put<App>): unknown => appView(put.entry);
      const put = valueOf(await directory.change(audited(call, `app ${clientId}`, decide, viewOf(before, appView), view)));
      return putReply("app", put, (app) => ({ ...appEntry(app, directory.directory), ...(put.isNew ? given : {}) }));
    },
    getApp: (call) => Promise.resolve({ body: { app: appEntry(find(call), directory.directory) } }),
    listApps: (call) => {
      const apps = [...directory.directory.apps()].sort((a, b) => a.id - b.id);
      const view = (app: App): Record<string, unknown> => appEntry(app, directory.directory);
      return Promise.resolve(listReply(call, "apps", apps, (app) => app.id, view));
    },
    deleteApp: async (call) => {
      const app = find(call);
      for (const each of [...directory.directory.installations()].filter((installation) => installation.app === app.id)) {
        valueOf(await directory.change(auditedEnd(call, directory, each, removeInstallation(app.id, each.shop))));
      }
      valueOf(await directory.change(audited(call, `app ${app.clientId}`, endApp(app.clientId), viewOf(app, appView), () => null)));
      return { body: {} };
    },
  };
}

interface InstallationBody {
  readonly clientId?: string;
  readonly shop?: string;
  readonly scopes: readonly string[];
  readonly accessToken?: string;
}

export function installationHandlers(options: DirectoryApiOptions): Handlers {
  const { directory, tools } = options;
  const view = (installation: Installation): Record<string, unknown> => viewInstallation(directory.directory, installation);
  const find = (call: Call): Installation => {
    const app = directory.directory.appByClientId(call.params["clientId"] ?? "");
    const shop = directory.directory.shopByDomain(call.params["shop"] ?? "");
    const installation = app === undefined || shop === undefined ? undefined : directory.directory.installation(app.id, shop.id);
    return installation ?? fail("not_found", "This app is not installed on this shop.");
  };
  const subject = (request: InstallRequest): string => `installation ${request.clientId} ${request.shop}`;
  return {
    createInstallation: async (call) => {
      const body = (await readJsonBody(call)) as InstallationBody;
      const token = body.accessToken ?? makeAccessToken();
      const request = {
        clientId: body.clientId ?? "",
        shop: body.shop ?? "",
        scopes: unique(body.scopes),
        tokenHash: await freeToken(options, token, null),
      };
      const installation = valueOf(await directory.change(audited(call, subject(request), install(tools, request), () => null, view)));
      return { body: { installation: { ...view(installation), accessToken: token } } };
    },
    putInstallation: async (call) => {
      const body = (await readJsonBody(call)) as InstallationBody;
      const clientId = sameAsPath(body.clientId, call.params["clientId"] ?? "", "clientId");
      const shop = sameAsPath(body.shop, (call.params["shop"] ?? "").toLowerCase(), "shop");
      const before = installed(directory, clientId, shop);
      const token = body.accessToken ?? (before === undefined ? makeAccessToken() : null);
      const tokenHash = token === null ? null : await freeToken(options, token, before ?? null);
      const request = { clientId, shop, scopes: unique(body.scopes), tokenHash };
      const decide = audited(call, subject(request), putInstallation(tools, request), viewOf(before, view), (each) => view(each.entry));
      const put = valueOf(await directory.change(decide));
      return putReply("installation", put, (each) => ({ ...view(each), ...(put.isNew && token !== null ? { accessToken: token } : {}) }));
    },
    getInstallation: (call) => Promise.resolve({ body: { installation: view(find(call)) } }),
    listInstallations: (call) => Promise.resolve(installationsReply(directory.directory, call, null, () => true)),
    deleteInstallation: async (call) => {
      const found = find(call);
      valueOf(await directory.change(auditedEnd(call, directory, found, uninstall(tools, found.app, found.shop))));
      return { body: {} };
    },
  };
}

/** A page of the installations that a caller may see; `owner` where they are one app's. */
export function installationsReply(directory: Directory, call: Call, owner: App | null, isOwn: (each: Installation) => boolean): Reply {
  const { shop, clientId } = readPaging(call).filters;
  const shopId = shop === undefined ? null : (directory.shopByDomain(shop)?.id ?? -1);
  const appId = clientId === undefined ? (owner?.id ?? null) : (directory.appByClientId(clientId)?.id ?? -1);
  const fitting = [...directory.installations()].filter(
    (each) => (shopId === null || each.shop === shopId) && (appId === null || each.app === appId) && isOwn(each),
  );
  const sorted = fitting.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return listReply(call, "installations", sorted, keyOf, (each) => viewInstallation(directory, each));
}

function viewInstallation(directory: Directory, installation: Installation): Record<string, unknown> {
  const app = directory.app(installation.app);
  const shop = directory.shop(installation.shop);
  return app === undefined || shop === undefined ? {} : installationView(installation, app, shop);
}

const SHOP_DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const SHOP_ID_MAX = 9_223_372_036_854_775_807n;

function checkShopId(text: string): string {
  return BigInt(text) <= SHOP_ID_MAX ? text : fail("invalid_member", "shopId must fit into 64 bits.", "shopId");
}

function keyOf(installation: Installation): string {
  return `${String(installation.app).padStart(12, "0")} ${String(installation.shop).padStart(12, "0")}`;
}

function installed(directory: DirectoryService, clientId: string, domain: string): Installation | undefined {
  const app = directory.directory.appByClientId(clientId);
  const shop = directory.directory.shopByDomain(domain);
  return app === undefined || shop === undefined ? undefined : directory.directory.installation(app.id, shop.id);
}

/** The end of an installation, with what it was. */
function auditedEnd(
  call: Call,
  { directory }: DirectoryService,
  installation: Installation,
  decide: DecideChange<Installation>,
): DecideChange<Installation> {
  const app = directory.app(installation.app);
  const shop = directory.shop(installation.shop);
  if (app === undefined || shop === undefined) return decide;
  const before = installationView(installation, app, shop);
  return audited(
    call,
    `installation ${app.clientId} ${shop.domain}`,
    decide,
    () => before,
    () => null,
  );
}

/** A member that repeats the path must agree with it. */
function sameAsPath(member: string | undefined, path: string, name: string): string {
  if (member !== undefined && member.toLowerCase() !== path.toLowerCase()) {
    fail("invalid_member", `${name} must be the same as in the path, or left out.`, name);
  }
  return path;
}

function appRequest(
  options: DirectoryApiOptions,
  body: AppBody,
  clientId: string,
  secrets: { readonly clientSecret?: string; readonly signingSecret?: string },
): AppRequest {
  const address = (text: string, member: string): CheckedAddress => checkedAddress(options, text, member);
  const compliance = body.complianceWebhooks;
  if (body.contact?.url !== undefined) address(body.contact.url, "contact.url");
  return {
    clientId,
    name: body.name,
    apiVersion: body.apiVersion,
    webhooks: body.webhooks?.map(({ topic, address: text, ...settings }, index) => ({
      topic,
      address: address(text, `webhooks[${index}].address`),
      settings,
    })),
    complianceWebhooks:
      compliance === undefined
        ? undefined
        : Object.fromEntries(Object.entries(compliance).map(([topic, text]) => [topic, address(text, `complianceWebhooks.${topic}`)])),
    isListed: body.listed,
    contact: body.contact,
    secrets: [sealed(options, "client", secrets.clientSecret), sealed(options, "signing", secrets.signingSecret)].filter(
      (each) => each !== null,
    ),
  };
}

function newSecrets(body: AppBody): { readonly clientSecret: string; readonly signingSecret: string } {
  return { clientSecret: body.clientSecret ?? makeClientSecret(), signingSecret: body.signingSecret ?? makeSigningSecret() };
}

/** Secrets of a PUT that are not the ones in use already: sending the same again changes nothing. */
function changedSecrets(
  options: DirectoryApiOptions,
  app: App,
  body: AppBody,
): { readonly clientSecret?: string; readonly signingSecret?: string } {
  const inUse = (kind: SealedSecret["kind"], text: string): boolean =>
    app.secrets.some(
      (secret) => secret.kind === kind && secret.state === "live" && isSameSecret(options.sealing.open(secret.sealed), text),
    );
  const { clientSecret, signingSecret } = body;
  return {
    ...(clientSecret === undefined || inUse("client", clientSecret) ? {} : { clientSecret }),
    ...(signingSecret === undefined || inUse("signing", signingSecret) ? {} : { signingSecret }),
  };
}

function sealed(options: DirectoryApiOptions, kind: SealedSecret["kind"], text: string | undefined): SealedSecret | null {
  if (text === undefined) return null;
  return { id: options.tools.newUuid(), kind, state: "live", sealed: options.sealing.seal(text), createdAt: options.now() };
}

/** The hash of a token that no other installation has. */
async function freeToken(options: DirectoryApiOptions, token: string, own: Installation | null): Promise<string> {
  const hash = sha256(token);
  const { installation } = await options.store.directory.findToken(hash);
  const isTaken = installation !== null && !(own !== null && installation.app === own.app && installation.shop === own.shop);
  return isTaken ? fail("already_exists", "Another installation has this accessToken.", "accessToken") : hash;
}

function unique(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes)];
}

function viewOf<Entry>(entry: Entry | undefined, view: (entry: Entry) => unknown): () => unknown {
  return () => (entry === undefined ? null : view(entry));
}

/** 201 where the PUT made the entry (RFC 9110 9.3.4). */
function putReply<Entry>(name: string, put: Put<Entry>, view: (entry: Entry) => unknown): Reply {
  return { status: put.isNew ? 201 : 200, body: { [name]: view(put.entry) } };
}

export function listReply<Entry>(
  call: Call,
  name: string,
  entries: readonly Entry[],
  key: (entry: Entry) => number | string,
  view: (entry: Entry) => unknown,
): Reply {
  const paging = readPaging(call);
  const { page, ...turns } = pageOf(entries, key, paging);
  return { headers: pageLinks(call, paging, turns), body: { [name]: page.map(view) } };
}
