import type { AppCaller } from "./app-access.ts";
import {
  isUuid,
  pauseSubscription,
  resumeSubscription,
  subscribe,
  uninstall,
  unsubscribe,
  updateSubscription,
  type CheckedAddress,
  type DecideChange,
  type DirectoryService,
  type InstallationTools,
  type Subscription,
} from "@genhook/core";
import { checkAddress, type AddressPolicy } from "../send/address-guard.ts";
import { fail, valueOf } from "./api-error.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import { readTime, type DeliveriesRoutes } from "./deliveries-routes.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";
import { installationView, webhookView } from "./views.ts";

export interface AppApiOptions {
  readonly directory: DirectoryService;
  readonly tools: InstallationTools;
  readonly addresses: AddressPolicy;
  readonly deliveries: DeliveriesRoutes;
}

export type AppHandler = (call: Call, caller: AppCaller) => Promise<Reply>;

interface WebhookBody {
  readonly webhook: { readonly topic?: string; readonly address?: string };
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
    return { body: { webhook: view(subscription) } };
  };
  const byId = (decide: (who: { app: number; shop: number }, id: number) => DecideChange<Subscription>): AppHandler => {
    return (call, caller) => change(call, caller, decide(whoIs(caller), ownId(options, call, caller)));
  };
  return {
    createWebhook: async (call, caller) => {
      const { webhook } = (await readJsonBody(call)) as Required<WebhookBody>;
      const address = checkedAddress(options, webhook.address ?? "", "webhook.address");
      return change(call, caller, subscribe(tools, whoIs(caller), { topic: webhook.topic ?? "", address, settings: {} }));
    },
    updateWebhook: async (call, caller) => {
      const id = ownId(options, call, caller);
      const { webhook } = (await readJsonBody(call)) as WebhookBody;
      const { topic, address } = webhook;
      return change(
        call,
        caller,
        updateSubscription(tools, whoIs(caller), id, {
          ...(topic === undefined ? {} : { topic }),
          ...(address === undefined ? {} : { address: checkedAddress(options, address, "webhook.address") }),
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
      return Promise.resolve({ body: { webhook: subscription === undefined ? null : webhookView(subscription, caller.app) } });
    },
    listWebhooks: (call, caller) => Promise.resolve(listWebhooks(options, call, caller)),
    countWebhooks: (call, caller) => Promise.resolve({ body: { count: filtered(options, call.query, caller).length } }),
    listOwnDeliveries: (call, caller) => deliveries.list(call, caller),
    getOwnDelivery: (call, caller) => deliveries.get(call, caller),
    replayOwnDelivery: (call, caller) => deliveries.replay(call, caller),
    getScopes: (_, caller) => Promise.resolve({ body: { accessScopes: caller.installation.scopes } }),
    uninstall: async (call, { app, shop, installation }) => {
      const view = (): unknown => installationView(installation, app, shop);
      const subject = `installation ${app.clientId} ${shop.domain}`;
      valueOf(await directory.change(audited(call, subject, uninstall(tools, app.id, shop.id), view, () => null)));
      return { body: {} };
    },
  };
}

/** The address as the guard lets it through, or the error naming the member. */
export function checkedAddress(options: { readonly addresses: AddressPolicy }, text: string, member: string): CheckedAddress {
  const check = checkAddress(text, options.addresses);
  return check.ok ? check.address : fail(check.code, check.message, member);
}

function whoIs(caller: AppCaller): { readonly app: number; readonly shop: number } {
  return { app: caller.app.id, shop: caller.shop.id };
}

/** The id in the path, number or UUID, of a webhook of this installation. */
function ownId(options: AppApiOptions, call: Call, caller: AppCaller): number {
  const text = call.params["id"] ?? "";
  const { directory } = options.directory;
  const subscription = isUuid(text)
    ? directory.subscriptionByUuid(text)
    : /^[1-9]\d{0,15}$/.test(text)
      ? directory.subscription(Number(text))
      : undefined;
  if (subscription === undefined || subscription.app !== caller.app.id || subscription.shop !== caller.shop.id) {
    return fail("not_found", "There is no webhook with this id on this shop.");
  }
  return subscription.id;
}

function listWebhooks(options: AppApiOptions, call: Call, caller: AppCaller): Reply {
  const paging = readPaging(call);
  const { page, ...turns } = pageOf(filtered(options, paging.filters, caller), (subscription) => subscription.id, paging);
  return { headers: pageLinks(call, paging, turns), body: { webhooks: page.map((each) => webhookView(each, caller.app)) } };
}

function filtered(options: AppApiOptions, given: Readonly<Record<string, string>>, caller: AppCaller): readonly Subscription[] {
  const own = options.directory.directory.subscriptionsOf(caller.app.id, caller.shop.id);
  const createMin = readTime(given, "createTimeMin");
  const createMax = readTime(given, "createTimeMax");
  const updateMin = readTime(given, "updateTimeMin");
  const updateMax = readTime(given, "updateTimeMax");
  const since = given["sinceId"] === undefined ? null : Number(given["sinceId"]);
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
