import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { BUILT_IN_TOPICS, CURRENT_VERSION, makeTopicTable, type TopicTable } from "@genhook/contract";
import {
  DAY_MS,
  DeclarationFollower,
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
  shapedSender,
  shardOfReplay,
  StoreClock,
  type DirectoryCommit,
  type InstallationTools,
  type Payloads,
  type Sender,
  type Store,
  type Waiters,
} from "@genhook/core";
import type { Logger } from "pino";
import { makeWaiters } from "./compose-catch-up.ts";
import { careForEndpoints, type EndpointCare } from "./compose-endpoints.ts";
import { addressPolicy, composeSender } from "./compose-sender.ts";
import { composeHttp } from "./compose-http.ts";
import { openStore } from "./compose-store.ts";
import { auditedStep } from "./http/audited.ts";
import { makePayloads } from "./runtime/payload-forms.ts";
import { systemClock, systemRandomBits, systemTimers } from "./runtime/system-clock.ts";
import { ensureFirstKey } from "./secrets/platform-key.ts";
import { readBrand, type Brand } from "./portal/brand.ts";
import type { PortalSource } from "./portal/portal-files.ts";
import { openSealing } from "./secrets/data-key.ts";
import { givenSealingKey, loadSealingKey, oldSealingKey, type Sealing } from "./secrets/sealing.ts";
import { SecretVault } from "./secrets/secret-vault.ts";
import { subjectIds } from "./secrets/subjects.ts";
import { digest, sha256 } from "./secrets/tokens.ts";
import { checkAddress, type AddressPolicy } from "./send/address-guard.ts";
import { readCertificates } from "./settings/setting-file.ts";
import type { Settings } from "./settings/resolve-settings.ts";
import { readTopicsFile } from "./topics/topics-file.ts";
import { seldom } from "./telemetry/seldom.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { openTracing } from "./telemetry/open-tracing.ts";

/** A whole Genhook in this process. */
export interface Genhook {
  /** `http://HOST:PORT`, as it is listened on. */
  readonly origin: string;
  /** The same of the platform API, which is elsewhere with `--platform-port`. */
  readonly platformOrigin: string;
  /** The platform key, where it was made at this start; to be shown once. */
  readonly newPlatformKey: string | null;
  /** Stops accepting, finishes what is in flight within the grace time, settles, closes. A second call changes nothing. */
  stop(): Promise<void>;
}

/** Whoever owns this shard also keeps the store small: any one will do, as long as it is one. */
const SHARD_OF_KEEPING = 0;

/** How long a stop waits for the collector to take the last spans. */
const TRACES_CLOSE_MS = 2_000;

/** The one place that knows every concrete class. Rejects with an error whose message says what to do. */
export async function startGenhook(
  settings: Settings,
  log: Logger,
  onFatal: (error: Error) => void,
  portal: PortalSource | null = null,
): Promise<Genhook> {
  // What files say is looked at before anything is opened or written.
  const files = readFiles(settings);
  // Processes that share a database must be given the same key; beside the embedded file one is made, once there is a folder for it.
  const given = settings.database === null ? null : givenSealingKey(settings.sealingKey, settings.sealingKeyFile);
  const oldKey = oldSealingKey(settings.oldSealingKey, settings.oldSealingKeyFile);
  const store = await openStore(settings, log, onFatal);
  try {
    const key = given ?? loadSealingKey(settings.sealingKey, settings.sealingKeyFile, join(settings.data, "sealing-key"));
    const opened = await openSealing({ credentials: store.credentials, key, oldKey });
    if (opened.oldKey !== "none") {
      log.warn(
        opened.oldKey === "replaced"
          ? "the sealing key was replaced; the old one opens nothing any more"
          : "the old sealing key is not needed any more",
      );
    }
    return await compose(settings, { ...files, portal }, opened.sealing, store, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Given extends Files {
  readonly portal: PortalSource | null;
}

interface Files {
  readonly topics: TopicTable;
  readonly ca: readonly string[] | null;
  readonly brand: Brand;
}

function readFiles(settings: Settings): Files {
  return {
    topics: settings.topics === null ? BUILT_IN_TOPICS : makeTopicTable(readTopicsFile(settings.topics)),
    ca: settings.caFile === null ? null : readCertificates("ca-file", settings.caFile),
    brand: readBrand(settings),
  };
}

async function compose(settings: Settings, given: Given, sealing: Sealing, store: Store, log: Logger): Promise<Genhook> {
  const metrics = createMetrics();
  const tracing = await openTracing(settings.traces, process.env);
  const clock = new StoreClock(systemClock, store.isShared);
  const secrets = new SecretVault(sealing);
  const listeners: ((commit: DirectoryCommit) => void)[] = [];
  const directory = new DirectoryService({
    store,
    now: clock.now,
    onChange: (commit) => {
      for (const listener of listeners) listener(commit);
    },
  });
  await directory.load();
  warnOfUnknownTopics(directory, given.topics, log);
  const sender = composeSender(settings, given.ca, secrets, log, metrics);
  const payloads = makePayloads(given.topics.byName, (what, error) => {
    metrics.failed(what);
    log.error({ err: error, what }, "a payload could not be brought into an app's form");
  });
  const { observer: care, notices } = await careForEndpoints(settings, { directory, sender, secrets, log, metrics });
  const shaped = tracing.sender(shapedSender(sender, payloads));
  const waiters = makeWaiters({ store, directory, listeners, log, metrics });
  const engine = makeEngine(settings, { store, clock, directory, sender: shaped, care, waiters, log, metrics });
  listeners.push((commit) => engine.directoryChanged(commit));
  const groups = makeGroups(store, directory, log, metrics);
  const newEventId = eventIdSource(clock, systemRandomBits());
  const publishing = { directory, groups, clock, engine, sealing, newEventId, payloads, metrics };
  const publisher = makePublisher(settings, { topics: given.topics, ...publishing });
  const deliveries = makeDeliveries(store, clock, directory, engine);
  const replays = makeReplays({ store, clock, directory, deliveries, engine, log, metrics });
  const keeper = makeKeeper(settings, { store, clock, directory, engine, log, metrics });
  const addresses = addressPolicy(settings);
  const tools = makeTools(settings, given.topics, addresses, newEventId, payloads);
  const follower = makeFollower(directory, tools, log, metrics);
  listeners.push(() => follower.wake());
  const published = tracing.publisher(publisher);
  const api = { store, clock, directory, engine, publisher, published, deliveries, replays, groups, payloads };
  const http = composeHttp(settings, { ...given, ...api, sealing, secrets, metrics, log, addresses, tools, waiters });
  const newPlatformKey = await ensureFirstKey({
    credentials: store.credentials,
    given: settings.platformKey,
    file: settings.database === null ? join(settings.data, "platform-key") : null,
    now: clock.now(),
  });
  await engine.start();
  keeper.start();
  replays.start();
  follower.wake();
  try {
    await http.listen();
  } catch (error) {
    await Promise.all([keeper.stop(), replays.stop(), follower.stop(), notices.stop()]);
    await engine.stop(0);
    await sender.close();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    // Their calls are answered now: nothing else would end them within the grace time.
    waiters.stop();
    await Promise.all([http.close(settings.graceMs), engine.stop(settings.graceMs)]);
    await groups.drain();
    await Promise.all([keeper.stop(), replays.stop(), follower.stop(), notices.stop()]);
    await sender.close();
    await Promise.all([store.close(), tracing.close(TRACES_CLOSE_MS)]);
    metrics.close();
  };
  const { origin, platformOrigin } = http;
  return { origin, platformOrigin, newPlatformKey, stop: () => (stopping ??= stopAll()) };
}

function makeTools(
  settings: Settings,
  topics: TopicTable,
  addresses: AddressPolicy,
  newEventId: () => string,
  payloads: Payloads,
): InstallationTools {
  return {
    sha256,
    newUuid: randomUUID,
    topics: topics.byName,
    newEventId,
    encode: (text) => Buffer.from(text),
    apiVersion: CURRENT_VERSION,
    retentionMs: settings.retentionMs,
    payloads,
    readAddress: (text) => {
      const check = checkAddress(text, addresses);
      return check.ok ? check.address : null;
    },
  };
}

function makeFollower(directory: DirectoryService, tools: InstallationTools, log: Logger, metrics: Metrics): DeclarationFollower {
  return new DeclarationFollower({
    directory,
    tools,
    timers: systemTimers,
    audited: auditedStep,
    onStep: (step) => log.info(step, "a changed declaration reached installations"),
    onError: (error) => {
      metrics.failed("declaration");
      log.error({ err: error, what: "declaration" }, "a changed declaration could not be followed; tried again");
    },
  });
}

function makeGroups(store: Store, directory: DirectoryService, log: Logger, metrics: Metrics): GroupCommit {
  const say = seldom((error: unknown, times) => log.error({ err: error, what: "publish", times }, "events could not be stored"));
  return new GroupCommit({
    events: {
      append: async (events, version) => {
        const startedAt = performance.now();
        try {
          return await store.events.append(events, version);
        } finally {
          metrics.committed(events.length, performance.now() - startedAt);
        }
      },
    },
    timers: systemTimers,
    catchUp: (version) => directory.catchUp(version),
    onError: (error) => {
      metrics.failed("publish");
      say(error);
    },
  });
}

/** Webhooks for topics that were in the file of `--topics` before: nothing can be published for them. */
function warnOfUnknownTopics({ directory }: DirectoryService, topics: TopicTable, log: Logger): void {
  const unknown = new Set([...directory.subscriptions()].map((each) => each.topic).filter((topic) => !topics.byName.has(topic)));
  if (unknown.size > 0) log.warn({ topics: [...unknown] }, "there are webhooks for topics that are no longer offered");
}

interface CoreParts {
  readonly store: Store;
  readonly clock: StoreClock;
  readonly directory: DirectoryService;
  readonly log: Logger;
  readonly metrics: Metrics;
}

function makeEngine(
  settings: Settings,
  parts: CoreParts & { readonly sender: Sender; readonly care: EndpointCare["observer"]; readonly waiters: Waiters },
): Engine {
  const { store, clock, directory, sender, care, waiters, log, metrics } = parts;
  return new Engine({
    node: `node-${randomUUID()}`,
    delivers: settings.role !== "api",
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
    attemptTimeoutMs: settings.attemptTimeoutMs,
    observer: {
      ...care,
      onGone: (subscription) => {
        directory.change(disableSubscription(subscription)).catch((error: unknown) => {
          // Asked for again with the next 410 of the same endpoint.
          metrics.failed("disable");
          log.error({ err: error, what: "disable", webhookId: subscription }, "a webhook could not be disabled");
        });
      },
      onAttempt: ({ row }, outcome) => metrics.attempt(row, outcome),
      onNumbered: (subscriptions) => waiters.wake(subscriptions),
      onSettled: (settlement, isApplied) => {
        if (isApplied) metrics.settled(settlement.row, settlement.latencyMs);
      },
      onError: (what, error) => {
        metrics.failed(what);
        log.error({ err: error, what }, "work behind the scenes failed; it is done again");
      },
    },
  });
}

function makeDeliveries(store: Store, clock: StoreClock, directory: DirectoryService, engine: Engine): Deliveries {
  return new Deliveries({
    store,
    directory: directory.directory,
    clock,
    onReopened: (event, task) => engine.reopened(event, task),
    onUnblocked: (subscription) => engine.unblocked(subscription),
  });
}

function makePublisher(
  settings: Settings,
  parts: {
    readonly topics: TopicTable;
    readonly directory: DirectoryService;
    readonly groups: GroupCommit;
    readonly clock: StoreClock;
    readonly engine: Engine;
    readonly sealing: Sealing;
    readonly newEventId: () => string;
    readonly payloads: Payloads;
    readonly metrics: Metrics;
  },
): Publisher {
  const { topics, directory, groups, clock, engine, sealing, newEventId, payloads, metrics } = parts;
  return new Publisher({
    directory,
    groups,
    clock,
    topics: topics.byName,
    newEventId,
    apiVersion: CURRENT_VERSION,
    retentionMs: settings.retentionMs,
    payloads,
    digest,
    checkPayload: (topic, payload) => {
      const misfit = settings.checkPayloads ? topics.checkPayload(topic, CURRENT_VERSION, payload) : null;
      return misfit === null ? null : { code: "payload_mismatch", message: misfit.message, member: misfit.member ?? "payload" };
    },
    subjectsOf: (shop, topic, payload) => subjectIds(topics.byName.get(topic), payload).map((id) => sealing.keyedHash(`${shop} ${id}`)),
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
    sequences: store.sequences,
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
      const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
      log[expired > 0 ? "warn" : "info"]({ date, expired }, "a day is past retention and was dropped");
    },
    onError: (error) => {
      metrics.failed("retention");
      log.error({ err: error, what: "retention" }, "what is past retention could not be dropped; tried again");
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
      log.error({ err: error, what: "replay" }, "a replay job could not be taken further");
    },
  });
}
