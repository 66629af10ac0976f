import type { App, DeclaredWebhook, Installation, Shop, Subscription } from "../domain/directory-entries.ts";
import { endpointOf } from "../domain/endpoint.ts";
import { hostOf } from "../domain/hold.ts";
import { coversTopic } from "../domain/topic.ts";
import {
  DECLARATION_STEP_INSTALLATIONS,
  DECLARATION_STEP_SUBSCRIPTIONS,
  MATCHES_MAX,
  SUBSCRIPTIONS_PER_INSTALLATION_MAX,
} from "../limits.ts";
import { ok } from "../refusal.ts";
import { followSettings, isSameSettings } from "./declared-settings.ts";
import type { Directory } from "./directory.ts";
import type { DecideChange } from "./directory-service.ts";
import { placeInOrder } from "./ordering.ts";
import { makeSubscription, withStatus, type CheckedAddress, type SubscriptionTools } from "./subscriptions.ts";

export interface DeclarationTools extends SubscriptionTools {
  /** A declared address in parsed form; null where today's guard no longer lets it through. */
  readonly readAddress: (text: string) => CheckedAddress | null;
}

/** What an installation needs to have the webhooks that its app declares, and no declared ones beyond. */
export interface DeclarationDiff {
  readonly made: readonly Subscription[];
  /** Same topic, other address: keeps its id and what it is owed. */
  readonly moved: readonly Subscription[];
  /** Declared with other settings than before. */
  readonly changed: readonly Subscription[];
  readonly ended: readonly Subscription[];
  /** Declared webhooks that cannot be given: no room, an address that the guard refuses today, settings that do not go with the app's own. */
  readonly missing: number;
  /** The next id to give out. */
  readonly next: number;
}

/**
 * Compares what an installation has with what its app declares. What the app made or changed through the API is its own: it is left alone,
 * and counts as there where topic and address are the same. Ids are given out from `nextId`. Pure.
 */
export function diffDeclaration(
  tools: DeclarationTools,
  directory: Directory,
  who: { readonly app: App; readonly shop: Shop; readonly installation: Pick<Installation, "scopes"> },
  nextId: number,
  now: number,
): DeclarationDiff {
  const { app, shop } = who;
  const own = directory.subscriptionsOf(app.id, shop.id);
  const wanted = app.webhooks.filter(({ topic }) => tools.topics.get(topic)?.audience === "shop");
  const lacking = wanted.filter((each) => !own.some((has) => isSame(has, each)));
  let next = nextId;
  let unsettled = 0;
  const moved: Subscription[] = [];
  const changed: Subscription[] = [];
  const ended: Subscription[] = [];
  const place = (before: Subscription, after: Subscription, { settings }: DeclaredWebhook, into: Subscription[]): void => {
    const followed = followSettings(after, settings);
    if (!followed.isDone) unsettled += 1;
    if (followed.subscription === before) return;
    const updated = { ...followed.subscription, updatedAt: now };
    const placed = placeInOrder(directory, before, updated, next, [...moved, ...changed]);
    into.push(placed.subscription);
    next = placed.next;
  };
  for (const subscription of own) {
    if (!subscription.isDeclared) continue;
    const same = wanted.find((each) => isSame(subscription, each));
    if (same !== undefined) {
      place(subscription, subscription, same, changed);
      continue;
    }
    const at = lacking.findIndex((each) => each.topic === subscription.topic && tools.readAddress(each.address) !== null);
    const [target] = at < 0 ? [] : lacking.splice(at, 1);
    if (target === undefined) ended.push({ ...subscription, endedAt: now, endReason: "unsubscribed", updatedAt: now });
    else place(subscription, move(tools, who, subscription, target, now), target, moved);
  }
  const made: Subscription[] = [];
  for (const { topic, address, settings } of lacking) {
    const rule = tools.topics.get(topic);
    const checked = tools.readAddress(address);
    const hasRoom =
      own.length - ended.length + made.length < SUBSCRIPTIONS_PER_INSTALLATION_MAX &&
      directory.subscribed(shop.id, topic).length < MATCHES_MAX;
    if (rule === undefined || checked === null || !hasRoom) continue;
    const one = makeSubscription(tools, { app, shop }, { topic, address: checked, settings: settings ?? {} }, next, now, true);
    const placed = placeInOrder(directory, null, one, next + 1, [...moved, ...changed, ...made]);
    next = placed.next;
    made.push(
      coversTopic(who.installation.scopes, rule) ? placed.subscription : withStatus(placed.subscription, "suspended", "scope_lost", now),
    );
  }
  return { made, moved, changed, ended, missing: lacking.length - made.length + unsettled, next };
}

/** What one step did. */
export interface DeclarationStep {
  readonly clientId: string;
  readonly version: number;
  readonly installations: number;
  readonly made: number;
  readonly moved: number;
  readonly changed: number;
  readonly ended: number;
}

/**
 * Brings some of an app's installations to what it declares now: few enough for a short transaction. Null when none is behind. What the
 * ended webhooks are owed is cancelled by their owner, in steps of its own.
 */
export function followDeclaration(tools: DeclarationTools, appId: number): DecideChange<DeclarationStep | null> {
  return (directory, now) => {
    const app = directory.app(appId);
    if (app === undefined) return ok({ value: null });
    const installations: Installation[] = [];
    const diffs: DeclarationDiff[] = [];
    let next = directory.counters.subscription;
    let touched = 0;
    for (const shopId of directory.declarations.shopsBehind(appId)) {
      if (installations.length >= DECLARATION_STEP_INSTALLATIONS || touched >= DECLARATION_STEP_SUBSCRIPTIONS) break;
      const shop = directory.shop(shopId);
      const installation = directory.installation(appId, shopId);
      if (shop === undefined || installation === undefined) continue;
      const diff = diffDeclaration(tools, directory, { app, shop, installation }, next, now);
      next = diff.next;
      touched += diff.made.length + diff.moved.length + diff.changed.length + diff.ended.length;
      diffs.push(diff);
      installations.push({ ...installation, declaration: { version: app.declaration.version, missing: diff.missing } });
    }
    if (installations.length === 0) return ok({ value: null });
    const all = (kind: "made" | "moved" | "changed" | "ended"): readonly Subscription[] => diffs.flatMap((diff) => diff[kind]);
    const [made, moved, changed, ended] = [all("made"), all("moved"), all("changed"), all("ended")];
    const counts = {
      installations: installations.length,
      made: made.length,
      moved: moved.length,
      changed: changed.length,
      ended: ended.length,
    };
    return ok({
      value: { clientId: app.clientId, version: app.declaration.version, ...counts },
      counters: { ...directory.counters, subscription: next },
      installations,
      subscriptions: [...ended, ...moved, ...changed, ...made],
    });
  };
}

/** Whether two declarations ask for the same, in whatever order. */
export function isSameDeclaration(a: readonly DeclaredWebhook[], b: readonly DeclaredWebhook[]): boolean {
  return (
    a.length === b.length && a.every((each) => b.some((other) => isSame(each, other) && isSameSettings(each.settings, other.settings)))
  );
}

function isSame(a: Pick<DeclaredWebhook, "topic" | "address">, b: Pick<DeclaredWebhook, "topic" | "address">): boolean {
  return a.topic === b.topic && a.address === b.address;
}

/** A new address begins without the old one's troubles; a pause and a lost scope are not about the address. */
function move(
  tools: DeclarationTools,
  who: { readonly app: App; readonly installation: Pick<Installation, "scopes"> },
  subscription: Subscription,
  target: DeclaredWebhook,
  now: number,
): Subscription {
  const checked = tools.readAddress(target.address);
  if (checked === null) return subscription;
  const isTroubled = subscription.statusReason === "endpoint_failing" || subscription.statusReason === "gone";
  const after: Subscription = {
    ...subscription,
    address: checked.text,
    host: hostOf(checked.origin),
    endpoint: endpointOf(tools.sha256, who.app.clientId, checked),
    updatedAt: now,
  };
  return isTroubled ? withStatus(after, "active", null, now) : after;
}
