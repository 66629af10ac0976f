import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TopicTable } from "@genhook/contract";
import {
  Decisions,
  directoryGauges,
  HeldCount,
  type Clock,
  type Deliveries,
  type DirectoryService,
  type Engine,
  type GroupCommit,
  type InstallationTools,
  type Payloads,
  type Publisher,
  type ReplayRunner,
  type Store,
  type Waiters,
} from "@genhook/core";
import type { Logger } from "pino";
import { makeCatchUp } from "./compose-catch-up.ts";
import { appHandlers } from "./http/app-api.ts";
import { appWideHandlers } from "./http/app-wide/app-wide-api.ts";
import type { AppWideOptions } from "./http/app-wide/app-wide-access.ts";
import { linkHandlers } from "./http/app-wide/links-api.ts";
import { signInHandlers, tokenHandlers } from "./http/app-wide/token-api.ts";
import { PLATFORM_DOMAIN } from "./http/app-access.ts";
import { CallerUrl } from "./http/caller-url.ts";
import { auditHandlers } from "./http/audit-api.ts";
import { decisionHandlers } from "./http/decisions-api.ts";
import { DeliveriesRoutes } from "./http/deliveries-routes.ts";
import { appDirectoryHandlers, installationHandlers, shopHandlers } from "./http/directory-api.ts";
import { filterTestHandlers } from "./http/filter-test-api.ts";
import { endpointCalls, endpointHandlers } from "./http/endpoints-api.ts";
import { blockedKeysHandler } from "./http/blocked-keys-api.ts";
import { holdHandlers } from "./http/holds-api.ts";
import { webhookHandlers } from "./http/webhooks-api.ts";
import { HttpFront } from "./http/http-front.ts";
import type { HttpServerOptions } from "./http/http-server.ts";
import { openHandlers } from "./http/open-api.ts";
import type { EventPublisher } from "./http/publish/event-publisher.ts";
import { eventHandlers, keyHandlers } from "./http/platform-api.ts";
import { unowned } from "./http/owner.ts";
import { replayCalls } from "./http/replay-api.ts";
import { publicKeyHandlers, secretHandlers } from "./http/secrets-api.ts";
import { getStats } from "./http/stats-api.ts";
import { WrongCredentials } from "./http/wrong-credentials.ts";
import { topicHandlers } from "./http/topics-api.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { Portal } from "./portal/portal.ts";
import type { Brand } from "./portal/brand.ts";
import type { PortalSource } from "./portal/portal-files.ts";
import type { Sealing } from "./secrets/sealing.ts";
import type { SecretVault } from "./secrets/secret-vault.ts";
import type { AddressPolicy } from "./send/address-guard.ts";
import type { Settings } from "./settings/resolve-settings.ts";
import type { Metrics } from "./telemetry/metrics.ts";

/** Longest time that an API request may take to arrive, ms. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long an answer of the readiness check is good, ms. */
const READY_KEPT_MS = 1_000;

export interface HttpParts {
  readonly topics: TopicTable;
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: DirectoryService;
  readonly engine: Engine;
  readonly publisher: Publisher;
  /** What publishes from outside; traces stand in front of the same publisher. */
  readonly published: EventPublisher;
  readonly deliveries: Deliveries;
  readonly replays: ReplayRunner;
  readonly groups: GroupCommit;
  readonly payloads: Payloads;
  readonly sealing: Sealing;
  readonly secrets: SecretVault;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly addresses: AddressPolicy;
  readonly tools: InstallationTools;
  readonly portal: PortalSource | null;
  readonly brand: Brand;
  readonly waiters: Waiters;
}

/** Everything that is spoken over HTTP: handlers with what they need, behind one port or two. */
export function composeHttp(settings: Settings, parts: HttpParts): HttpFront {
  const { store, directory, metrics, log } = parts;
  const callerUrl = new CallerUrl({
    trustProxy: settings.trustProxy ?? [],
    publicUrl: settings.publicUrl,
    isShopDomain: (host) => host.endsWith(PLATFORM_DOMAIN) || directory.directory.shopByDomain(host) !== undefined,
  });
  const access = { store, directory, now: parts.clock.now, callerUrl, wrong: new WrongCredentials(systemClock.monotonic) };
  const signIn = { ...access, sealing: parts.sealing, newId: parts.tools.newEventId };
  const front: HttpFront = new HttpFront({
    host: settings.host,
    port: settings.port,
    platformPort: settings.platformPort,
    access,
    ...callHandlers(settings, parts, access, (request) => front.appOriginOf(request)),
    signIn: signInHandlers(signIn),
    open: composeOpen(settings, parts),
    portal: new Portal({ source: parts.portal, access: signIn, brand: parts.brand }),
    answersCalls: settings.role !== "deliver",
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    onAnswer: (route, status, durationMs) => {
      metrics.answered(route?.operation ?? "none", status, durationMs);
    },
    onError: (error, requestId) => {
      metrics.failed("answer");
      log.error({ err: error, what: "answer", requestId }, "a call failed on our side");
    },
  });
  return front;
}

/** Handlers of the APIs. */
function callHandlers(
  settings: Settings,
  parts: HttpParts,
  access: AppWideOptions,
  portalOrigin: (request: IncomingMessage) => string,
): Pick<HttpServerOptions, "app" | "apps" | "platform"> {
  const { topics, store, directory, publisher, deliveries, replays, payloads, sealing, secrets, addresses, tools } = parts;
  const { now } = parts.clock;
  const { webhookId } = settings;
  const known = { store, directory: directory.directory, now };
  const routes = new DeliveriesRoutes({ ...known, deliveries, secrets, payloads, webhookId });
  const decisions = new Decisions({ ...known, ...tools, payloads });
  const { testFilter, testOwnFilter, testAppFilter } = filterTestHandlers(topics.byName, payloads);
  const entries = { store, directory, tools, addresses, sealing, secrets, now };
  const held = new HeldCount({ tasks: store.tasks, directory: directory.directory, clock: parts.clock });
  const platform = { store, directory, publisher: parts.published, deliveries, routes, now };
  const stats = { store, directory, held, now };
  const sampleOf = (topic: string): string => JSON.stringify(topics.byName.get(topic)?.sample ?? {});
  const catchUp = makeCatchUp(parts);
  const appApi = { access, directory, tools, addresses, deliveries: routes, publisher, sampleOf, catchUp, now };
  const endpoints = endpointCalls({ store, directory, engine: parts.engine, clock: systemClock });
  const replayJobs = replayCalls({ ...known, runner: replays, newId: tools.newEventId });
  const rotation = { directory, sealing, newUuid: randomUUID, now };
  const listBlockedKeys = blockedKeysHandler({ ...known, blockedKeys: deliveries.blockedKeys });
  const topicCalls = topicHandlers(topics.topics);
  return {
    app: { ...appHandlers(appApi), testOwnFilter, listOwnBlockedKeys: listBlockedKeys },
    apps: {
      ...appWideHandlers({
        ...appApi,
        endpoints,
        listBlockedKeys,
        replays: replayJobs,
        stats,
        secrets: rotation,
        decisions: { decisions, directory: directory.directory, store },
      }),
      ...tokenHandlers({ ...access, sealing, newId: tools.newEventId }),
      testAppFilter,
      listAppTopics: (call) => topicCalls.listTopics(call),
    },
    platform: {
      ...shopHandlers(entries),
      ...appDirectoryHandlers(entries),
      ...installationHandlers(entries),
      ...eventHandlers(platform),
      ...keyHandlers(platform),
      ...topicCalls,
      ...auditHandlers({ store }),
      ...decisionHandlers({ decisions, directory: directory.directory }),
      testFilter,
      ...webhookHandlers({ directory, topics: tools.topics, now }),
      listBlockedKeys: unowned(listBlockedKeys),
      ...endpointHandlers(endpoints),
      ...holdHandlers({ directory, topics: tools.topics, newUuid: tools.newUuid, now }),
      createReplay: unowned(replayJobs.create),
      listReplays: unowned(replayJobs.list),
      getReplay: unowned(replayJobs.get),
      pauseReplay: unowned(replayJobs.pause),
      resumeReplay: unowned(replayJobs.resume),
      cancelReplay: unowned(replayJobs.cancel),
      getStats: (call) => getStats(stats, call, null),
      ...linkHandlers({ ...access, newId: tools.newEventId, portalOrigin }),
      ...secretHandlers(rotation),
    },
  };
}

/** Handlers of the paths that ask for no credentials. */
function composeOpen(settings: Settings, parts: HttpParts): HttpServerOptions["open"] {
  const { topics, store, directory, engine, groups, waiters, metrics } = parts;
  const backlog = watchBacklog(store, parts.clock.now);
  const directoryNow = directoryGauges(directory.directory, systemClock.now);
  metrics.watch(() => ({
    ...engine.gauges,
    ...directoryNow(),
    waitingEvents: groups.waiting,
    waitingCalls: waiters.count,
    ...backlog.now(),
    isReady: backlog.now().isReachable && engine.reasonsNotReady.length === 0,
  }));
  return {
    ...publicKeyHandlers({ directory }),
    ...openHandlers({
      publicUrl: settings.publicUrl,
      topics: topics.topics,
      metrics: { ...metrics, text: () => backlog.refresh().then(() => metrics.text()) },
      reasonsNotReady: async () => {
        const isReachable = await backlog.refresh();
        return [...(isReachable ? [] : ["the store cannot be used"]), ...engine.reasonsNotReady];
      },
    }),
  };
}

interface Backlog {
  readonly pending: number;
  readonly overdueMs: number;
  readonly isReachable: boolean;
}

/** Asks the store at most once a second how much is owed: says whether it can be used at all, and feeds a gauge. */
function watchBacklog(store: Store, now: () => number): { readonly now: () => Backlog; readonly refresh: () => Promise<boolean> } {
  const state = { pending: 0, oldestDue: null as number | null, isReachable: true, at: Number.NEGATIVE_INFINITY };
  return {
    now: () => ({
      pending: state.pending,
      overdueMs: state.oldestDue === null ? 0 : Math.max(0, now() - state.oldestDue),
      isReachable: state.isReachable,
    }),
    refresh: async () => {
      if (systemClock.monotonic() - state.at < READY_KEPT_MS) return state.isReachable;
      try {
        const { pending, oldestDue } = await store.tasks.backlog();
        state.pending = pending;
        state.oldestDue = oldestDue;
        state.isReachable = true;
      } catch {
        state.isReachable = false;
      }
      state.at = systemClock.monotonic();
      return state.isReachable;
    },
  };
}
