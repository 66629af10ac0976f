/**
 * What a blocked order key with a long backlog costs the others of its lane: `node packages/storage/bench/ordered-lanes.ts [parked]`. Engine and
 * embedded store are the real ones, the endpoint is a timer of 2 ms. One run: 1,000 keys alone; the same while the backlog is being set aside;
 * the same behind it (medians of three). The ratios within a run are what counts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DirectoryService,
  Engine,
  eventIdSource,
  StoreClock,
  type AttemptRequest,
  type NewEvent,
  type Outcome,
  type Sender,
  type Subscription,
} from "@genhook/core";
import { openSqliteStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription } from "@genhook/testkit";

const PARKED = Number(process.argv[2] ?? 100_000);
const KEYS = 1_000;
const EVENTS = 10_000;
const SERVICE_MS = 2;
const LANE = 8_589_935_900;
const STUCK = "stuck";

const folder = mkdtempSync(join(tmpdir(), "genhook-ordered-"));
const store = await openSqliteStore({ folder });
const subscription: Subscription = {
  ...buildSubscription(8_589_934_901, 1, 1),
  settings: { ordered: true, onDead: "block" },
  order: { lane: LANE, left: [] },
};
await store.directory.commit(
  buildCommit({
    counters: { shop: 10, app: 10, subscription: LANE + 1 },
    shops: [buildShop(1)],
    apps: [buildApp(1)],
    installations: [buildInstallation(1, 1)],
    subscriptions: [subscription],
  }),
  1,
);

let arrived = 0;
let awaited: { readonly count: number; readonly resolve: () => void } | null = null;
const sender: Sender = {
  send: (request: AttemptRequest, done: (outcome: Outcome) => void) => {
    const status = request.event.orderKey === STUCK ? 500 : 200;
    setTimeout(() => {
      done({ kind: "response", status, durationMs: SERVICE_MS, retryAfter: null, responseHeaders: "", responseBody: new Uint8Array() });
      if (status !== 200) return;
      arrived += 1;
      if (awaited !== null && arrived >= awaited.count) awaited.resolve();
    }, SERVICE_MS);
  },
  abortAll: () => undefined,
  close: () => Promise.resolve(),
};
const clock = new StoreClock({ now: Date.now, monotonic: () => performance.now() }, false);
const directory = new DirectoryService({ store, now: clock.now, onChange: (commit) => engine.directoryChanged(commit) });
const engine: Engine = new Engine({
  node: "node-1",
  delivers: true,
  store,
  directory,
  sender,
  clock,
  timers: {
    after: (delayMs, fire) => {
      const timer = setTimeout(fire, Math.max(0, delayMs));
      return { cancel: () => clearTimeout(timer) };
    },
  },
  random: Math.random,
  retry: { waitsMs: [], jitter: 0 },
  keepResponses: "none",
  endpointConcurrencyMax: 100,
  attemptTimeoutMs: 10,
  observer: {
    onGone: () => undefined,
    onAttempt: () => undefined,
    onSettled: () => undefined,
    onHoldEnded: () => undefined,
    onNumbered: () => undefined,
    onWarned: () => undefined,
    onSuspend: () => Promise.resolve(),
    onResumed: () => undefined,
    onError: (what, error) => console.error(what, error),
  },
});
await directory.load();
await engine.start();

const newId = eventIdSource({ now: Date.now }, () => Math.floor(Math.random() * 2 ** 32));
const [shard] = buildEvent([subscription]).owes.map((owed) => owed.shard);

function makeEvent(orderKey: string): NewEvent {
  const id = newId();
  const owes = [{ subscription: subscription.id, lane: LANE, shard: shard ?? 0 }];
  return buildEvent([], { id, acceptedAt: Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), orderKey, owes });
}

async function publish(count: number, keyOf: (n: number) => string): Promise<void> {
  for (let from = 0; from < count; from += 250) {
    const group = Array.from({ length: Math.min(250, count - from) }, (_, n) => makeEvent(keyOf(from + n)));
    const outcome = await store.events.append(group, directory.directory.version);
    if (outcome.kind !== "committed") throw new Error(outcome.kind);
    for (const event of group) engine.handOver(event);
  }
}

/** Publishes the others' events and says how many a second were delivered. */
async function others(): Promise<number> {
  const startedAt = performance.now();
  const done = new Promise<void>((resolve) => {
    awaited = { count: arrived + EVENTS, resolve };
  });
  await publish(EVENTS, (n) => `key ${n % KEYS}`);
  await done;
  return Math.round((EVENTS / (performance.now() - startedAt)) * 1_000);
}

/** Machines are shared: the middle of several says more than one. */
async function medianOf(rounds: number): Promise<number> {
  const rates: number[] = [];
  for (let n = 0; n < rounds; n += 1) rates.push(await others());
  return rates.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const asideCount = async (): Promise<number> => {
  const [first] = await store.tasks.lanesWithWork([shard ?? 0], null, 1);
  return first === undefined || first.lane >= 0 ? 0 : (await store.tasks.measureLanes([first], PARKED + 1)).count;
};

await others();
const alone = await medianOf(3);
await publish(1, () => STUCK);
await until(() => engine.gauges.blockedKeys === 1);
const parking = performance.now();
await publish(PARKED, () => STUCK);
const during = await others();
await until(async () => (await asideCount()) === PARKED);
const parkedMs = performance.now() - parking;
const behind = await medianOf(3);
console.log(`${EVENTS} deliveries of ${KEYS} order keys, deliveries per second:`);
console.log(`  alone                                   ${alone}`);
console.log(
  `  while ${PARKED} of one key are set aside   ${during} (ratio ${(during / alone).toFixed(2)}; published and set aside in ${Math.round(parkedMs)} ms)`,
);
console.log(`  behind them                             ${behind} (ratio ${(behind / alone).toFixed(2)})`);
await engine.stop(1_000);
await store.close();
rmSync(folder, { recursive: true, force: true });
