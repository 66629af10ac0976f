import {
  deliveryId,
  parseDeliveryId,
  type BlockedKey,
  type BlockedKeys,
  type Directory,
  type Store,
  type Subscription,
} from "@genhook/core";
import { momentText } from "./views.ts";
import { pageLinks, readPaging, readStoredPage } from "./paging.ts";
import { findSubscription } from "./deliveries-routes.ts";
import { owns, type OwnedHandler } from "./owner.ts";

export interface BlockedKeysApiOptions {
  readonly blockedKeys: BlockedKeys;
  readonly directory: Directory;
  readonly store: Pick<Store, "directory">;
}

/** Order keys that wait for a dead letter, for operators and for apps, which see their own. */
export function blockedKeysHandler({ blockedKeys, directory, store }: BlockedKeysApiOptions): OwnedHandler {
  return async (call, owner) => {
    const paging = readPaging(call);
    const { shop: domain, clientId, webhookId } = paging.filters;
    const named = webhookId === undefined ? null : await findSubscription(directory, store, webhookId);
    const shop = domain === undefined ? null : directory.shopByDomain(domain);
    const app = clientId === undefined ? null : directory.appByClientId(clientId);
    if (named === undefined || shop === undefined || app === undefined) return { body: { blockedKeys: [] } };
    const isOpen = owner === null && named === null && shop === null && app === null;
    const fits = (each: Subscription): boolean =>
      owns(owner, each) && (shop === null || each.shop === shop.id) && (app === null || each.app === app.id);
    const wanted = isOpen
      ? null
      : (named === null ? candidates(directory, owner?.app.id ?? app?.id) : [named]).filter(fits).map(({ id }) => id);
    const { page, ...turns } = await readStoredPage(
      paging,
      (key): key is string => typeof key === "string" && parseDeliveryId(key) !== null,
      (turn, count) => {
        const place = (id: string | null) => (id === null ? null : parseDeliveryId(id));
        return blockedKeys.list(wanted, "after" in turn ? { after: place(turn.after) } : { before: place(turn.before) }, count);
      },
      deliveryId,
    );
    return { headers: pageLinks(call, paging, turns), body: { blockedKeys: page.map((each) => blockedKeyView(each, directory)) } };
  };
}

/** What may have blocked keys: of one app, whose developers ask every few seconds, without a look at everybody's. */
function candidates(directory: Directory, app: number | undefined): readonly Subscription[] {
  const all = app === undefined ? [...directory.subscriptions()] : directory.subscriptionsOfApp(app);
  return all.filter(({ order }) => order !== undefined);
}

function blockedKeyView(key: BlockedKey, directory: Directory): Record<string, unknown> {
  const { owner } = key;
  return {
    orderKey: key.orderKey,
    deliveryId: deliveryId(key),
    webhookId: key.subscription,
    endpointId: owner?.endpoint ?? "",
    shop: owner === null || owner.shop === null ? "" : (directory.shop(owner.shop)?.domain ?? ""),
    clientId: owner === null ? "" : (directory.app(owner.app)?.clientId ?? ""),
    since: momentText(key.since),
    pending: key.pending,
    more: key.hasMore,
  };
}
