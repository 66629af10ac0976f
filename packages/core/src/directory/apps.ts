import type { App, DeclaredWebhook, SealedSecret, Subscription, SubscriptionSettings } from "../domain/directory-entries.ts";
import { ok, refuse, type Refusal } from "../refusal.ts";
import type { CancelReason } from "../domain/delivery.ts";
import type { LaneRef } from "../ports/task-queue.ts";
import { isSameDeclaration } from "./declarations.ts";
import { followSettings } from "./declared-settings.ts";
import { laneOf, type Directory } from "./directory.ts";
import type { Change, DecideChange } from "./directory-service.ts";
import { completeOrder, refuseOrder } from "./ordering.ts";
import type { Put } from "./shops.ts";
import { refuseSelection, updateSettings, type SettingsUpdate } from "./subscription-settings.ts";
import { makeSubscription, type CheckedAddress, type SubscriptionTools } from "./subscriptions.ts";

/** A webhook of an app's declaration whose address the guard has let through. */
export interface CheckedWebhook {
  readonly topic: string;
  readonly address: CheckedAddress;
  readonly settings?: SettingsUpdate | undefined;
}

export interface AppRequest {
  readonly clientId: string;
  readonly name?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly webhooks?: readonly CheckedWebhook[] | undefined;
  /** Compliance topic → address. */
  readonly complianceWebhooks?: Readonly<Record<string, CheckedAddress>> | undefined;
  readonly isListed?: boolean | undefined;
  readonly contact?: { readonly email?: string | undefined; readonly url?: string | undefined } | undefined;
  /** Replace the secret in use of the same kind. */
  readonly secrets: readonly SealedSecret[];
}

/** Makes an app; its client id must be free. Both secrets must be among the request's. */
export function createApp(tools: SubscriptionTools, request: AppRequest, defaultVersion: string): DecideChange<App> {
  return (directory, now) => {
    if (directory.appByClientId(request.clientId) !== undefined) {
      return refuse("already_exists", `There is an app ${request.clientId} already; use PUT to change it.`, "clientId");
    }
    if (request.name === undefined) return refuse("missing_member", "name is required.", "name");
    const { counters } = directory;
    const declaration = { version: 1, changedAt: now };
    const merged = merge(
      {
        id: counters.app,
        clientId: request.clientId,
        name: request.name,
        apiVersion: defaultVersion,
        secrets: [],
        webhooks: [],
        declaration,
        complianceWebhooks: {},
        isListed: false,
        contactEmail: null,
        contactUrl: null,
        createdAt: now,
        updatedAt: now,
        endedAt: null,
      },
      request,
      now,
    );
    const app: App = { ...merged, declaration };
    const refusal = refuseDeclaration(tools, app, request);
    if (refusal !== null) return { ok: false, refusal };
    return ok(reconcile(tools, directory, app, request, now, { ...counters, app: counters.app + 1 }));
  };
}

/**
 * Makes the app, or changes what is given of it. Addresses of `app` and compliance topics, which belong to the app, follow at once; the
 * other declared webhooks reach the installations step by step (`followDeclaration`).
 */
export function putApp(tools: SubscriptionTools, request: AppRequest, defaultVersion: string): DecideChange<Put<App>> {
  return (directory, now) => {
    const before = directory.appByClientId(request.clientId);
    if (before === undefined) {
      const created = createApp(tools, request, defaultVersion)(directory, now);
      return created.ok ? ok({ ...created.value, value: { entry: created.value.value, isNew: true } }) : created;
    }
    const app = merge(before, request, now);
    const refusal = refuseDeclaration(tools, app, request);
    if (refusal !== null) return { ok: false, refusal };
    const change = reconcile(tools, directory, app, request, now, directory.counters);
    const isUnchanged = change.subscriptions?.length === 0 && isSameApp(before, app);
    return ok(isUnchanged ? { value: { entry: before, isNew: false } } : { ...change, value: { entry: app, isNew: false } });
  };
}

/** Ends an app that is installed nowhere any more, with the addresses that belong to it. */
export function endApp(clientId: string): DecideChange<App> {
  return (directory, now) => {
    const before = directory.appByClientId(clientId);
    if (before === undefined) return refuse("not_found", `There is no app ${clientId}.`);
    const app: App = { ...before, endedAt: now, updatedAt: now };
    const ended = directory.declaredOf(before.id).map((subscription) => end(subscription, now));
    return ok({ value: app, apps: [app], subscriptions: ended, cancel: ended.map(cancelled) });
  };
}

function merge(before: App, request: AppRequest, now: number): App {
  const { contact } = request;
  const webhooks = request.webhooks?.map(declaredWebhook) ?? before.webhooks;
  const isSame = isSameDeclaration(webhooks, before.webhooks);
  const replaced = new Set(request.secrets.map((secret) => secret.kind));
  return {
    ...before,
    name: request.name ?? before.name,
    apiVersion: request.apiVersion ?? before.apiVersion,
    secrets: [...before.secrets.filter((secret) => !replaced.has(secret.kind)), ...request.secrets],
    webhooks,
    declaration: isSame ? before.declaration : { version: before.declaration.version + 1, changedAt: now },
    complianceWebhooks:
      request.complianceWebhooks === undefined
        ? before.complianceWebhooks
        : Object.fromEntries(Object.entries(request.complianceWebhooks).map(([topic, address]) => [topic, address.text])),
    isListed: request.isListed ?? before.isListed,
    contactEmail: contact === undefined ? before.contactEmail : (contact.email ?? null),
    contactUrl: contact === undefined ? before.contactUrl : (contact.url ?? null),
    updatedAt: now,
  };
}

function declaredWebhook({ topic, address, settings }: CheckedWebhook): DeclaredWebhook {
  const declared = declaredSettings(settings);
  return { topic, address: address.text, ...(Object.keys(declared).length === 0 ? {} : { settings: declared }) };
}

/** Complete, so that they can be compared with what a webhook has. */
function declaredSettings(settings: SettingsUpdate = {}): SubscriptionSettings {
  return completeOrder(updateSettings({}, settings), settings);
}

function isSameApp(before: App, after: App): boolean {
  return JSON.stringify({ ...before, updatedAt: 0 }) === JSON.stringify({ ...after, updatedAt: 0 });
}

function refuseDeclaration(tools: SubscriptionTools, app: App, request: AppRequest): Refusal | null {
  const seen = new Set<string>();
  for (const [index, { topic, address, settings }] of (request.webhooks ?? []).entries()) {
    const member = `webhooks[${index}]`;
    const rule = tools.topics.get(topic);
    if (rule === undefined) {
      return { code: "unknown_topic", message: `There is no topic "${topic.slice(0, 100)}".`, member: `${member}.topic` };
    }
    if (rule.audience === "compliance") {
      return { code: "topic_not_subscribable", message: `${topic} belongs into complianceWebhooks.`, member: `${member}.topic` };
    }
    const key = `${topic} ${address.text}`;
    if (seen.has(key)) return { code: "invalid_member", message: `${member} repeats an entry before it.`, member };
    seen.add(key);
    const declared = declaredSettings(settings);
    const shop = rule.audience === "app" ? null : ANY_SHOP;
    const refusal = refuseSelection(declared, rule, `${member}.`) ?? refuseOrder(declared, shop, `${member}.`);
    if (refusal !== null) return refusal;
  }
  if (!app.isListed) return null;
  const compliance = [...tools.topics.values()].filter((rule) => rule.audience === "compliance");
  const missing = compliance.find((rule) => app.complianceWebhooks[rule.name] === undefined);
  if (missing === undefined) return null;
  const message = `A listed app must name an address for ${missing.name}.`;
  return { code: "missing_member", message, member: `complianceWebhooks.${missing.name}` };
}

/** Declared webhooks are each shop's, where they are not the app's own. */
const ANY_SHOP = 0;

/** Brings the subscriptions that belong to the app in line with what it declares. */
function reconcile(
  tools: SubscriptionTools,
  directory: Directory,
  app: App,
  request: AppRequest,
  now: number,
  counters: Directory["counters"],
): Change<App> {
  const wanted = new Map<string, CheckedWebhook>();
  const changed: Subscription[] = [];
  const ended: Subscription[] = [];
  for (const webhook of ownWebhooks(tools, request)) wanted.set(`${webhook.topic} ${webhook.address.text}`, webhook);
  for (const subscription of directory.declaredOf(app.id)) {
    const isCompliance = tools.topics.get(subscription.topic)?.audience === "compliance";
    const isGiven = (isCompliance ? request.complianceWebhooks : request.webhooks) !== undefined;
    if (!isGiven) continue;
    const key = `${subscription.topic} ${subscription.address}`;
    const same = wanted.get(key);
    if (same === undefined) {
      ended.push(end(subscription, now));
      continue;
    }
    wanted.delete(key);
    const followed = followSettings(subscription, declaredSettings(same.settings)).subscription;
    if (followed !== subscription) changed.push({ ...followed, updatedAt: now });
  }
  let next = counters.subscription;
  const made: Subscription[] = [];
  for (const webhook of wanted.values()) {
    made.push(makeSubscription(tools, { app, shop: null }, { ...webhook, settings: declaredSettings(webhook.settings) }, next, now, true));
    next += 1;
  }
  return {
    value: app,
    counters: { ...counters, subscription: next },
    apps: [app],
    subscriptions: [...ended, ...changed, ...made],
    cancel: ended.map(cancelled),
  };
}

function* ownWebhooks(tools: SubscriptionTools, request: AppRequest): Generator<CheckedWebhook> {
  for (const webhook of request.webhooks ?? []) if (tools.topics.get(webhook.topic)?.audience === "app") yield webhook;
  for (const [topic, address] of Object.entries(request.complianceWebhooks ?? {})) yield { topic, address };
}

function end(subscription: Subscription, now: number): Subscription {
  return { ...subscription, endedAt: now, endReason: "unsubscribed", updatedAt: now };
}

function cancelled(subscription: Subscription): { readonly lane: LaneRef; readonly reason: CancelReason } {
  return { lane: laneOf(subscription), reason: "unsubscribed" };
}
