import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, NOW, seededRandom } from "@genhook/testkit";
import {
  DirectoryService,
  Engine,
  eventIdSource,
  StoreClock,
  type AttemptRequest,
  type Outcome,
  type Sender,
  type Subscription,
} from "@genhook/core";
import { expect, test } from "vitest";
import { VirtualTime } from "./virtual-time.ts";

const SLOTS = 32;
const SECOND = 1_000;
const SEEDS = Number(process.env["GENHOOK_TEST_SEEDS"] ?? 3);
const FIRST_SEED = Number(process.env["GENHOOK_TEST_FIRST_SEED"] ?? 1);

const response = (status: number, durationMs: number): Outcome => ({
  kind: "response",
  status,
  durationMs,
  retryAfter: null,
  responseHeaders: "",
  responseBody: new Uint8Array(),
});

/** How an endpoint takes an attempt. */
type Behaviour = (random: () => number, attempt: number) => Outcome;

const healthy: Behaviour = (random) => response(200, 5 + random() * 20);
/** Just inside its deadline, every time. */
const slow: Behaviour = (random) => response(200, 4_500 + random() * 400);
/** Nothing is wrong with it, but it takes its time. */
const lasting: Behaviour = (random) => response(200, 800 + random() * 200);
const hanging: Behaviour = () => ({ kind: "failure", error: "timeout", detail: "", durationMs: 5_000 });
/** Fails each delivery's first attempt, quickly. */
const second: Behaviour = (random, attempt) => response(attempt === 1 ? 500 : 200, 100 + random() * 50);

interface Neighbours {
  readonly behaviour: Behaviour;
  readonly count: number;
  readonly backlog: number;
}

/** One process, ten healthy apps with a steady stream, and neighbours with a backlog; answers how long healthy deliveries waited, ms. */
async function waits(
  seed: number,
  neighbours: readonly Neighbours[],
  comeAtMs: number,
  /** The healthy apps' own shop is 1. */
  neighboursShop = 2,
): Promise<{ readonly waits: readonly number[]; readonly neighbours: number }> {
  const random = seededRandom(seed);
  const time = new VirtualTime(NOW);
  const timers = time.timersOf(() => true);
  const store = openMemoryStore();
  const behaviours: Behaviour[] = [
    ...Array.from({ length: 10 }, () => healthy),
    ...neighbours.flatMap(({ behaviour, count }) => Array.from({ length: count }, () => behaviour)),
  ];
  const apps = behaviours.map((_, index) => buildApp(index + 1));
  const subscriptions = apps.map(({ id }) =>
    buildSubscription(8_589_934_900 + id, id, id <= 10 ? 1 : neighboursShop, { address: `https://app-${id}.example.com/hooks` }),
  );
  await store.directory.commit(
    buildCommit({
      counters: { shop: 3, app: apps.length + 1, subscription: 8_589_935_900 },
      shops: [buildShop(1), buildShop(2)],
      apps,
      installations: apps.map(({ id }) => buildInstallation(id, id <= 10 ? 1 : neighboursShop, { scopes: ["read_orders"] })),
      subscriptions,
    }),
    1,
  );
  const clock = new StoreClock(time.clock, false);
  const newEventId = eventIdSource(clock, () => Math.floor(random() * 4_294_967_296));
  const handedOver = new Map<string, number>();
  const waited: number[] = [];
  let others = 0;
  const sender: Sender = {
    send: (request: AttemptRequest, done) => {
      const behaviour = behaviours[request.app.id - 1] ?? healthy;
      const at = handedOver.get(request.event.id);
      if (behaviour === healthy && at !== undefined) waited.push(time.clock.monotonic() - at);
      else others += 1;
      const outcome = behaviour(random, request.attempt);
      time.after(outcome.kind === "aborted" ? 0 : outcome.durationMs, () => done(outcome));
    },
    abortAll: () => undefined,
    close: () => Promise.resolve(),
  };
  const directory = new DirectoryService({ store, now: clock.now, onChange: () => undefined });
  await directory.load();
  const fail = (what: string, error: unknown): never => expect.unreachable(`${what}: ${String(error)}`);
  const engine = new Engine({
    node: "only",
    delivers: true,
    store,
    directory,
    sender,
    clock,
    timers,
    random,
    retry: { waitsMs: [SECOND, 2 * SECOND, 4 * SECOND], jitter: 0.2 },
    keepResponses: "none",
    attemptTimeoutMs: 5 * SECOND,
    attemptsInFlightMax: SLOTS,
    endpointConcurrencyMax: 20,
    observer: {
      onGone: () => undefined,
      onAttempt: () => undefined,
      onSettled: () => undefined,
      onHoldEnded: () => undefined,
      onWarned: () => undefined,
      onSuspend: () => Promise.resolve(),
      onResumed: () => undefined,
      onNumbered: () => undefined,
      onError: fail,
    },
  });
  await engine.start();
  const publish = async (subscription: Subscription): Promise<void> => {
    const event = { ...buildEvent([subscription]), id: newEventId(), acceptedAt: clock.now() };
    await store.events.append([event], directory.directory.version);
    handedOver.set(event.id, time.clock.monotonic());
    engine.handOver(event);
  };
  for (let n = 0; n < 600; n += 1) {
    time.after(n * 100 + random() * 100, () => void publish(subscriptions[n % 10] as Subscription));
  }
  await time.run(comeAtMs);
  let from = 10;
  for (const { count, backlog } of neighbours) {
    for (const subscription of subscriptions.slice(from, from + count)) for (let n = 0; n < backlog; n += 1) await publish(subscription);
    from += count;
  }
  await time.run(70 * SECOND);
  const stopped = engine.stop(10 * SECOND);
  await time.run(90 * SECOND);
  await stopped;
  return { waits: waited.sort((a, b) => a - b), neighbours: others };
}

const SCENES: readonly (readonly [string, readonly Neighbours[]])[] = [
  ["slow", [{ behaviour: slow, count: 30, backlog: 40 }]],
  ["hanging", [{ behaviour: hanging, count: 60, backlog: 20 }]],
  [
    "slow and hanging",
    [
      { behaviour: slow, count: 20, backlog: 40 },
      { behaviour: hanging, count: 40, backlog: 20 },
    ],
  ],
  ["retried", [{ behaviour: second, count: 30, backlog: 40 }]],
];

/** More than a turn, and far less than any neighbour takes. */
const FELT_MS = 250;

test.each(SCENES)("healthy apps never feel that many of their neighbours are %s", async (_, neighbours) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const beside = await waits(seed, neighbours, 2 * SECOND);
    console.log(`seed ${seed}: at most ${Math.round(beside.waits.at(-1) ?? 0)} ms; ${beside.neighbours} attempts of neighbours`);
    expect([beside.waits.length, Math.max(...beside.waits) < FELT_MS], `seed ${seed}`).toEqual([600, true]);
    expect(beside.neighbours, `seed ${seed}`).toBeGreaterThan(100);
  }
});

test.each([
  ["their own shop", 1],
  ["another shop", 2],
])("healthy apps wait for one attempt at most where 40 neighbours of %s take every slot for a second each", async (_, shop) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const beside = await waits(seed, [{ behaviour: lasting, count: 40, backlog: 60 }], 2 * SECOND, shop);
    console.log(`seed ${seed}: at most ${Math.round(beside.waits.at(-1) ?? 0)} ms; ${beside.neighbours} attempts of neighbours`);
    expect([beside.waits.length, Math.max(...beside.waits) < SECOND], `seed ${seed}`).toEqual([600, true]);
    expect(beside.neighbours, `seed ${seed}`).toBeGreaterThan(1_500);
  }
});

test.each(SCENES)(
  "after a start, when nothing is known of any endpoint, healthy apps wait for one deadline where many others are %s",
  async (_, neighbours) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const beside = await waits(seed, neighbours, 0);
      console.log(`seed ${seed}: at most ${Math.round(beside.waits.at(-1) ?? 0)} ms; ${beside.neighbours} attempts of neighbours`);
      expect([beside.waits.length, Math.max(...beside.waits) < 5 * SECOND + FELT_MS], `seed ${seed}`).toEqual([600, true]);
    }
  },
);
