import {
  patchSubscription,
  subscribe,
  unsubscribe,
  updateSettings,
  updateSubscription,
  type DecideChange,
  type Installation,
  type SettingsUpdate,
  type Subscription,
} from "@genhook/core";
import { fail, valueOf } from "../api-error.ts";
import { checkedAddress, testDelivery, type AppApiOptions } from "../app-api.ts";
import { audited } from "../audited.ts";
import { readJsonBody, type Call, type Reply } from "../call.ts";
import { ownDecisions, type DecisionsApiOptions } from "../decisions-api.ts";
import { installationsReply } from "../directory-api.ts";
import type { CatchUpReader } from "../catch-up-route.ts";
import type { EndpointCalls } from "../endpoints-api.ts";
import { tenantHold } from "../held-view.ts";
import { owns, type OwnedHandler } from "../owner.ts";
import type { ReplayCalls } from "../replay-api.ts";
import { rotateSecret, type SecretsApiOptions } from "../secrets-api.ts";
import { getStats, type StatsOptions } from "../stats-api.ts";
import { appView, webhookView } from "../views.ts";
import { findWebhook, webhooksReply, wideWebhookView } from "../webhooks-api.ts";
import { identifyAppWideAgain, type AppWideCaller, type AppWideOptions } from "./app-wide-access.ts";

export type AppWideHandler = (call: Call, caller: AppWideCaller) => Promise<Reply>;
export type AppWideHandlers = Readonly<Record<string, AppWideHandler>>;

export interface AppWideApiOptions extends AppApiOptions {
  readonly access: AppWideOptions;
  readonly replays: ReplayCalls;
  readonly endpoints: EndpointCalls;
  readonly listBlockedKeys: OwnedHandler;
  readonly decisions: Parameters<typeof ownDecisions>[0] & DecisionsApiOptions;
  readonly stats: StatsOptions;
  readonly secrets: SecretsApiOptions;
}

/** Calls that operators have too, narrowed to the app: the caller is the owner. */
const owned =
  (handler: OwnedHandler): AppWideHandler =>
  (call, caller) =>
    handler(call, caller);

/** Handlers of app-wide access by operation; who calls and whether they may was checked before. */
export function appWideHandlers(options: AppWideApiOptions): AppWideHandlers {
  const { deliveries, replays, endpoints, stats, secrets, directory } = options;
  return {
    getOwnApp: (_, { app, shop }) => {
      // Who sees one shop of an app has no business with what holds for all of them.
      const narrowed = shop === null ? {} : { secrets: [], contact: {}, webhooks: [], complianceWebhooks: {} };
      return Promise.resolve({ body: { app: { ...appView(app), ...narrowed } } });
    },
    rotateAppSecret: (call, caller) => {
      mustSeeAllShops(caller, "An app's secrets");
      return rotateSecret(secrets, call, caller.app);
    },
    listAppInstallations: (call, caller) => {
      const isOwn = (each: Installation): boolean => owns(caller, each);
      return Promise.resolve(installationsReply(directory.directory, call, caller.app, isOwn));
    },
    ...webhookCalls(options),
    listAppEndpoints: owned(endpoints.list),
    getAppEndpoint: owned(endpoints.get),
    probeAppEndpoint: owned(endpoints.probe),
    resumeAppEndpoint: (call, caller) => {
      mustSeeAllShops(caller, "An endpoint as a whole");
      return endpoints.resume(call, caller);
    },
    listAppDeliveries: owned((call, owner) => deliveries.list(call, owner)),
    getAppDelivery: owned((call, owner) => deliveries.get(call, owner)),
    getAppDeliveryPayload: (call, caller) => deliveries.payload(call, caller),
    replayAppDelivery: owned((call, owner) => deliveries.replay(call, owner)),
    listAppBlockedKeys: owned(options.listBlockedKeys),
    skipAppDelivery: owned((call, owner) => deliveries.skip(call, owner)),
    createAppReplay: owned(replays.create),
    listAppReplays: owned(replays.list),
    getAppReplay: owned(replays.get),
    pauseAppReplay: owned(replays.pause),
    resumeAppReplay: owned(replays.resume),
    cancelAppReplay: owned(replays.cancel),
    getAppDecisions: (call, caller) => ownDecisions(options.decisions, call, caller),
    getAppStats: owned((call, owner) => getStats(stats, call, owner)),
  };
}

function mustSeeAllShops({ shop }: AppWideCaller, what: string): void {
  if (shop !== null) fail("scope_missing", `${what} can be changed only with access to all shops of the app.`);
}

interface CreateBody {
  readonly webhook: { readonly shop: string; readonly topic: string; readonly address?: string | null } & SettingsUpdate;
}
type PatchBody = { readonly status?: "active" | "paused"; readonly topic?: string; readonly address?: string | null } & SettingsUpdate;

function webhookCalls(options: AppWideApiOptions): AppWideHandlers {
  const { directory, tools, now } = options;
  const view = (each: Subscription): Record<string, unknown> => wideWebhookView(directory.directory, each, now(), tenantHold);
  const show = (each: Subscription): Reply => ({ body: { webhook: view(each) } });
  const find = (call: Call, caller: AppWideCaller): Subscription => findWebhook(directory.directory, call, caller);
  const change = async (
    call: Call,
    { app }: AppWideCaller,
    id: number | null,
    decide: DecideChange<Subscription>,
  ): Promise<Subscription> => {
    const plain = (each: Subscription | undefined): unknown =>
      each === undefined || each.endedAt !== null ? null : webhookView(each, app);
    const subject = (each: Subscription): string => {
      const shop = each.shop === null ? undefined : directory.directory.shop(each.shop);
      return `webhook ${[app.clientId, shop?.domain, each.id].filter((part) => part !== undefined).join(" ")}`;
    };
    const before = (current: typeof directory.directory): unknown => (id === null ? null : plain(current.subscription(id)));
    return valueOf(await directory.change(audited(call, subject, decide, before, plain)));
  };
  const setStatus =
    (status: "active" | "paused"): AppWideHandler =>
    async (call, caller) => {
      const { id } = find(call, caller);
      return show(await change(call, caller, id, patchSubscription(tools.topics, id, { status, settings: {} })));
    };
  return {
    createAppWebhook: async (call, caller) => {
      const { shop: domain, topic, address: text, ...given } = ((await readJsonBody(call)) as CreateBody).webhook;
      const address = typeof text === "string" ? checkedAddress(options, text, "webhook.address") : null;
      const shop = directory.directory.shopByDomain(domain);
      // A shop that the app is not on is not told apart from one that there is not.
      if (shop === undefined || !owns(caller, { app: caller.app.id, shop: shop.id }) || !isInstalled(options, caller, shop.id)) {
        return fail("not_installed", `The app is not installed on ${domain}.`, "webhook.shop");
      }
      const settings = updateSettings({}, given);
      return show(await change(call, caller, null, subscribe(tools, { app: caller.app.id, shop: shop.id }, { topic, address, settings })));
    },
    listAppWebhooks: (call, caller) => Promise.resolve(webhooksReply(options, call, caller, view)),
    getAppWebhook: (call, caller) => Promise.resolve(show(find(call, caller))),
    catchUpAppWebhook: (call, caller) => catchUp(options, call, caller),
    changeAppWebhook: async (call, caller) => {
      const before = find(call, caller);
      const body = (await readJsonBody(call)) as PatchBody;
      return show(await change(call, caller, before.id, decidePatch(options, before, body)));
    },
    deleteAppWebhook: async (call, caller) => {
      const { id, shop } = find(call, caller);
      if (shop === null) return declared("deleted");
      await change(call, caller, id, unsubscribe({ app: caller.app.id, shop }, id));
      return { body: {} };
    },
    pauseAppWebhook: setStatus("paused"),
    resumeAppWebhook: setStatus("active"),
    testAppWebhook: async (call, caller) => {
      const subscription = find(call, caller);
      const delivery = await testDelivery(options, subscription);
      return { body: { webhook: view(subscription), delivery } };
    },
  };
}

function catchUp(options: AppWideApiOptions, call: Call, caller: AppWideCaller): Promise<Reply> {
  let now = caller;
  return options.catchUp.answer(call, async (isFirst) => {
    if (!isFirst) now = await identifyAppWideAgain(options.access, now);
    return readerOf(options, now, findWebhook(options.directory.directory, call, now));
  });
}

/** What an app reads is what it may have on that shop now. */
function readerOf({ directory: { directory } }: AppWideApiOptions, { app }: AppWideCaller, subscription: Subscription): CatchUpReader {
  const shop = subscription.shop === null ? undefined : directory.shop(subscription.shop);
  const installation = shop === undefined ? undefined : directory.installation(app.id, shop.id);
  if (shop !== undefined && installation !== undefined) return { app, shop, installation, subscription };
  return fail("not_installed", "The webhook belongs to the app itself or to a shop that the app is not on: it has no numbers to read.");
}

function isInstalled({ directory }: AppWideApiOptions, { app }: AppWideCaller, shop: number): boolean {
  return directory.directory.installation(app.id, shop) !== undefined;
}

function decidePatch(options: AppWideApiOptions, before: Subscription, body: PatchBody): DecideChange<Subscription> {
  const { status, topic, address, ...settings } = body;
  const isElsewhere = topic !== undefined || typeof address === "string" || settings.mode !== undefined;
  if (!isElsewhere) return patchSubscription(options.tools.topics, before.id, { status, settings });
  if (status !== undefined) fail("invalid_member", "A new topic, address or mode makes the webhook active; leave status out.", "status");
  if (before.shop === null) return declared("given another topic, address or mode");
  return updateSubscription(options.tools, { app: before.app, shop: before.shop }, before.id, {
    ...(topic === undefined ? {} : { topic }),
    ...(typeof address === "string" ? { address: checkedAddress(options, address, "address") } : {}),
    settings,
  });
}

function declared(what: string): never {
  return fail(
    "not_installed",
    `The webhook belongs to the app itself, so it cannot be ${what} here: its address is declared with the app.`,
  );
}
