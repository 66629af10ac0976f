import type { App, Installation, Shop, Subscription } from "../domain/directory-entries.ts";
import { shardOf } from "../domain/endpoint.ts";
import type { Hold } from "../domain/hold.ts";
import type { Counters, DirectoryChanges } from "../ports/directory-store.ts";
import { DeclarationIndex } from "./declaration-index.ts";
import { EndpointRates } from "./endpoint-rates.ts";
import type { LaneRef } from "../ports/task-queue.ts";
import { Holds } from "./holds.ts";

const NONE: readonly Subscription[] = [];

/**
 * All shops, apps, installations and subscriptions that hold now, in memory, indexed for matching. It is a copy of the store's
 * at `version`; `apply` brings it forward. Readers must not keep entries over an await if they rely on them being current.
 */
export class Directory {
  version = 0;
  /** Which installations have yet to follow their app's declaration. */
  readonly declarations: DeclarationIndex = new DeclarationIndex();
  counters: Counters = { shop: 1, app: 1, subscription: 1 };
  readonly holds: Holds = new Holds();
  readonly rates: EndpointRates = new EndpointRates();
  readonly #shops = new Map<number, Shop>();
  readonly #shopsByDomain = new Map<string, Shop>();
  readonly #shopsByShopId = new Map<string, Shop>();
  readonly #apps = new Map<number, App>();
  readonly #appsByClientId = new Map<string, App>();
  /** Also ended ones: compliance topics reach who was installed. Shop → app → installation. */
  readonly #installations = new Map<number, Map<number, Installation>>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #subscriptionsByUuid = new Map<string, number>();
  /** `shop topic` → subscriptions of installations. */
  readonly #byShopTopic = new Map<string, Subscription[]>();
  /** `app topic` → subscriptions that belong to the app itself. */
  readonly #byAppTopic = new Map<string, Subscription[]>();
  /** `app shop` → subscriptions of that installation. */
  readonly #byInstallation = new Map<string, Subscription[]>();
  readonly #byEndpoint = new Map<string, Subscription[]>();
  readonly #byApp = new Map<number, Subscription[]>();
  /** Ordered lane → subscriptions whose ordered deliveries queue in it. */
  readonly #byOrderedLane = new Map<number, Subscription[]>();

  apply(changes: DirectoryChanges): void {
    if (changes.version < this.version) return;
    for (const shop of changes.shops) this.#putShop(shop);
    for (const app of changes.apps) this.#putApp(app);
    for (const installation of changes.installations) this.#putInstallation(installation);
    for (const subscription of changes.subscriptions) this.#putSubscription(subscription);
    for (const hold of changes.holds) this.holds.put(hold);
    this.version = changes.version;
    this.counters = changes.counters;
  }

  /**
   * Takes over a state of the store that is older than this copy: a database that was set back, by a failover to a copy that lagged or by a
   * restore. What that state does not have has ended. Answers the state with what ended.
   */
  setBack(state: DirectoryChanges, at: number): DirectoryChanges {
    const missing = <Entry>(here: Iterable<Entry>, there: readonly Entry[], keyOf: (entry: Entry) => number | string): Entry[] => {
      const keys = new Set(there.map(keyOf));
      return [...here].filter((entry) => !keys.has(keyOf(entry))).map((entry) => ({ ...entry, endedAt: at }));
    };
    const byId = ({ id }: { readonly id: number | string }): number | string => id;
    const whole: DirectoryChanges = {
      ...state,
      shops: [...missing(this.#shops.values(), state.shops, byId), ...state.shops],
      apps: [...missing(this.#apps.values(), state.apps, byId), ...state.apps],
      installations: [...missing(this.installations(), state.installations, ({ app, shop }) => `${app} ${shop}`), ...state.installations],
      subscriptions: [...missing(this.#subscriptions.values(), state.subscriptions, byId), ...state.subscriptions],
      holds: [...missing(this.holds.all(), state.holds, byId), ...state.holds],
    };
    this.version = 0;
    this.apply(whole);
    return whole;
  }

  /** Also a shop that has ended. */
  shop(id: number): Shop | undefined {
    return this.#shops.get(id);
  }

  shopByDomain(domain: string): Shop | undefined {
    return this.#shopsByDomain.get(domain.toLowerCase());
  }

  shopByShopId(shopId: string): Shop | undefined {
    return this.#shopsByShopId.get(shopId);
  }

  app(id: number): App | undefined {
    return this.#apps.get(id);
  }

  appByClientId(clientId: string): App | undefined {
    return this.#appsByClientId.get(clientId.toLowerCase());
  }

  /** The installation that holds now. */
  installation(app: number, shop: number): Installation | undefined {
    const installation = this.#installations.get(shop)?.get(app);
    return installation === undefined || installation.endedAt !== null ? undefined : installation;
  }

  /** The latest installation of an app on a shop, also when it has ended. */
  lastInstallation(app: number, shop: number): Installation | undefined {
    return this.#installations.get(shop)?.get(app);
  }

  /** Installations of a shop, ended ones included. */
  installationsOfShop(shop: number): IterableIterator<Installation> {
    return (this.#installations.get(shop) ?? new Map<number, Installation>()).values();
  }

  subscription(id: number): Subscription | undefined {
    return this.#subscriptions.get(id);
  }

  subscriptionByUuid(uuid: string): Subscription | undefined {
    const id = this.#subscriptionsByUuid.get(uuid);
    return id === undefined ? undefined : this.#subscriptions.get(id);
  }

  /** Subscriptions of installations on a shop for a topic. */
  subscribed(shop: number, topic: string): readonly Subscription[] {
    return this.#byShopTopic.get(`${shop} ${topic}`) ?? NONE;
  }

  /** Subscriptions that belong to an app itself, for a topic. */
  declared(app: number, topic: string): readonly Subscription[] {
    return this.#byAppTopic.get(`${app} ${topic}`) ?? NONE;
  }

  /** Subscriptions of one installation, by id. */
  subscriptionsOf(app: number, shop: number): readonly Subscription[] {
    return this.#byInstallation.get(`${app} ${shop}`) ?? NONE;
  }

  /** Subscriptions that belong to an app itself, over all topics. */
  declaredOf(app: number): readonly Subscription[] {
    return this.subscriptionsOfApp(app).filter((subscription) => subscription.shop === null);
  }

  /** Subscriptions of an app on all shops, and those that belong to the app itself, by id. */
  subscriptionsOfApp(app: number): readonly Subscription[] {
    return this.#byApp.get(app) ?? NONE;
  }

  /** Ids of the endpoints that some subscription names. */
  endpoints(): IterableIterator<string> {
    return this.#byEndpoint.keys();
  }

  /** Subscriptions of one endpoint, by id. */
  subscriptionsAt(endpoint: string): readonly Subscription[] {
    return this.#byEndpoint.get(endpoint) ?? NONE;
  }

  /** Subscriptions whose ordered deliveries queue in a lane, by id; none where that is a subscription's own. */
  orderedIn(lane: number): readonly Subscription[] {
    return this.#byOrderedLane.get(lane) ?? NONE;
  }

  /** The hold that stops a subscription's deliveries at a wall time; null where none does. */
  holdOver(subscription: Subscription, now: number): Hold | null {
    if (this.holds.size === 0) return null;
    const { shop, app, host, topic } = subscription;
    const domain = shop === null ? null : (this.#shops.get(shop)?.domain ?? null);
    return this.holds.over({ shop: domain, clientId: this.#apps.get(app)?.clientId ?? "", host, topic }, now);
  }

  /** Shops that have not ended. */
  shops(): IterableIterator<Shop> {
    return this.#shopsByDomain.values();
  }

  apps(): IterableIterator<App> {
    return this.#apps.values();
  }

  subscriptions(): IterableIterator<Subscription> {
    return this.#subscriptions.values();
  }

  *installations(): IterableIterator<Installation> {
    for (const ofShop of this.#installations.values()) {
      for (const installation of ofShop.values()) if (installation.endedAt === null) yield installation;
    }
  }

  #putShop(shop: Shop): void {
    if (shop.endedAt === null) {
      this.#shopsByDomain.set(shop.domain.toLowerCase(), shop);
      const before = this.#shops.get(shop.id);
      if (before !== undefined && before.shopId !== shop.shopId) this.#shopsByShopId.delete(before.shopId);
      this.#shops.set(shop.id, shop);
      this.#shopsByShopId.set(shop.shopId, shop);
      return;
    }
    // Kept by id: what was owed before the shop ended still names it.
    this.#shops.set(shop.id, shop);
    if (this.#shopsByDomain.get(shop.domain.toLowerCase())?.id === shop.id) this.#shopsByDomain.delete(shop.domain.toLowerCase());
    if (this.#shopsByShopId.get(shop.shopId)?.id === shop.id) this.#shopsByShopId.delete(shop.shopId);
  }

  #putApp(app: App): void {
    this.declarations.putApp(app);
    this.rates.putApp(this.#apps.get(app.id), app);
    if (app.endedAt === null) {
      this.#apps.set(app.id, app);
      this.#appsByClientId.set(app.clientId.toLowerCase(), app);
      return;
    }
    this.#apps.delete(app.id);
    if (this.#appsByClientId.get(app.clientId.toLowerCase())?.id === app.id) this.#appsByClientId.delete(app.clientId.toLowerCase());
  }

  #putInstallation(installation: Installation): void {
    this.declarations.putInstallation(installation);
    let ofShop = this.#installations.get(installation.shop);
    if (ofShop === undefined) this.#installations.set(installation.shop, (ofShop = new Map()));
    ofShop.set(installation.app, installation);
  }

  #putSubscription(subscription: Subscription): void {
    const before = this.#subscriptions.get(subscription.id);
    if (before !== undefined) this.#unlist(before);
    if (subscription.endedAt !== null) {
      this.#subscriptions.delete(subscription.id);
      this.#subscriptionsByUuid.delete(subscription.uuid);
      return;
    }
    this.#subscriptions.set(subscription.id, subscription);
    this.#subscriptionsByUuid.set(subscription.uuid, subscription.id);
    // Nothing is sent in pull mode, so there is no endpoint to look at, to suspend or to warn of.
    if (subscription.settings.mode !== "pull") {
      listIn(this.#byEndpoint, subscription.endpoint, subscription);
      this.rates.add(subscription);
    }
    listIn(this.#byApp, subscription.app, subscription);
    if (subscription.order !== undefined) listIn(this.#byOrderedLane, subscription.order.lane, subscription);
    if (subscription.shop === null) {
      listIn(this.#byAppTopic, `${subscription.app} ${subscription.topic}`, subscription);
      return;
    }
    listIn(this.#byShopTopic, `${subscription.shop} ${subscription.topic}`, subscription);
    listIn(this.#byInstallation, `${subscription.app} ${subscription.shop}`, subscription);
  }

  #unlist(subscription: Subscription): void {
    this.rates.remove(subscription);
    unlistFrom(this.#byEndpoint, subscription.endpoint, subscription.id);
    unlistFrom(this.#byApp, subscription.app, subscription.id);
    if (subscription.order !== undefined) unlistFrom(this.#byOrderedLane, subscription.order.lane, subscription.id);
    if (subscription.shop === null) {
      unlistFrom(this.#byAppTopic, `${subscription.app} ${subscription.topic}`, subscription.id);
      return;
    }
    unlistFrom(this.#byShopTopic, `${subscription.shop} ${subscription.topic}`, subscription.id);
    unlistFrom(this.#byInstallation, `${subscription.app} ${subscription.shop}`, subscription.id);
  }
}

/** A subscription's own lane and its shard: for all of its deliveries that are not ordered. */
export function laneOf(subscription: Subscription): LaneRef {
  return { shard: shardOf(subscription.endpoint), lane: subscription.id };
}

/** The lane that a subscription's delivery of an event queues in: of an ordered one, events with an order key queue together with others'. */
export function laneFor(subscription: Subscription, orderKey: string | null): LaneRef {
  const { order, settings } = subscription;
  if (orderKey === null || order === undefined || settings.ordered !== true) return laneOf(subscription);
  return { shard: shardOf(subscription.endpoint), lane: order.lane };
}

function listIn<Key>(index: Map<Key, Subscription[]>, key: Key, subscription: Subscription): void {
  const listed = index.get(key);
  if (listed === undefined) {
    index.set(key, [subscription]);
    return;
  }
  let at = listed.length;
  while (at > 0 && (listed[at - 1]?.id ?? 0) > subscription.id) at -= 1;
  listed.splice(at, 0, subscription);
}

function unlistFrom<Key>(index: Map<Key, Subscription[]>, key: Key, id: number): void {
  const listed = index.get(key);
  if (listed === undefined) return;
  const at = placeOf(listed, id);
  if (listed[at]?.id === id) listed.splice(at, 1);
  if (listed.length === 0) index.delete(key);
}

/** Where the id stands in a list by id, or would. */
function placeOf(listed: readonly Subscription[], id: number): number {
  let low = 0;
  let high = listed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((listed[middle]?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
