import { identifyAgain, type AppAccessOptions, type AppCaller } from "./app-access.ts";
import { READ_ONLY_WEBHOOK_MEMBERS } from "@genhook/contract";
import {
  deliveryId,
  isUuid,
  pauseSubscription,
  resumeSubscription,
  subscribe,
  uninstall,
  unsubscribe,
  updateSettings,
  updateSubscription,
  type CheckedAddress,
  type DecideChange,
  type DirectoryService,
  type InstallationTools,
  type Publisher,
  type SettingsUpdate,
  type Subscription,
} from "@genhook/core";
import type { CatchUpRoute } from "./catch-up-route.ts";
import { checkAddress, type AddressPolicy } from "../send/address-guard.ts";
import { fail, valueOf } from "./api-error.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import { readTime, type DeliveriesRoutes } from "./deliveries-routes.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";
import { tenantHold } from "./held-view.ts";
import { installationView, webhookView } from "./views.ts";

export interface AppApiOptions {
  readonly access: AppAccessOptions;
  readonly directory: DirectoryService;
  readonly tools: InstallationTools;
  readonly addresses: AddressPolicy;
  readonly deliveries: DeliveriesRoutes;
  readonly publisher: Pick<Publisher, "test">;
  /** The payload of a test event, as text. */
  readonly sampleOf: (topic: string) => string;
  readonly catchUp: CatchUpRoute;
  readonly now: () => number;
}

export type AppHandler = (call: Call, caller: AppCaller) => Promise<Reply>;

interface WebhookBody {
  readonly webhook: { readonly id?: string | number; readonly topic?: string; readonly address?: string | null } & SettingsUpdate;
}

/** Handlers of the App API by operation; who calls and whether they may was checked before. */
export function appHandlers(options: AppApiOptions): Readonly<Record<string, AppHandler>> {
  const { directory, tools, deliveries } = options;
  const change = async (call: Call, caller: AppCaller, decide: DecideChange<Subscription>): Promise<Reply> => {
    const view = (each: Subscription): unknown => webhookView(each, caller.app);
    const subject = (each: Subscription): string => `webhook ${caller.app.clientId} ${caller.shop.domain} ${each.id}`;
    // Where a webhook is made, its id belongs to nothing yet.
    let before: unknown = null;
    const decideNow: DecideChange<Subscription> = (current, now) => {
      const decided = decide(current, now);
      const known = decided.ok ? current.subscription(decided.value.value.id) : undefined;
      before = known === undefined ? null : view(known);
      return decided;
    };
    const after = (each: Subscription): unknown => (each.endedAt === null ? view(each) : null);
    const subscription = valueOf(await directory.change(audited(call, subject, decideNow, () => before, after)));
    return { body: { webhook: ownView(options, subscription, caller) } };
  };
  const byId = (decide: (who: { app: number; shop: number }, id: number) => DecideChange<Subscription>): AppHandler => {
    return (call, caller) => change(call, caller, decide(whoIs(caller), ownId(options, call, caller)));
  };
  return {
    createWebhook: async (call, caller) => {
      const { topic = "", address: text, ...given } = ((await readJsonBody(call)) as WebhookBody).webhook;
      const address = typeof text === "string" ? checkedAddress(options, text, "webhook.address") : null;
      return change(call, caller, subscribe(tools, whoIs(caller), { topic, address, settings: updateSettings({}, given) }));
    },
    updateWebhook: async (call, caller) => {
      const id = ownId(options, call, caller);
      const { id: given, topic, address, ...others } = ((await readJsonBody(call)) as WebhookBody).webhook;
      const settings = Object.fromEntries(Object.entries(others).filter(([name]) => !READ_ONLY_WEBHOOK_MEMBERS.includes(name)));
      if (given !== undefined && findOwn(options, String(given), caller)?.id !== id) {
        fail("invalid_member", "webhook.id must be the id in the path, or left out.", "webhook.id");
      }
      return change(
        call,
        caller,
        updateSubscription(tools, whoIs(caller), id, {
          ...(topic === undefined ? {} : { topic }),
          ...(typeof address === "string" ? { address: checkedAddress(options, address, "webhook.address") } : {}),
          settings,
        }),
      );
    },
    deleteWebhook: async (call, caller) => {
      await byId(unsubscribe)(call, caller);
      return { body: {} };
    },
    pauseWebhook: byId(pauseSubscription),
    resumeWebhook: byId(resumeSubscription),
    getWebhook: (call, caller) => {
      const subscription = directory.directory.subscription(ownId(options, call, caller));
      return Promise.resolve({ body: { webhook: subscription === undefined ? null : ownView(options, subscription, caller) } });
    },
    listWebhooks: (call, caller) => Promise.resolve(listWebhooks(options, call, caller)),
    countWebhooks: (call, caller) => Promise.resolve({ body: { count: filtered(options, call.query, caller).length } }),
    testWebhook: (call, caller) => testWebhook(options, call, caller),
    catchUp: (call, caller) => catchUp(options, call, caller),
    listOwnDeliveries: (call, caller) => deliveries.list(call, caller),
    getOwnDelivery: (call, caller) => deliveries.get(call, caller),
    replayOwnDelivery: (call, caller) => deliveries.replay(call, caller),
    skipOwnDelivery: (call, caller) => deliveries.skip(call, caller),
    getScopes: (_, caller) => Promise.resolve({ body: { accessScopes: caller.installation.scopes } }),
    uninstall: async (call, { app, shop, installation }) => {
      const view = (): unknown => installationView(installation, app, shop);
      const subject = `installation ${app.clientId} ${shop.domain}`;
      valueOf(await directory.change(audited(call, subject, uninstall(tools, app.id, shop.id), view, () => null)));
      return { body: {} };
    },
  };
}

function catchUp(options: AppApiOptions, call: Call, caller: AppCaller): Promise<Reply> {
  let now = caller;
  return options.catchUp.answer(call, async (isFirst) => {
    if (!isFirst) now = await identifyAgain(options.access, call.request, now);
    return { ...now, subscription: findOwn(options, call.params["id"] ?? "", now) ?? noSuchWebhook() };
  });
}

/** A webhook as its app sees it, with the hold that stops it. */
function ownView(options: AppApiOptions, subscription: Subscription, caller: AppCaller): Record<string, unknown> {
  const hold = options.directory.directory.holdOver(subscription, options.now());
  return { ...webhookView(subscription, caller.app), ...(hold === null ? {} : { held: tenantHold(hold) }) };
}

async function testWebhook(options: AppApiOptions, call: Call, caller: AppCaller): Promise<Reply> {
  const subscription = findOwn(options, call.params["id"] ?? "", caller) ?? noSuchWebhook();
  const delivery = await testDelivery(options, subscription);
  return { body: { webhook: ownView(options, subscription, caller), delivery } };
}

/** Sends the topic's sample to one webhook alone; answers the delivery. */
export async function testDelivery(
  options: Pick<AppApiOptions, "sampleOf" | "publisher">,
  subscription: Subscription,
): Promise<{ readonly id: string; readonly eventId: string }> {
  const sample = Buffer.from(options.sampleOf(subscription.topic));
  const event = valueOf(await options.publisher.test(subscription, sample));
  // Deleted meanwhile: nobody was owed the event.
  if (event.deliveries === 0) return noSuchWebhook();
  return { id: deliveryId({ eventId: event.id, subscription: subscription.id }), eventId: event.id };
}

/** The address as the guard lets it through, or the error naming the member. */
export function checkedAddress(options: { readonly addresses: AddressPolicy }, text: string, member: string): CheckedAddress {
  const check = checkAddress(text, options.addresses);
  return check.ok ? check.address : fail(check.code, check.message, member);
}

function whoIs(caller: AppCaller): { readonly app: number; readonly shop: number } {
  return { app: caller.app.id, shop: caller.shop.id };
}

/** The id of the webhook in the path, which must be one of this installation's. */
function ownId(options: AppApiOptions, call: Call, caller: AppCaller): number {
  return findOwn(options, call.params["id"] ?? "", caller)?.id ?? noSuchWebhook();
}

/** A webhook of this installation by its id (a number or its decimal text) or its UUID. One of others is not told apart from none. */
function findOwn(options: AppApiOptions, text: string, caller: AppCaller): Subscription | undefined {
  const { directory } = options.directory;
  const uuid = text.toLowerCase();
  const subscription = isUuid(uuid)
    ? directory.subscriptionByUuid(uuid)
    : /^[1-9]\d{0,15}$/.test(text)
      ? directory.subscription(Number(text))
      : undefined;
  return subscription?.app === caller.app.id && subscription.shop === caller.shop.id ? subscription : undefined;
}

function noSuchWebhook(): never {
  return fail("not_found", "There is no webhook with this id on this shop.");
}

function listWebhooks(options: AppApiOptions, call: Call, caller: AppCaller): Reply {
  const paging = readPaging(call);
  const { page, ...turns } = pageOf(filtered(options, paging.filters, caller), (subscription) => subscription.id, paging);
  return { headers: pageLinks(call, paging, turns), body: { webhooks: page.map((each) => ownView(options, each, caller)) } };
}

function filtered(options: AppApiOptions, given: Readonly<Record<string, string>>, caller: AppCaller): readonly Subscription[] {
  const own = options.directory.directory.subscriptionsOf(caller.app.id, caller.shop.id);
  const createMin = readTime(given, "createTimeMin");
  const createMax = readTime(given, "createTimeMax");
  const updateMin = readTime(given, "updateTimeMin");
  const updateMax = readTime(given, "updateTimeMax");
  const since = given["sinceId"] === undefined ? null : readSince(options, given["sinceId"], caller);
  return own.filter(
    (each) =>
      (since === null || each.id > since) &&
      (given["topic"] === undefined || each.topic === given["topic"]) &&
      (given["address"] === undefined || each.address === given["address"]) &&
      (createMin === null || each.createdAt >= createMin) &&
      (createMax === null || each.createdAt <= createMax) &&
      (updateMin === null || each.updatedAt >= updateMin) &&
      (updateMax === null || each.updatedAt <= updateMax),
  );
}

/** Ids grow, so any number will do, also of a webhook that is gone; a UUID says nothing by itself. */
function readSince(options: AppApiOptions, text: string, caller: AppCaller): number {
  if (/^\d+$/.test(text)) return Number(text);
  return findOwn(options, text, caller)?.id ?? fail("invalid_member", "sinceId names no webhook on this shop.", "sinceId");
}
