import { openMemoryCluster } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildSettlement, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import {
  DirectoryService,
  disableSubscription,
  firstTask,
  laneOf,
  resumeSubscription,
  updateSubscription,
  type LaneRead,
  type LaneRef,
  type NewEvent,
  type OwedTask,
  type Store,
  type TaskQueue,
} from "@genhook/core";
import { describe, expect, it } from "vitest";
import type { LaneTable } from "../../src/engine/lane-table.ts";
import { makeTools } from "../directory/fixtures.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";
import { makeLaneTable } from "./make-lane-table.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const ELSEWHERE = "https://elsewhere.example.com/hooks";
const HERE = laneOf(S).shard;

/** The lanes of one process, and another process on the same store that writes behind its back. */
class Scene {
  readonly time = new VirtualTime(NOW + 10_000);
  readonly #cluster = openMemoryCluster({ now: this.time.clock.now, leaseMs: 10_000 });
  readonly store: Store = this.#cluster.connect();
  readonly owned = new Set<number>([HERE]);
  readonly told: LaneRef[] = [];
  /** Reads whose snapshot is taken; each is answered when the test says so. */
  readonly reads: (() => void)[] = [];
  isReadHeld = false;
  passSkip = true;
  relocations = 0;
  readonly here: DirectoryService = new DirectoryService({
    store: this.store,
    now: this.time.clock.now,
    onChange: ({ subscriptions }) => {
      for (const subscription of subscriptions) this.table.subscriptionChanged(subscription);
    },
  });
  readonly there: DirectoryService = new DirectoryService({
    store: this.#cluster.connect(),
    now: this.time.clock.now,
    onChange: () => undefined,
  });
  readonly table: LaneTable = makeLaneTable(this.time, {
    store: { ...this.store, tasks: this.#tasks() },
    directory: this.here.directory,
    refreshDirectory: () => this.here.refresh(),
    isShared: true,
    owns: (shard) => this.owned.has(shard),
    tell: (lanes) => this.told.push(...lanes),
  });

  async begin(): Promise<this> {
    await this.store.directory.commit(
      buildCommit({
        shops: [buildShop(1)],
        apps: [buildApp(1)],
        installations: [buildInstallation(1, 1, { scopes: ["read_orders"] })],
        subscriptions: [S],
      }),
      1,
    );
    await Promise.all([this.here.load(), this.there.load()]);
    this.gain(HERE);
    this.table.shardsDiscovered([HERE]);
    return this;
  }

  gain(shard: number): void {
    this.owned.add(shard);
    this.table.shardsChanged([shard], []);
  }

  lose(shard: number): void {
    this.owned.delete(shard);
    this.table.shardsChanged([], [shard]);
  }

  swap(lost: number, gained: number): void {
    this.owned.delete(lost);
    this.owned.add(gained);
    this.table.shardsChanged([gained], [lost]);
  }

  /** Committed by the other process; nothing is known of it here. */
  async published(more: Partial<NewEvent> = {}): Promise<NewEvent> {
    const subscription = this.there.directory.subscription(S.id) ?? S;
    const event = buildEvent([subscription], more);
    const outcome = await this.store.events.append([event], this.there.directory.version);
    if (outcome.kind !== "committed") throw new Error(outcome.kind);
    return event;
  }

  /** Committed here. */
  async publish(more: Partial<NewEvent> = {}): Promise<NewEvent> {
    const event = await this.published(more);
    this.table.handOver(event);
    return event;
  }

  async settle(): Promise<void> {
    await this.time.run(this.time.clock.monotonic() + 1);
  }

  /** Starts everything that may start. */
  async start(): Promise<OwedTask[]> {
    await this.settle();
    const started: OwedTask[] = [];
    for (let lane = this.table.turns.next(0); lane !== null; lane = this.table.turns.next(0)) {
      started.push(this.table.take(lane));
      this.table.taken(lane);
    }
    return started;
  }

  async end({ task }: OwedTask): Promise<boolean> {
    const settlement = buildSettlement(task, "delivered");
    const [isApplied = false] = await this.store.tasks.settle([settlement]);
    this.table.settled(settlement, isApplied);
    await this.settle();
    return isApplied;
  }

  #tasks(): TaskQueue {
    const { tasks } = this.store;
    return {
      settle: (batch) => tasks.settle(batch),
      readLane: async (lane, dueMax, limit, bytesMax, skip): Promise<LaneRead> => {
        const read = await tasks.readLane(lane, dueMax, limit, bytesMax, this.passSkip ? skip : new Set());
        if (this.isReadHeld) await new Promise<void>((resolve) => this.reads.push(resolve));
        return read;
      },
      lanesWithWork: (shards, after, limit) => tasks.lanesWithWork(shards, after, limit),
      cancelLane: (...all) => tasks.cancelLane(...all),
      relocateLane: (...all) => {
        this.relocations += 1;
        return tasks.relocateLane(...all);
      },
      replay: (...all) => tasks.replay(...all),
      listLane: (...all) => tasks.listLane(...all),
      measureLanes: (...all) => tasks.measureLanes(...all),
      backlog: () => tasks.backlog(),
    };
  }
}

const ids = (owed: readonly OwedTask[]): string[] => owed.map(({ event }) => event.id);

describe("two writers into one lane", () => {
  it("a slower transaction's row that appears behind what was read is read all the same, once a hint tells of it", async () => {
    const scene = await new Scene().begin();
    const own = await scene.publish({ acceptedAt: NOW + 500 });
    expect(ids(await scene.start())).toEqual([own.id]);
    const slower = await scene.published({ acceptedAt: NOW });
    expect(await scene.start()).toEqual([]);
    expect(scene.table.told(laneOf(S))).toBe(true);
    expect(ids(await scene.start())).toEqual([slower.id]);
  });

  it("the row is found without a hint too, in a lane that is never idle", async () => {
    const scene = await new Scene().begin();
    const own = await scene.publish({ acceptedAt: NOW + 500 });
    expect(ids(await scene.start())).toEqual([own.id]);
    const slower = await scene.published({ acceptedAt: NOW });
    const [found] = await scene.store.tasks.lanesWithWork([HERE], null, 10);
    if (found === undefined) throw new Error("nothing found");
    scene.table.discovered(found, S);
    expect(ids(await scene.start())).toEqual([slower.id]);
  });

  it("a hint that comes while the lane is read makes it read again: the snapshot may be older", async () => {
    const scene = await new Scene().begin();
    scene.isReadHeld = true;
    scene.table.told(laneOf(S));
    const first = await scene.published();
    scene.table.discovered({ ...laneOf(S), firstDue: 0, subscription: S.id }, S);
    await scene.settle();
    const second = await scene.published({ acceptedAt: NOW - 500 });
    scene.table.told(laneOf(S));
    scene.isReadHeld = false;
    for (const answer of scene.reads) answer();
    expect(new Set(ids(await scene.start()))).toEqual(new Set([first.id, second.id]));
  });

  it("a row that is settled while the lane is read is not brought back by a snapshot from before", async () => {
    const scene = await new Scene().begin();
    const own = await scene.publish();
    const [started] = await scene.start();
    expect(started?.event.id).toBe(own.id);
    const other = await scene.published({ acceptedAt: NOW + 5 });
    scene.isReadHeld = true;
    // Even where the store does not leave out what it is asked to.
    scene.passSkip = false;
    scene.table.told(laneOf(S));
    await scene.settle();
    expect(scene.reads).toHaveLength(1);
    expect(await scene.end(started as OwedTask)).toBe(true);
    scene.isReadHeld = false;
    for (const answer of scene.reads) answer();
    expect(ids(await scene.start())).toEqual([other.id]);
  });

  it("what is owed in another process's shards is told, not kept", async () => {
    const scene = await new Scene().begin();
    scene.lose(HERE);
    await scene.publish();
    expect(scene.told).toEqual([laneOf(S)]);
    expect([await scene.start(), scene.table.lanes]).toEqual([[], 0]);
  });
});

describe("a shard that goes", () => {
  it("takes its lanes along, with what a read under way brings", async () => {
    const scene = await new Scene().begin();
    await scene.publish();
    await scene.published();
    scene.isReadHeld = true;
    scene.table.told(laneOf(S));
    await scene.settle();
    scene.lose(HERE);
    scene.isReadHeld = false;
    for (const answer of scene.reads) answer();
    expect([await scene.start(), scene.table.lanes, scene.table.heldBytes]).toEqual([[], 0, 0]);
  });

  it("and comes again begins anew: nothing that was learned of its endpoints is left", async () => {
    const scene = await new Scene().begin();
    const event = await scene.publish();
    const [started] = await scene.start();
    const gate = scene.table.gates.get(S.endpoint);
    gate?.started(0);
    gate?.finished("overload", event.id, false, 10, 0);
    await scene.end(started as OwedTask);
    scene.lose(HERE);
    expect(scene.table.gates.get(S.endpoint)).toBeUndefined();
    scene.gain(HERE);
    scene.table.discovered({ ...laneOf(S), firstDue: 0, subscription: S.id }, S);
    expect(scene.table.gates.get(S.endpoint)).not.toBe(gate);
  });
});

describe("an address that changes to another process's endpoint", () => {
  const url = new URL(ELSEWHERE);
  const address = { text: ELSEWHERE, origin: url.origin, pathname: url.pathname };
  const move = (): ReturnType<typeof updateSubscription> => updateSubscription(makeTools(), { app: 1, shop: 1 }, S.id, { address });

  it("has its rows moved once nothing is under way, and the other process is told", async () => {
    const scene = await new Scene().begin();
    await scene.publish();
    const [started] = await scene.start();
    await scene.publish({ acceptedAt: NOW + 1 });
    await scene.here.change(move());
    const after = scene.here.directory.subscription(S.id) ?? S;
    const there = laneOf(after);
    expect(there.shard).not.toBe(HERE);
    await scene.settle();
    expect([await scene.start(), scene.told]).toEqual([[], []]);
    expect(await scene.end(started as OwedTask)).toBe(true);
    expect(scene.told).toEqual([there]);
    expect(scene.table.lanes).toBe(0);
    expect((await scene.store.tasks.listLane(there, { after: null }, 10)).length).toBe(1);
    expect((await scene.store.tasks.listLane(laneOf(S), { after: null }, 10)).length).toBe(0);
  });

  it("keeps what is under way in the old shard, also when the new one goes to another process meanwhile", async () => {
    const scene = await new Scene().begin();
    scene.gain(laneOf({ ...S, ...(await moved(scene)) }).shard);
    await scene.publish();
    const [started] = await scene.start();
    await scene.here.change(move());
    const there = laneOf(scene.here.directory.subscription(S.id) ?? S);
    scene.lose(there.shard);
    scene.table.discovered({ ...laneOf(S), firstDue: 0, subscription: S.id }, scene.here.directory.subscription(S.id) ?? S);
    await scene.settle();
    expect(await scene.end(started as OwedTask)).toBe(true);
    expect(scene.told).toEqual([there]);
  });

  it("lets nothing start of what was being read in the old shard when that goes", async () => {
    const scene = await new Scene().begin();
    scene.gain(laneOf({ ...S, ...(await moved(scene)) }).shard);
    scene.isReadHeld = true;
    await scene.published();
    scene.table.discovered({ ...laneOf(S), firstDue: 0, subscription: S.id }, S);
    await scene.settle();
    expect(scene.reads).toHaveLength(1);
    await scene.here.change(move());
    scene.lose(HERE);
    scene.isReadHeld = false;
    for (const answer of scene.reads) answer();
    expect([await scene.start(), scene.table.heldBytes]).toEqual([[], 0]);
  });

  it("keeps what is under way in the old shard, also when that goes and the new one comes at the same moment", async () => {
    const scene = await new Scene().begin();
    const event = await scene.publish();
    const [started] = await scene.start();
    await scene.here.change(move());
    const there = laneOf(scene.here.directory.subscription(S.id) ?? S);
    scene.swap(HERE, there.shard);
    // Its next owner has moved it here.
    await scene.store.tasks.relocateLane(laneOf(S), there.shard, 10, scene.here.directory.version);
    scene.table.discovered({ ...there, firstDue: 0, subscription: S.id }, scene.here.directory.subscription(S.id) ?? S);
    expect(await scene.start()).toEqual([]);
    // Whatever came of it was somebody else's to write down, so it is sent again; now, and not before.
    expect(await scene.end(started as OwedTask)).toBe(false);
    expect(ids(await scene.start())).toEqual([event.id]);
  });

  it("and back again moves nothing", async () => {
    const scene = await new Scene().begin();
    scene.gain(laneOf({ ...S, ...(await moved(scene)) }).shard);
    await scene.publish();
    const [started] = await scene.start();
    const waiting = await scene.publish({ acceptedAt: NOW + 1 });
    await scene.here.change(move());
    const home = new URL(S.address);
    const back = { text: S.address, origin: home.origin, pathname: home.pathname };
    await scene.here.change(updateSubscription(makeTools(), { app: 1, shop: 1 }, S.id, { address: back }));
    expect(ids(await scene.start())).toEqual([waiting.id]);
    expect([await scene.end(started as OwedTask), scene.relocations]).toEqual([true, 0]);
  });

  it("is not undone by a process that has not heard of it: rows that stand where they belong stay there", async () => {
    const scene = await new Scene().begin();
    const { shard } = laneOf({ ...S, ...(await moved(scene)) });
    scene.gain(shard);
    scene.lose(HERE);
    await scene.there.change(move());
    const event = await scene.published();
    // A hint of the new row, and the directory here is still the old one.
    scene.table.discovered({ shard, lane: S.id, firstDue: 0, subscription: S.id }, S);
    await scene.settle();
    expect((await scene.store.tasks.listLane({ shard, lane: S.id }, { after: null }, 10)).map(({ eventId }) => eventId)).toEqual([
      event.id,
    ]);
    expect(ids(await scene.start())).toEqual([event.id]);
  });

  /** What the subscription will be, without changing it. */
  async function moved(scene: Scene): Promise<{ readonly endpoint: string }> {
    const decided = move()(scene.there.directory, NOW);
    return Promise.resolve(decided.ok ? { endpoint: decided.value.value.endpoint } : { endpoint: S.endpoint });
  }
});

it("a lane is not swept by a process that has not heard that its subscription was resumed", async () => {
  const scene = await new Scene().begin();
  await scene.here.change(disableSubscription(S.id));
  await scene.there.refresh();
  await scene.there.change(resumeSubscription({ app: 1, shop: 1 }, S.id));
  const event = await scene.published();
  scene.table.discovered({ ...laneOf(S), firstDue: 0, subscription: S.id }, scene.here.directory.subscription(S.id) ?? S);
  await scene.settle();
  expect(await scene.store.log.ofDelivery({ eventId: event.id, subscription: S.id })).toEqual([]);
  expect(ids(await scene.start())).toEqual([event.id]);
  expect(firstTask(event, { subscription: S.id, ...laneOf(S) }).eventId).toBe(event.id);
});
