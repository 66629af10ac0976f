import {
  isUuid,
  patchSubscription,
  type Directory,
  type DirectoryService,
  type Hold,
  type SettingsUpdate,
  type Subscription,
  type TopicRules,
} from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { operatorHold } from "./held-view.ts";
import { owns, type Owner } from "./owner.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";
import { webhookView } from "./views.ts";

export interface WebhooksApiOptions {
  readonly directory: DirectoryService;
  readonly topics: TopicRules;
  readonly now: () => number;
}

/** The page of a list of webhooks that a caller may see, each as `view` shows it. */
export function webhooksReply(
  options: Pick<WebhooksApiOptions, "directory">,
  call: Call,
  owner: Owner,
  view: (subscription: Subscription) => unknown,
): Reply {
  const paging = readPaging(call);
  const { page, ...turns } = pageOf(fitting(options, paging.filters, owner), (each) => each.id, paging);
  return { headers: pageLinks(call, paging, turns), body: { webhooks: page.map(view) } };
}

/** Everybody's webhooks, as operators see and change them. */
export function webhookHandlers(options: WebhooksApiOptions): Readonly<Record<string, Handler>> {
  const { directory, topics } = options;
  const show = (subscription: Subscription): Reply => ({ body: { webhook: platformWebhookView(options, subscription) } });
  return {
    listAllWebhooks: (call) => Promise.resolve(webhooksReply(options, call, null, (each) => platformWebhookView(options, each))),
    getAnyWebhook: (call) => Promise.resolve(show(findWebhook(directory.directory, call, null))),
    changeWebhook: async (call) => {
      const before = findWebhook(directory.directory, call, null);
      const { status, ...settings } = (await readJsonBody(call)) as { readonly status?: "active" | "paused" } & SettingsUpdate;
      const app = directory.directory.app(before.app);
      const shop = before.shop === null ? null : directory.directory.shop(before.shop);
      const subject = `webhook ${[app?.clientId, shop?.domain, before.id].filter((each) => each !== undefined).join(" ")}`;
      const view = (each: Subscription | undefined): unknown => (each === undefined || app === undefined ? null : webhookView(each, app));
      const decide = audited(
        call,
        subject,
        patchSubscription(topics, before.id, { status, settings }),
        (current) => view(current.subscription(before.id)),
        view,
      );
      return show(valueOf(await directory.change(decide)));
    },
  };
}

function platformWebhookView({ directory, now }: WebhooksApiOptions, subscription: Subscription): Record<string, unknown> {
  return wideWebhookView(directory.directory, subscription, now(), operatorHold);
}

/** A webhook among those of other shops, with the hold that stops it as the caller may read of it. */
export function wideWebhookView(
  directory: Directory,
  subscription: Subscription,
  now: number,
  showHold: (hold: Hold) => unknown,
): Record<string, unknown> {
  const { app: appId, shop: shopId, uuid, endpoint, isDeclared } = subscription;
  const app = directory.app(appId);
  if (app === undefined) throw new Error(`webhook ${subscription.id} has no app`);
  const hold = directory.holdOver(subscription, now);
  return {
    ...webhookView(subscription, app),
    uuid,
    shop: shopId === null ? null : (directory.shop(shopId)?.domain ?? null),
    clientId: app.clientId,
    endpointId: subscription.settings.mode === "pull" ? null : endpoint,
    declared: isDeclared,
    held: hold === null ? null : showHold(hold),
  };
}

/** A webhook by its id or UUID. One that is not the owner's is not told apart from none. */
export function findWebhook(directory: Directory, call: Call, owner: Owner): Subscription {
  const text = (call.params["id"] ?? "").toLowerCase();
  const subscription = isUuid(text)
    ? directory.subscriptionByUuid(text)
    : /^[1-9]\d{0,15}$/.test(text)
      ? directory.subscription(Number(text))
      : undefined;
  return subscription !== undefined && owns(owner, subscription) ? subscription : fail("not_found", "There is no webhook with this id.");
}

/** By id. The narrowest index that a filter names is gone through, all webhooks where none does. */
function fitting(
  { directory: { directory } }: Pick<WebhooksApiOptions, "directory">,
  given: Readonly<Record<string, string>>,
  owner: Owner,
): readonly Subscription[] {
  const { shop: domain, clientId, endpointId, topic, status, address } = given;
  const shop = domain === undefined ? null : directory.shopByDomain(domain);
  const app = clientId === undefined ? (owner?.app ?? null) : directory.appByClientId(clientId);
  if (shop === undefined || app === undefined) return [];
  const from =
    endpointId !== undefined
      ? directory.subscriptionsAt(endpointId)
      : shop !== null && app !== null
        ? directory.subscriptionsOf(app.id, shop.id)
        : shop !== null && topic !== undefined
          ? directory.subscribed(shop.id, topic)
          : app !== null
            ? directory.subscriptionsOfApp(app.id)
            : [...directory.subscriptions()].sort((a, b) => a.id - b.id);
  return from.filter(
    (each) =>
      owns(owner, each) &&
      (shop === null || each.shop === shop.id) &&
      (app === null || each.app === app.id) &&
      (topic === undefined || each.topic === topic) &&
      (status === undefined || each.status === status) &&
      (address === undefined || each.address === address),
  );
}
