import type { App, Installation, Shop, Subscription } from "../domain/directory-entries.ts";
import type { EventId, NewEvent } from "../domain/event.ts";
import { millisecondsOf } from "../domain/event.ts";
import { momentOf } from "../domain/moment.ts";
import { coversTopic } from "../domain/topic.ts";
import type { Payloads } from "../payload/payloads.ts";
import { makeEvent, type EventDraft } from "../publish/make-event.ts";
import { ok, refuse } from "../refusal.ts";
import { diffDeclaration, type DeclarationTools } from "./declarations.ts";
import { laneOf, type Directory } from "./directory.ts";
import type { Change, DecideChange } from "./directory-service.ts";
import type { Put } from "./shops.ts";
import { withStatus } from "./subscriptions.ts";

/** What installing needs from outside, beyond what subscriptions need. */
export interface InstallationTools extends DeclarationTools {
  readonly newEventId: () => EventId;
  /** UTF-8 bytes of a text. */
  readonly encode: (text: string) => Uint8Array;
  readonly apiVersion: string;
  readonly retentionMs: number;
  readonly payloads: Pick<Payloads, "selectionOf">;
}

export interface InstallRequest {
  readonly clientId: string;
  readonly shop: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the access token; null keeps the one there is (only where there is one). */
  readonly tokenHash: string | null;
}

/** Installs an app: grants scopes, makes the declared webhooks, and says `app/installed`, all in one transaction. */
export function install(tools: InstallationTools, request: InstallRequest): DecideChange<Installation> {
  return (directory, now) => {
    const found = findBoth(directory, request);
    if (!found.ok) return found;
    const { app, shop } = found.value;
    if (directory.installation(app.id, shop.id) !== undefined) {
      return refuse("already_exists", `${app.name} is installed on ${shop.domain} already; use PUT to change its scopes.`, "shop");
    }
    if (request.tokenHash === null) return refuse("missing_member", "accessToken is required.", "accessToken");
    const {
      made: subscriptions,
      missing,
      next,
    } = diffDeclaration(tools, directory, { app, shop, installation: request }, directory.counters.subscription, now);
    const installation: Installation = {
      app: app.id,
      shop: shop.id,
      scopes: request.scopes,
      tokenHash: request.tokenHash,
      declaration: { version: app.declaration.version, missing },
      installedAt: now,
      updatedAt: now,
      endedAt: null,
    };
    const payload = { installed: { clientId: app.clientId, shopId: shop.shopId, scopes: request.scopes } };
    return ok({
      value: installation,
      counters: { ...directory.counters, subscription: next },
      installations: [installation],
      subscriptions,
      events: [ownEvent(tools, directory, "app/installed", app, shop, payload, subscriptions)],
    });
  };
}

/** Installs, or changes the scopes (and the token, where one is given) of what is installed. */
export function putInstallation(tools: InstallationTools, request: InstallRequest): DecideChange<Put<Installation>> {
  return (directory, now) => {
    const found = findBoth(directory, request);
    if (!found.ok) return found;
    const { app, shop } = found.value;
    const before = directory.installation(app.id, shop.id);
    if (before === undefined) {
      const installed = install(tools, request)(directory, now);
      return installed.ok ? ok({ ...installed.value, value: { entry: installed.value.value, isNew: true } }) : installed;
    }
    const after: Installation = { ...before, scopes: request.scopes, tokenHash: request.tokenHash ?? before.tokenHash, updatedAt: now };
    const hasNewScopes = !isSameSet(before.scopes, after.scopes);
    if (!hasNewScopes && after.tokenHash === before.tokenHash) return ok({ value: { entry: before, isNew: false } });
    const change: Change<Put<Installation>> = { value: { entry: after, isNew: false }, installations: [after] };
    return ok(hasNewScopes ? { ...change, ...scopesChanged(tools, directory, app, shop, before, after, now) } : change);
  };
}

/**
 * Uninstalls in one transaction: the token is gone, subscriptions end and what they are owed is cancelled, and `app/uninstalled` with its
 * deliveries is written: the one thing that is still sent, also to the installation's own webhook for it.
 */
export function uninstall(tools: InstallationTools, appId: number, shopId: number): DecideChange<Installation> {
  return (directory, now) => {
    const before = directory.installation(appId, shopId);
    const app = directory.app(appId);
    const shop = directory.shop(shopId);
    if (before === undefined || app === undefined || shop === undefined)
      return refuse("not_found", "The app is not installed on this shop.");
    const ended = endInstallation(directory, before, "uninstalled", now);
    const payload = { uninstalled: { clientId: app.clientId, shopId: shop.shopId } };
    return ok({ ...ended, events: [ownEvent(tools, directory, "app/uninstalled", app, shop, payload, [])] });
  };
}

/** Ends an installation whose app is being deleted: there is nobody left to tell. */
export function removeInstallation(appId: number, shopId: number): DecideChange<Installation> {
  return (directory, now) => {
    const before = directory.installation(appId, shopId);
    if (before === undefined) return refuse("not_found", "The app is not installed on this shop.");
    return ok(endInstallation(directory, before, "unsubscribed", now));
  };
}

function endInstallation(
  directory: Directory,
  before: Installation,
  endReason: "uninstalled" | "unsubscribed",
  now: number,
): Change<Installation> {
  const own = directory.subscriptionsOf(before.app, before.shop);
  const subscriptions = own.map((each): Subscription => ({ ...each, endedAt: now, endReason, updatedAt: now }));
  const swept = own.filter((each) => endReason === "unsubscribed" || each.topic !== "app/uninstalled");
  const after: Installation = { ...before, endedAt: now, updatedAt: now };
  return {
    value: after,
    installations: [after],
    subscriptions,
    cancel: swept.map((each) => ({ lane: laneOf(each), reason: endReason })),
  };
}

/** What is no longer covered is suspended and loses what it is owed; what is covered again begins with new events. */
function scopesChanged(
  tools: InstallationTools,
  directory: Directory,
  app: App,
  shop: Shop,
  before: Installation,
  after: Installation,
  now: number,
): Pick<Change<unknown>, "subscriptions" | "cancel" | "events"> {
  const subscriptions: Subscription[] = [];
  const lost: Subscription[] = [];
  for (const subscription of directory.subscriptionsOf(app.id, shop.id)) {
    const rule = tools.topics.get(subscription.topic);
    const isCovered = rule !== undefined && coversTopic(after.scopes, rule);
    if (!isCovered && subscription.statusReason !== "scope_lost") {
      const suspended = withStatus(subscription, "suspended", "scope_lost", now);
      lost.push(suspended);
      subscriptions.push(suspended);
    } else if (isCovered && subscription.statusReason === "scope_lost") {
      subscriptions.push(withStatus(subscription, "active", null, now));
    }
  }
  const payload = {
    authScope: {
      clientId: app.clientId,
      shopId: shop.shopId,
      previous: before.scopes,
      current: after.scopes,
      updateTime: String(now),
    },
  };
  const event = ownEvent(tools, directory, "app/scopesUpdate", app, shop, payload, []);
  const gone = new Set(lost.map((each) => each.id));
  return {
    subscriptions,
    cancel: lost.map((each) => ({ lane: laneOf(each), reason: "scope_lost" })),
    events: [{ ...event, owes: event.owes.filter((owed) => !gone.has(owed.subscription)) }],
  };
}

/** An event that Genhook makes itself: for this one app, committed with the change that it tells of. */
function ownEvent(
  tools: InstallationTools,
  directory: Directory,
  topicName: string,
  app: App,
  shop: Shop,
  payload: unknown,
  made: readonly Subscription[],
): NewEvent {
  const topic = tools.topics.get(topicName);
  if (topic === undefined) throw new Error(`the topic table has no ${topicName}`);
  const id = tools.newEventId();
  const draft: EventDraft = {
    id,
    shop,
    app,
    topic,
    apiVersion: tools.apiVersion,
    triggeredAt: momentOf(millisecondsOf(id)),
    orderKey: null,
    traceparent: null,
    changed: null,
    testOf: null,
    payload: tools.encode(JSON.stringify(payload)),
    subjects: [],
    idempotency: null,
  };
  const selection = tools.payloads.selectionOf({ ...draft, topic: topicName });
  const event = makeEvent(directory, draft, { retentionMs: tools.retentionMs, selection });
  const own = made.filter((each) => each.topic === topicName && each.status === "active");
  return { ...event, owes: [...event.owes, ...own.map((each) => ({ subscription: each.id, ...laneOf(each) }))] };
}

function findBoth(
  directory: Directory,
  request: InstallRequest,
): { ok: true; value: { app: App; shop: Shop } } | ReturnType<typeof refuse> {
  const app = directory.appByClientId(request.clientId);
  if (app === undefined)
    return refuse("unknown_app", `There is no app ${request.clientId}; create it with POST /platform/v1/apps.`, "clientId");
  const shop = directory.shopByDomain(request.shop);
  if (shop === undefined)
    return refuse("unknown_shop", `There is no shop ${request.shop}; create it with POST /platform/v1/shops.`, "shop");
  return { ok: true, value: { app, shop } };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}
