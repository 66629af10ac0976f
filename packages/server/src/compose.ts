import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPayload, CURRENT_VERSION, TOPIC_BY_NAME, TOPICS } from "@genhook/contract";
import {
  DEFAULT_RETRY_POLICY,
  Deliveries,
  DirectoryService,
  disableSubscription,
  Engine,
  Eraser,
  eventIdSource,
  GroupCommit,
  Keeper,
  Publisher,
  ReplayRunner,
  shardOfReplay,
  StoreClock,
  type InstallationTools,
  type Store,
  type TopicRule,
} from "@genhook/core";
import { openSqliteStore } from "@genhook/storage";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { appHandlers } from "./http/app-api.ts";
import { DeliveriesRoutes } from "./http/deliveries-routes.ts";
import { appDirectoryHandlers, installationHandlers, shopHandlers } from "./http/directory-api.ts";
import { makeHttpServer } from "./http/http-server.ts";
import { openHandlers } from "./http/open-api.ts";
import { auditHandlers } from "./http/audit-api.ts";
import { publicKeyHandlers, secretHandlers } from "./http/secrets-api.ts";
import { eventHandlers, keyHandlers } from "./http/platform-api.ts";
import { replayHandlers } from "./http/replay-api.ts";
import { systemClock, systemRandomBits, systemTimers } from "./runtime/system-clock.ts";
import { ensureFirstKey } from "./secrets/platform-key.ts";
import { checkSealingKey, createSealing, loadSealingKey, type Sealing } from "./secrets/sealing.ts";
import { SecretVault } from "./secrets/secret-vault.ts";
import { subjectIds } from "./secrets/subjects.ts";
import { digest, sha256 } from "./secrets/tokens.ts";
import { checkAddress, type AddressPolicy } from "./send/address-guard.ts";
import { dnsResolve } from "./send/dns-resolve.ts";
import { HttpSender } from "./send/http-sender.ts";
import { parseBlock } from "./send/ip-ranges.ts";
import type { Settings } from "./settings/resolve-settings.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";

/** A whole Genhook in this process. */
export interface Genhook {
  /** `http://HOST:PORT`, as it is listened on. */
  readonly origin: string;
  /** The platform key, where it was made at this start; to be shown once. */
  readonly newPlatformKey: string | null;
  /** Stops accepting, finishes what is in flight within the grace time, settles, closes. A second call changes nothing. */
  stop(): Promise<void>;
}

/** Longest time that an API request may take to arrive, ms. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long an answer of the readiness check is good, ms. */
const READY_KEPT_MS = 1_000;
/** Whoever owns this shard also keeps the store small: any one will do, as long as it is one. */
const SHARD_OF_KEEPING = 0;
const TOPIC_RULES: ReadonlyMap<string, TopicRule> = new Map(TOPICS.map((topic) => [topic.name, topic]));

/** The one place that knows every concrete class. Rejects with an error whose message says what to do. */
export async function startGenhook(settings: Settings, log: Logger, onFatal: (error: Error) => void): Promise<Genhook> {
  const store = await openSqliteStore({ folder: settings.data, onFatal });
  try {
    return await compose(settings, store, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function compose(settings: Settings, store: Store, log: Logger): Promise<Genhook> {
  const sealing = createSealing(loadSealingKey(settings.sealingKey, settings.sealingKeyFile, join(settings.data, "sealing-key")));
  await checkSealingKey(sealing, store.credentials);
  const metrics = createMetrics();
  const clock = new StoreClock(systemClock, store.isShared);
  const secrets = new SecretVault(sealing);
  const engineRef: { engine: Engine | null } = { engine: null };
  const directory = new DirectoryService({
    store: store.directory,
    hints: store.hints,
    now: clock.now,
    onChange: (commit) => engineRef.engine?.directoryChanged(commit),
  });
  await directory.load();
  const sender = makeSender(settings, secrets, log, metrics);
  const engine = makeEngine(settings, { store, clock, directory, sender, log, metrics });
  engineRef.engine = engine;
  const groups = new GroupCommit({ events: store.events, timers: systemTimers, catchUp: (version) => directory.catchUp(version) });
  const newEventId = eventIdSource(clock, systemRandomBits());
  const publisher = makePublisher(settings, { directory, groups, clock, engine, sealing, newEventId, metrics });
  const deliveries = makeDeliveries(store, clock, directory, engine);
  const replays = makeReplays({ store, clock, directory, deliveries, engine, log, metrics });
  const keeper = makeKeeper(settings, { store, clock, directory, engine, log, metrics });
  const http = makeHttp(settings, {
    store,
    clock,
    directory,
    engine,
    publisher,
    deliveries,
    replays,
    groups,
    sealing,
    secrets,
    metrics,
    log,
    newEventId,
  });
  const newPlatformKey = await ensureFirstKey({
    credentials: store.credentials,
    given: settings.platformKey,
    file: join(settings.data, "platform-key"),
    now: clock.now(),
  });
  await engine.start();
  keeper.start();
  replays.start();
  try {
    await http.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await Promise.all([keeper.stop(), replays.stop()]);
    await engine.stop(0);
    await sender.close();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    await Promise.all([closeHttp(http, settings.graceMs), engine.stop(settings.graceMs)]);
    await groups.drain();
    await Promise.all([keeper.stop(), replays.stop()]);
    await sender.close();
    await store.close();
    metrics.close();
  };
  return { origin: originOf(http, settings.host), newPlatformKey, stop: () => (stopping ??= stopAll()) };
}

/** Where deliveries may go: one policy for what is checked when an address is given and when it is dialled. */
function addressPolicy(settings: Settings): AddressPolicy {
  const blocks = (settings.refusedNetworks ?? []).map((text) => parseBlock(text));
  return { allowPrivate: settings.allowPrivateAddresses, refusedNetworks: blocks.filter((block) => block !== null) };
}

function makeSender(settings: Settings, secrets: SecretVault, log: Logger, metrics: Metrics): HttpSender {
  return new HttpSender({
    secrets,
    timeoutMs: settings.attemptTimeoutMs,
    ...addressPolicy(settings),
    // For development the machine's own look-up, which knows its hosts file.
    ...(settings.allowPrivateAddresses && settings.dnsServers === null ? {} : { resolve: dnsResolve({ servers: settings.dnsServers }) }),
    webhookId: settings.webhookId,
    keepResponses: settings.keepResponses,
    ca: settings.caFile === null ? null : [readFileSync(settings.caFile, "utf8")],
    onInternalError: (error) => {
      metrics.failed("send");
      log.error({ err: error }, "an attempt failed on our side");
    },
  });
}

interface CoreParts {
  readonly store: Store;
  readonly clock: StoreClock;
  readonly directory: DirectoryService;
  readonly log: Logger;
  readonly metrics: Metrics;
}

function makeEngine(settings: Settings, parts: CoreParts & { readonly sender: HttpSender }): Engine {
  const { store, clock, directory, sender, log, metrics } = parts;
  return new Engine({
    node: `node-${randomUUID()}`,
    delivers: true,
    store,
    directory,
    sender,
    clock,
    timers: systemTimers,
    random: Math.random,
    retry: { ...DEFAULT_RETRY_POLICY, waitsMs: settings.retryWaitsMs },
    keepResponses: settings.keepResponses,
    attemptsInFlightMax: settings.concurrency,
    endpointConcurrencyMax: settings.endpointConcurrency,
    observer: {
      onGone: (subscription) => {
        directory.change(disableSubscription(subscription)).catch((error: unknown) => {
          // Asked for again with the next 410 of the same endpoint.
          metrics.failed("disable");
          log.error({ err: error, subscription }, "a webhook could not be disabled");
        });
      },
      onAttempt: (_, outcome) => metrics.attempt(outcome),
      onSettled: (settlement, isApplied) => {
        if (isApplied) metrics.settled(settlement.row, settlement.latencyMs);
      },
      onError: (what, error) => {
        metrics.failed(what);
        log.error({ err: error }, what);
      },
    },
  });
}

function makeDeliveries(store: Store, clock: StoreClock, directory: DirectoryService, engine: Engine): Deliveries {
  return new Deliveries({
    store,
    directory: directory.directory,
    now: clock.now,
    onReopened: (event, task) => engine.reopened(event, task),
  });
}

function makePublisher(
  settings: Settings,
  parts: {
    readonly directory: DirectoryService;
    readonly groups: GroupCommit;
    readonly clock: StoreClock;
    readonly engine: Engine;
    readonly sealing: Sealing;
    readonly newEventId: () => string;
    readonly metrics: Metrics;
  },
): Publisher {
  const { directory, groups, clock, engine, sealing, newEventId, metrics } = parts;
  return new Publisher({
    directory,
    groups,
    clock,
    topics: TOPIC_RULES,
    newEventId,
    apiVersion: CURRENT_VERSION,
    retentionMs: settings.retentionMs,
    digest,
    checkPayload: (topic, payload) => {
      const misfit = settings.checkPayloads ? checkPayload(topic, CURRENT_VERSION, payload) : null;
      return misfit === null ? null : { code: "payload_mismatch", message: misfit.message, member: misfit.member ?? "payload" };
    },
    subjectsOf: (shop, topic, payload) => subjectIds(topic, payload).map((id) => sealing.keyedHash(`${shop} ${id}`)),
    handOver: (event) => {
      if (!event.isTest) metrics.published();
      engine.handOver(event);
    },
  });
}

function makeKeeper(settings: Settings, parts: CoreParts & { readonly engine: Engine }): Keeper {
  const { store, clock, directory, engine, log, metrics } = parts;
  return new Keeper({
    retention: store.retention,
    statistics: store.statistics,
    replayJobs: store.replayJobs,
    isMine: () => engine.owns(SHARD_OF_KEEPING),
    eraser: new Eraser({
      store,
      directory,
      clock,
      onErased: ({ eventId, subjects }, events) => {
        log.info({ eventId, events }, subjects === null ? "a shop's payloads were erased" : "a customer's payloads were erased");
      },
    }),
    clock,
    timers: systemTimers,
    retentionMs: settings.retentionMs,
    onDropped: (day, expired) => {
      const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
      log[expired > 0 ? "warn" : "info"]({ date, expired }, "a day is past retention and was dropped");
    },
    onError: (error) => {
      metrics.failed("retention");
      log.error({ err: error }, "retention");
    },
  });
}

function makeReplays(parts: CoreParts & { readonly deliveries: Deliveries; readonly engine: Engine }): ReplayRunner {
  const { store, clock, deliveries, engine, log, metrics } = parts;
  return new ReplayRunner({
    store,
    deliveries,
    clock,
    timers: systemTimers,
    owns: (jobId) => engine.owns(shardOfReplay(jobId)),
    hasRoom: () => engine.hasRoom,
    onError: (error) => {
      metrics.failed("replay");
      log.error({ err: error }, "a replay job could not be taken further");
    },
  });
}

interface HttpParts {
  readonly store: Store;
  readonly clock: StoreClock;
  readonly directory: DirectoryService;
  readonly engine: Engine;
  readonly publisher: Publisher;
  readonly deliveries: Deliveries;
  readonly replays: ReplayRunner;
  readonly groups: GroupCommit;
  readonly sealing: Sealing;
  readonly secrets: SecretVault;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly newEventId: () => string;
}

function makeHttp(settings: Settings, parts: HttpParts): FastifyInstance {
  const { store, directory, engine, publisher, deliveries, replays, groups, sealing, secrets, metrics, log } = parts;
  const { now } = parts.clock;
  const addresses = addressPolicy(settings);
  const tools: InstallationTools = {
    sha256,
    newUuid: randomUUID,
    topics: TOPIC_RULES,
    newEventId: parts.newEventId,
    encode: (text) => Buffer.from(text),
    apiVersion: CURRENT_VERSION,
    retentionMs: settings.retentionMs,
    readAddress: (text) => {
      const check = checkAddress(text, addresses);
      return check.ok ? check.address : null;
    },
  };
  const routes = new DeliveriesRoutes({ deliveries, directory: directory.directory, store, secrets, webhookId: settings.webhookId, now });
  const entries = { store, directory, tools, addresses, sealing, secrets, now };
  const platform = { store, directory, publisher, deliveries, routes, now };
  const backlog = watchBacklog(store);
  metrics.watch(() => ({ ...engine.gauges, waitingEvents: groups.waiting, pending: backlog.pending }));
  return makeHttpServer({
    access: { store, directory, now },
    app: appHandlers({ directory, tools, addresses, deliveries: routes, publisher, sampleOf }),
    platform: {
      ...shopHandlers(entries),
      ...appDirectoryHandlers(entries),
      ...installationHandlers(entries),
      ...eventHandlers(platform),
      ...keyHandlers(platform),
      ...auditHandlers({ store }),
      ...replayHandlers({ store, directory: directory.directory, runner: replays, newId: parts.newEventId, now }),
      ...secretHandlers({ directory, sealing, newUuid: randomUUID, now }),
    },
    open: {
      ...publicKeyHandlers({ directory }),
      ...openHandlers({
        publicUrl: settings.publicUrl,
        metrics: { ...metrics, text: () => backlog.refresh().then(() => metrics.text()) },
        reasonsNotReady: async () => {
          const isReachable = await backlog.refresh();
          return [...(isReachable ? [] : ["the store cannot be used"]), ...engine.reasonsNotReady];
        },
      }),
    },
    publicUrl: settings.publicUrl,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    onAnswer: (route, status, durationMs) => {
      metrics.answered(route?.operation ?? "none", status, durationMs);
    },
    onError: (error, requestId) => {
      metrics.failed("answer");
      log.error({ err: error, requestId }, "a call failed on our side");
    },
  });
}

function sampleOf(topic: string): string {
  return JSON.stringify(TOPIC_BY_NAME.get(topic)?.sample ?? {});
}

/** Asks the store at most once a second how much is owed: says whether it can be used at all, and feeds a gauge. */
function watchBacklog(store: Store): { readonly pending: number; readonly refresh: () => Promise<boolean> } {
  const state = { pending: 0, isReachable: true, at: Number.NEGATIVE_INFINITY };
  return {
    get pending() {
      return state.pending;
    },
    refresh: async () => {
      if (systemClock.monotonic() - state.at < READY_KEPT_MS) return state.isReachable;
      try {
        state.pending = (await store.tasks.backlog()).pending;
        state.isReachable = true;
      } catch {
        state.isReachable = false;
      }
      state.at = systemClock.monotonic();
      return state.isReachable;
    },
  };
}

/** Waits for answers under way, then closes what is left. */
async function closeHttp(http: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => http.server.closeAllConnections(), graceMs);
  await http.close();
  clearTimeout(timer);
}

function originOf(http: FastifyInstance, host: string): string {
  const address = http.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
