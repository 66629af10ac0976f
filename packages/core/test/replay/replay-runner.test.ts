import {
  Deliveries,
  DirectoryService,
  firstTask,
  laneOf,
  pauseReplay,
  ReplayRunner,
  type EventContent,
  type NewEvent,
  type ReplayJob,
  type Store,
} from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  eventIdAt,
  NOW,
} from "@genhook/testkit";
import { expect, test } from "vitest";
import { VirtualTime } from "../simulation/virtual-time.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });

interface World {
  readonly time: VirtualTime;
  readonly store: Store;
  readonly reopened: EventContent[];
  readonly runner: (isAlive?: () => boolean) => ReplayRunner;
  readonly job: (more?: Partial<ReplayJob>) => Promise<ReplayJob>;
  readonly now: (id: string) => Promise<ReplayJob | null>;
  readonly deliveries: Deliveries;
  readonly clock: { doubt: string | null; now: () => number };
  readonly dead: (count: number) => Promise<readonly NewEvent[]>;
}

async function begin(): Promise<World> {
  const time = new VirtualTime(NOW);
  const store = openMemoryStore();
  const directory = new DirectoryService({ store, now: time.clock.now, onChange: () => undefined });
  await store.directory.commit(
    buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S, T] }),
    1,
  );
  await directory.load();
  const reopened: EventContent[] = [];
  const clock: World["clock"] = { doubt: null, now: time.clock.now };
  const deliveries = new Deliveries({
    store,
    directory: directory.directory,
    clock,
    onUnblocked: () => undefined,
    onReopened: (event) => reopened.push(event),
  });
  return {
    time,
    store,
    reopened,
    deliveries,
    clock,
    runner: (isAlive = (): boolean => true) => {
      const runner = new ReplayRunner({
        store,
        deliveries,
        clock: time.clock,
        timers: time.timersOf(isAlive),
        owns: () => true,
        hasRoom: () => true,
        onError: (error) => expect.unreachable(String(error)),
      });
      runner.start();
      return runner;
    },
    job: async (more = {}) => {
      const job = buildJob(more);
      await store.replayJobs.save(job, 0);
      return job;
    },
    now: (id) => store.replayJobs.find(id),
    dead: async (count) => {
      const events = Array.from({ length: count }, (_, n) => buildEvent([S], { acceptedAt: NOW - count + n }));
      await store.events.append(events, directory.directory.version);
      await settleDead(store, events);
      return events;
    },
  };
}

async function settleDead(store: Store, events: readonly NewEvent[]): Promise<void> {
  await store.tasks.settle(events.map((event) => buildSettlement(firstTask(event, { subscription: S.id, ...laneOf(S) }), "dead")));
}

function buildJob(more: Partial<ReplayJob>): ReplayJob {
  const open = { shop: null, app: null, subscription: null, endpoint: null, eventId: null, topic: null, from: null };
  return {
    id: eventIdAt(NOW),
    state: "running",
    isDryRun: false,
    filter: { ...open, state: "dead", to: NOW },
    ratePerSecond: 100,
    madeBy: "key 1",
    createdAt: NOW,
    updatedAt: NOW,
    matched: 0,
    isCounted: false,
    done: 0,
    reopened: 0,
    position: null,
    revision: 1,
    ...more,
  };
}

test("every dead letter is sent again, oldest first, at the rate and not faster", async () => {
  const { time, store, reopened, runner, job, now, dead } = await begin();
  const events = await dead(450);
  const { id } = await job();
  runner();
  await time.run(2_000);
  const halfway = await now(id);
  expect(halfway).toMatchObject({ state: "running", matched: 450, isCounted: true });
  expect(halfway?.done).toBeLessThanOrEqual(201);
  expect(halfway?.done).toBeGreaterThan(100);
  await time.run(10_000);
  expect(await now(id)).toMatchObject({ state: "done", matched: 450, done: 450, reopened: 450 });
  expect(reopened.map((event) => event.id)).toEqual(events.map((event) => event.id));
  expect((await store.tasks.backlog()).pending).toBe(450);
});

test("a dry run counts and sends nothing", async () => {
  const { time, store, runner, job, now, dead } = await begin();
  await dead(1_200);
  const { id } = await job({ isDryRun: true });
  runner();
  await time.run(5_000);
  expect(await now(id)).toMatchObject({ state: "done", matched: 1_200, done: 0, reopened: 0 });
  expect((await store.tasks.backlog()).pending).toBe(0);
});

test("a replay that is paused stops, keeps its place, and goes on when it is resumed", async () => {
  const { time, store, runner, job, now, dead } = await begin();
  await dead(300);
  const { id } = await job();
  runner();
  await time.run(1_000);
  for (let isPaused = false; !isPaused;) {
    const current = (await now(id)) as ReplayJob;
    const paused = pauseReplay(current, NOW);
    isPaused = paused.ok && (await store.replayJobs.save(paused.value, current.revision));
  }
  await time.run(2_000);
  const stopped = await now(id);
  await time.run(60_000);
  expect(await now(id)).toEqual(stopped);
  expect(stopped).toMatchObject({ state: "paused" });
  expect(stopped?.done).toBeLessThan(300);
  await store.replayJobs.save({ ...(stopped as ReplayJob), state: "running" }, stopped?.revision ?? 0);
  await time.run(70_000);
  expect(await now(id)).toMatchObject({ state: "done", done: 300, reopened: 300 });
});

test("a process that dies between sending again and writing it down sends nothing twice", async () => {
  const { time, store, reopened, runner, job, now, dead } = await begin();
  const events = await dead(120);
  const { id } = await job();
  let lives = 0;
  const save = store.replayJobs.save.bind(store.replayJobs);
  let isAlive = true;
  // Every third progress is lost together with the process that made it.
  store.replayJobs.save = (next, revision) => {
    if (next.done > 0 && next.state !== "done" && (lives += 1) % 3 === 0) {
      isAlive = false;
      return new Promise(() => undefined);
    }
    return save(next, revision);
  };
  for (let life = 0; life < 30; life += 1) {
    isAlive = true;
    const alive = { is: true };
    runner(() => alive.is && isAlive);
    await time.run((life + 1) * 3_000);
    alive.is = false;
  }
  expect(await now(id)).toMatchObject({ state: "done" });
  expect(lives).toBeGreaterThan(3);
  expect(reopened.map((event) => event.id)).toEqual(events.map((event) => event.id));
  expect((await store.tasks.backlog()).pending).toBe(120);
});

test("what fails again while the replay still runs is not sent again by it", async () => {
  const { time, store, reopened, runner, job, now, dead } = await begin();
  const [first] = await dead(60);
  const { id } = await job({ ratePerSecond: 10 });
  runner();
  await time.run(3_000);
  const key = { eventId: first?.id ?? "", subscription: S.id };
  expect((await store.log.ofDelivery(key)).at(-1)).toMatchObject({ kind: "reopened", detail: id });
  const [again] = await store.tasks.listLane(laneOf(S), { after: null }, 1);
  if (again !== undefined) await store.tasks.settle([buildSettlement(again, "dead")]);
  await time.run(60_000);
  expect(await now(id)).toMatchObject({ state: "done" });
  expect(reopened.filter((event) => event.id === first?.id)).toHaveLength(1);
});

test("the filter decides: other webhooks, other times and other states stay as they are", async () => {
  const { time, store, reopened, runner, job, now, dead } = await begin();
  const events = await dead(10);
  const other = buildEvent([T]);
  await store.events.append([other], 2);
  const task = firstTask(other, { subscription: T.id, ...laneOf(T) });
  await store.tasks.settle([buildSettlement(task, "dead")]);
  const open = { shop: 1, app: 1, endpoint: null, eventId: null, topic: "orders/create" };
  const { id } = await job({ filter: { ...open, state: "dead", subscription: S.id, from: NOW - 6, to: NOW - 3 } });
  runner();
  await time.run(10_000);
  expect(await now(id)).toMatchObject({ state: "done", matched: 4, reopened: 4 });
  expect(reopened.map((event) => event.id)).toEqual(events.slice(4, 8).map((event) => event.id));
});

test("while the store's time is in doubt nothing is re-opened: it would be owed at a wrong time; a job goes on afterwards", async () => {
  const world = await begin();
  const [event] = await world.dead(3);
  const { id } = await world.job();
  world.clock.doubt = "the store's time is not known yet";
  world.clock.now = () => NOW + 3_600_000;
  const runner = world.runner();
  await world.time.run(5_000);
  expect(await world.now(id)).toMatchObject({ state: "running", isCounted: true, done: 0, reopened: 0 });
  const refused = await world.deliveries.replay({ eventId: (event as NewEvent).id, subscription: S.id });
  expect(refused).toMatchObject({ ok: false, refusal: { code: "overloaded" } });
  expect(refused.ok ? "" : refused.refusal.message).toMatch(
    /^No delivery can be given a time just now: the store's time is not known yet\. Nothing was replayed/,
  );
  expect(world.reopened).toEqual([]);
  world.clock.doubt = null;
  world.clock.now = world.time.clock.now;
  await world.time.run(10_000);
  expect(await world.now(id)).toMatchObject({ state: "done", reopened: 3 });
  await runner.stop();
});
