import type {
  App,
  Installation,
  Shop,
  StatusReason,
  Subscription,
  SubscriptionSettings,
  SubscriptionStatus,
} from "../domain/directory-entries.ts";
import { hostOf } from "../domain/hold.ts";
import { endpointOf, type EndpointAddress, type Sha256 } from "../domain/endpoint.ts";
import { coversTopic, type TopicRule, type TopicRules } from "../domain/topic.ts";
import { MATCHES_MAX, SUBSCRIPTIONS_PER_INSTALLATION_MAX } from "../limits.ts";
import { ok, refuse, type Refusal, type Result } from "../refusal.ts";
import { laneOf, type Directory } from "./directory.ts";
import type { DecideChange } from "./directory-service.ts";
import { completeOrder, placeInOrder, refuseOrder } from "./ordering.ts";
import { refuseMode, refuseRate, refuseSelection, updateSettings, type SettingsUpdate } from "./subscription-settings.ts";

/** An address that the guard has let through, as the caller wrote it, with its parsed form. */
export interface CheckedAddress extends EndpointAddress {
  readonly text: string;
}

/** What making and changing subscriptions needs from outside. */
export interface SubscriptionTools {
  readonly sha256: Sha256;
  readonly newUuid: () => string;
  readonly topics: TopicRules;
}

/** Who asks: an installation, by internal keys. */
export interface Installed {
  readonly app: number;
  readonly shop: number;
}

export interface SubscribeRequest {
  readonly topic: string;
  /** Null in pull mode, and only there. */
  readonly address: CheckedAddress | null;
  readonly settings: SubscriptionSettings;
}

/** Makes a subscription of an installation. */
export function subscribe(tools: SubscriptionTools, who: Installed, request: SubscribeRequest): DecideChange<Subscription> {
  return (directory, now) => {
    const installed = findInstalled(directory, who);
    if (!installed.ok) return installed;
    const refusal =
      refuseAddress(request.settings, request.address !== null, request.address !== null) ??
      refuseRate(request.settings, "webhook.") ??
      refuseTopic(tools, installed.value.installation, request.topic) ??
      refuseSelection(request.settings, tools.topics.get(request.topic) ?? null, "webhook.") ??
      refuseOrder(request.settings, who.shop, "webhook.") ??
      refuseAnother(directory, who, { topic: request.topic, address: request.address?.text ?? null }, null);
    if (refusal !== null) return { ok: false, refusal };
    const settings = completeOrder(request.settings, {});
    const id = directory.counters.subscription;
    const made = makeSubscription(tools, installed.value, { ...request, settings }, id, now, false);
    const { subscription, next } = placeInOrder(directory, null, made, id + 1);
    return ok({ value: subscription, counters: { ...directory.counters, subscription: next }, subscriptions: [subscription] });
  };
}

export interface SubscriptionUpdate {
  readonly topic?: string;
  readonly address?: CheckedAddress;
  readonly settings?: SettingsUpdate;
}

/** Changes a subscription; ends every status but `scope_lost`. A changed topic concerns later events only. */
export function updateSubscription(
  tools: SubscriptionTools,
  who: Installed,
  id: number,
  update: SubscriptionUpdate,
): DecideChange<Subscription> {
  return (directory, now) => {
    const installed = findInstalled(directory, who);
    if (!installed.ok) return installed;
    const before = findOwn(directory, who, id);
    if (before === null) return notFound();
    const topic = update.topic ?? before.topic;
    const settings = completeOrder(updateSettings(before.settings, update.settings ?? {}), update.settings ?? {});
    const isPull = settings.mode === "pull";
    const address = isPull ? null : (update.address?.text ?? before.address);
    const refusal =
      refuseMode(update.settings ?? {}, settings, "webhook.") ??
      refuseRate(settings, "webhook.") ??
      refusePull(before, settings) ??
      refuseAddress(settings, update.address !== undefined, address !== null && address !== "") ??
      refuseTopic(tools, installed.value.installation, topic) ??
      refuseSelection(settings, tools.topics.get(topic) ?? null, "webhook.") ??
      refuseOrder(settings, who.shop, "webhook.") ??
      refuseAnother(directory, who, { topic, address }, id);
    if (refusal !== null) return { ok: false, refusal };
    const isMoved = update.address !== undefined || (isPull && before.settings.mode !== "pull");
    const after: Subscription = {
      ...before,
      topic,
      ...(isMoved ? placeOf(tools, installed.value.app, update.address ?? null, before.uuid) : {}),
      settings,
      // What the app has changed itself no longer follows its declaration.
      isDeclared: before.isDeclared && topic === before.topic && address === before.address,
      status: "active",
      statusReason: null,
      updatedAt: now,
    };
    const { subscription, next } = placeInOrder(directory, before, after, directory.counters.subscription);
    return ok({ value: subscription, counters: { ...directory.counters, subscription: next }, subscriptions: [subscription] });
  };
}

/** Ends a subscription and cancels what it is owed. */
export function unsubscribe(who: Installed, id: number): DecideChange<Subscription> {
  return (directory, now) => {
    const before = findOwn(directory, who, id);
    if (before === null) return notFound();
    const after: Subscription = { ...before, endedAt: now, endReason: "unsubscribed", updatedAt: now };
    return ok({ value: after, subscriptions: [after], cancel: [{ lane: laneOf(before), reason: "unsubscribed" }] });
  };
}

/** Pauses: what is owed and what comes waits, and no attempt is used. */
export function pauseSubscription(who: Installed, id: number): DecideChange<Subscription> {
  return (directory, now) => {
    const before = findOwn(directory, who, id);
    if (before === null) return notFound();
    if (before.status !== "active") return ok({ value: before });
    const after = withStatus(before, "paused", null, now);
    return ok({ value: after, subscriptions: [after] });
  };
}

/** Ends `paused`, `suspended` by a failing endpoint, and `disabled`; a lost scope ends only with the scope's return. */
export function resumeSubscription(who: Installed, id: number): DecideChange<Subscription> {
  return (directory, now) => {
    const before = findOwn(directory, who, id);
    if (before === null) return notFound();
    if (before.status === "active" || before.statusReason === "scope_lost") return ok({ value: before });
    const after = withStatus(before, "active", null, now);
    return ok({ value: after, subscriptions: [after] });
  };
}

/** After a 410: the endpoint says that it is gone for good, so nothing is owed to this subscription any more. */
export function disableSubscription(id: number): DecideChange<null> {
  return (directory, now) => {
    const before = directory.subscription(id);
    if (before === undefined || before.status === "disabled") return ok({ value: null });
    return ok({
      value: null,
      subscriptions: [withStatus(before, "disabled", "gone", now)],
      cancel: [{ lane: laneOf(before), reason: "disabled" }],
    });
  };
}

/** Changes nothing but the version, so that every process lets go of what it holds in memory of these lanes and reads them again. */
export function touchSubscriptions(ids: readonly number[]): DecideChange<null> {
  return (directory) => ok({ value: null, subscriptions: ids.flatMap((id) => directory.subscription(id) ?? []) });
}

export function withStatus(subscription: Subscription, status: SubscriptionStatus, reason: StatusReason | null, now: number): Subscription {
  return { ...subscription, status, statusReason: reason, updatedAt: now };
}

export interface InstalledEntries {
  readonly app: App;
  readonly shop: Shop | null;
  readonly installation: Installation;
}

export function makeSubscription(
  tools: SubscriptionTools,
  owner: { readonly app: App; readonly shop: Shop | null },
  request: SubscribeRequest,
  id: number,
  now: number,
  isDeclared: boolean,
): Subscription {
  const uuid = tools.newUuid();
  return {
    id,
    uuid,
    app: owner.app.id,
    shop: owner.shop?.id ?? null,
    topic: request.topic,
    ...placeOf(tools, owner.app, request.address, uuid),
    status: "active",
    statusReason: null,
    settings: request.settings,
    isDeclared,
    ...(isDeclared && Object.keys(request.settings).length > 0 ? { declaredSettings: request.settings } : {}),
    createdAt: now,
    updatedAt: now,
    endedAt: null,
    endReason: null,
  };
}

/** Where a subscription is sent to. In pull mode nowhere: then it is an endpoint of its own, which only says who numbers it. */
function placeOf(
  tools: SubscriptionTools,
  app: App,
  address: CheckedAddress | null,
  uuid: string,
): Pick<Subscription, "address" | "host" | "endpoint"> {
  if (address === null)
    return { address: "", host: "", endpoint: endpointOf(tools.sha256, app.clientId, { origin: "pull:", pathname: uuid }) };
  return { address: address.text, host: hostOf(address.origin), endpoint: endpointOf(tools.sha256, app.clientId, address) };
}

/** What was accepted in order is still sent in order, also once the webhook is not ordered any more: so it needs an address for good. */
function refusePull(before: Subscription, settings: SubscriptionSettings): Refusal | null {
  if (settings.mode !== "pull" || before.order === undefined) return null;
  const message = "A webhook that is or was ordered cannot be in pull mode; make another one for that.";
  return { code: "invalid_member", message, member: "webhook.mode" };
}

/** An address is needed where something is sent, and is a mistake where nothing is. */
function refuseAddress(settings: SubscriptionSettings, isGiven: boolean, isThere: boolean): Refusal | null {
  const member = "webhook.address";
  if (settings.mode === "pull") {
    if (!isGiven) return null;
    return {
      code: "invalid_member",
      message: `${member} must be left out in pull mode: nothing is sent, so nothing would be done with it.`,
      member,
    };
  }
  return isThere ? null : { code: "missing_member", message: `${member} is required.`, member };
}

function findInstalled(directory: Directory, who: Installed): Result<InstalledEntries> {
  const installation = directory.installation(who.app, who.shop);
  const app = directory.app(who.app);
  const shop = directory.shop(who.shop);
  if (installation === undefined || app === undefined || shop === undefined) {
    return refuse("not_installed", "The app is no longer installed on this shop.");
  }
  return ok({ app, shop, installation });
}

function findOwn(directory: Directory, who: Installed, id: number): Subscription | null {
  const subscription = directory.subscription(id);
  return subscription !== undefined && subscription.app === who.app && subscription.shop === who.shop ? subscription : null;
}

function notFound(): { readonly ok: false; readonly refusal: Refusal } {
  return refuse("not_found", "There is no webhook with this id on this shop.");
}

function refuseTopic(tools: SubscriptionTools, installation: Installation, topic: string): Refusal | null {
  const rule: TopicRule | undefined = tools.topics.get(topic);
  if (rule === undefined) {
    return {
      code: "unknown_topic",
      message: `There is no topic "${topic.slice(0, 100)}"; docs/topics lists them.`,
      member: "webhook.topic",
    };
  }
  if (rule.audience === "compliance") {
    return {
      code: "topic_not_subscribable",
      message: `${topic} is a compliance topic: its address is set with the app (complianceWebhooks), not subscribed per shop.`,
      member: "webhook.topic",
    };
  }
  if (!coversTopic(installation.scopes, rule)) {
    return {
      code: "topic_scope_missing",
      message: `${topic} needs one of the scopes ${rule.scopes.join(", ")}; the installation has ${installation.scopes.join(", ") || "none"}.`,
      member: "webhook.topic",
    };
  }
  return null;
}

function refuseAnother(
  directory: Directory,
  who: Installed,
  request: { readonly topic: string; readonly address: string | null },
  except: number | null,
): Refusal | null {
  const { address } = request;
  const own = directory.subscriptionsOf(who.app, who.shop);
  const twin = own.find((each) => each.id !== except && address !== null && each.topic === request.topic && each.address === address);
  if (twin !== undefined) {
    return {
      code: "webhook_exists",
      message: `Webhook ${twin.id} already sends ${request.topic} to this address.`,
      member: "webhook.address",
    };
  }
  if (except === null && own.length >= SUBSCRIPTIONS_PER_INSTALLATION_MAX) {
    const message = `An installation may have ${SUBSCRIPTIONS_PER_INSTALLATION_MAX} webhooks; delete one that is no longer needed.`;
    return { code: "too_many_webhooks", message, member: "webhook" };
  }
  if (directory.subscribed(who.shop, request.topic).filter((each) => each.id !== except).length >= MATCHES_MAX) {
    return { code: "too_many_webhooks", message: `${MATCHES_MAX} webhooks on this shop have this topic already.`, member: "webhook.topic" };
  }
  return null;
}
