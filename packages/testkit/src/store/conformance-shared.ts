import {
  firstTask,
  laneOf,
  SHARDS,
  type Hint,
  type LaneRead,
  type LaneRef,
  type LeaseRequest,
  type LeaseView,
  type NewEvent,
  type Store,
  type Subscription,
  type Task,
} from "@genhook/core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeSharedSequences } from "./conformance-sequences.ts";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildIdempotency,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  NOW,
} from "./builders.ts";

export interface SharedStoreHarness {
  /** Two processes' stores on the same data, with nothing in it. */
  open(): Promise<readonly [Store, Store]>;
  /** Resolves once a lease's length has passed on the store's time. */
  passLease(): Promise<void>;
  close(): Promise<void>;
}

const S = buildSubscription(8_589_934_901, 1, 1);
/** A lane that several subscriptions share. */
const SHARED_LANE: LaneRef = { shard: 9, lane: 8_589_934_990 };
const ALL: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);
const HALF = ALL.filter((shard) => shard < SHARDS / 2);
const REST = ALL.filter((shard) => shard >= SHARDS / 2);

/** What an adapter for many processes must do beyond the store contract: leases, hints, and exactness when two act at once. */
export function describeSharedStore(name: string, harness: SharedStoreHarness): void {
  describe(`shared store contract: ${name}`, () => {
    let stores: readonly [Store, Store];
    let version = 1;
    const counts = { passed: 0, failed: 0 };

    beforeEach(async () => {
      stores = await harness.open();
      const commit = buildCommit({
        shops: [buildShop(1)],
        apps: [buildApp(1)],
        installations: [buildInstallation(1, 1)],
        subscriptions: [S],
      });
      const committed = await stores[0].directory.commit(commit, 1);
      version = committed.kind === "committed" ? committed.version : 0;
    });
    afterEach(async (context) => {
      await harness.close();
      if (context.task.result?.state === "fail") counts.failed += 1;
      else counts.passed += 1;
    });
    afterAll(() => {
      console.log(`shared store contract, ${name}: ${counts.passed} passed, ${counts.failed} failed`);
    });

    const fixture: SharedFixture = {
      a: () => stores[0],
      b: () => stores[1],
      version: () => version,
      passLease: () => harness.passLease(),
    };
    describeLeases(fixture);
    describeHints(fixture);
    describeBothAtOnce(fixture);
    describeSharedSequences(fixture);
  });
}

interface SharedFixture {
  readonly a: () => Store;
  readonly b: () => Store;
  readonly version: () => number;
  readonly passLease: () => Promise<void>;
}

function renew(store: Store, node: string, more: Partial<LeaseRequest> = {}): Promise<LeaseView> {
  return store.leases.renew({ node, delivers: true, claim: [], release: [], ...more });
}

function shardsOf(view: LeaseView, owner: string | null): number[] {
  return view.leases.filter((lease) => lease.owner === owner).map((lease) => lease.shard);
}

function describeLeases({ a, b, passLease }: SharedFixture): void {
  it("is shared, and gives nothing that was not asked for", async () => {
    expect([a().isShared, b().isShared]).toEqual([true, true]);
    const view = await renew(a(), "a");
    expect(view.leases.map((lease) => lease.shard)).toEqual(ALL);
    expect(shardsOf(view, null)).toEqual(ALL);
    expect(view.leases.some((lease) => lease.isLapsed)).toBe(false);
    expect(Number.isFinite(view.leaseMs)).toBe(true);
  });

  it("gives a free shard to who claims it, and nobody else's", async () => {
    await renew(a(), "a", { claim: HALF });
    const view = await renew(b(), "b", { claim: ALL });
    expect(view.nodes).toEqual(["a", "b"]);
    expect(shardsOf(view, "a")).toEqual(HALF);
    expect(shardsOf(view, "b")).toEqual(REST);
    expect(new Set(view.leases.map((lease) => lease.epoch))).toEqual(new Set([1]));
  });

  it("gives each shard to one of two that claim at once", async () => {
    const claimed = await Promise.all([renew(a(), "a", { claim: ALL }), renew(b(), "b", { claim: [...ALL].reverse() })]);
    const view = await renew(a(), "a");
    expect(shardsOf(view, null)).toEqual([]);
    expect(shardsOf(view, "a").length + shardsOf(view, "b").length).toBe(SHARDS);
    expect(shardsOf(claimed[0], "a")).toEqual(shardsOf(view, "a"));
    expect(shardsOf(claimed[1], "b")).toEqual(shardsOf(view, "b"));
  });

  it("hands a released shard over without a wait, and counts claims", async () => {
    await renew(a(), "a", { claim: ALL });
    const released = await renew(a(), "a", { release: [...HALF, ...HALF] });
    expect(shardsOf(released, null)).toEqual(HALF);
    expect(released.leases[0]).toEqual({ shard: 0, owner: null, epoch: 1, isLapsed: false });
    // Not its own: nothing happens to it.
    await renew(b(), "b", { release: REST });
    const view = await renew(b(), "b", { claim: HALF });
    expect(shardsOf(view, "b")).toEqual(HALF);
    expect(shardsOf(view, "a")).toEqual(REST);
    expect(view.leases[0]).toEqual({ shard: 0, owner: "b", epoch: 2, isLapsed: false });
  });

  it("frees everything of a node that leaves, at once, and forgets it", async () => {
    await renew(a(), "a", { claim: ALL });
    await a().leases.leave("a");
    const view = await renew(b(), "b", { claim: [3] });
    expect(view.nodes).toEqual(["b"]);
    expect(shardsOf(view, "b")).toEqual([3]);
    expect(view.leases.filter((lease) => lease.isLapsed)).toEqual([]);
  });

  it("lets a silent node's leases lapse, and says of them that they were not given up", async () => {
    await renew(a(), "a", { claim: HALF });
    await renew(b(), "b", { claim: [200] });
    await passLease();
    const lapsed = await renew(b(), "b");
    expect(lapsed.nodes).toEqual(["b"]);
    expect(lapsed.leases[0]).toEqual({ shard: 0, owner: null, epoch: 1, isLapsed: true });
    // Its own had expired too, and nobody had taken it.
    expect(lapsed.leases[200]).toEqual({ shard: 200, owner: "b", epoch: 1, isLapsed: false });
    const taken = await renew(b(), "b", { claim: HALF });
    expect(taken.leases[0]).toEqual({ shard: 0, owner: "b", epoch: 2, isLapsed: false });
    expect(shardsOf(await renew(a(), "a", { claim: HALF }), "a")).toEqual([]);
  });

  it("frees what had lapsed when its node leaves after all", async () => {
    await renew(a(), "a", { claim: HALF });
    await passLease();
    await a().leases.leave("a");
    expect((await renew(b(), "b")).leases[0]).toEqual({ shard: 0, owner: null, epoch: 1, isLapsed: false });
  });

  it("hears of a node that does not deliver, lists it not, and leaves it what it has until it gives it up", async () => {
    await renew(a(), "a", { claim: HALF });
    const retired = await renew(a(), "a", { delivers: false });
    expect([retired.nodes, shardsOf(retired, "a")]).toEqual([[], HALF]);
    const view = await renew(b(), "b", { claim: ALL });
    expect([view.nodes, shardsOf(view, "b")]).toEqual([["b"], REST]);
    expect(shardsOf(await renew(a(), "a", { delivers: false, release: HALF }), null)).toEqual(HALF);
  });

  it("tells the same time to everyone", async () => {
    const times = [(await renew(a(), "a")).storeNow, (await renew(b(), "b")).storeNow, (await renew(a(), "a")).storeNow];
    expect(times).toEqual([...times].sort((x, y) => x - y));
    expect(times.every(Number.isInteger)).toBe(true);
  });
}

function describeHints({ a, b }: SharedFixture): void {
  it("carries hints to the other process, and not back", async () => {
    const hints: readonly Hint[] = [
      { kind: "lanes", lanes: [laneOf(S), { shard: 7, lane: 8_589_934_999 }] },
      { kind: "directory", version: 12 },
      { kind: "leases" },
      { kind: "numbered", subscriptions: [8_589_934_999, S.id] },
    ];
    const arrived: Hint[] = [];
    await new Promise<void>((resolve) => {
      a().hints.listen(() => {
        throw new Error("a hint came back");
      });
      b().hints.listen((hint) => {
        arrived.push(hint);
        if (new Set(arrived.map(({ kind }) => kind)).size === hints.length) resolve();
      });
      for (const hint of hints) a().hints.tell(hint);
    });
    expect(arrived).toEqual(expect.arrayContaining([...hints]));
  });
}

function describeBothAtOnce({ a, b, version }: SharedFixture): void {
  const read = (store: Store): Promise<LaneRead> => store.tasks.readLane(laneOf(S), Number.MAX_SAFE_INTEGER, 100, 1e9, new Set());
  const taskOf = (event: NewEvent, subscription: Subscription): Task =>
    firstTask(event, { subscription: subscription.id, ...laneOf(subscription) });

  it("shows each what the other wrote", async () => {
    const event = buildEvent([S]);
    await a().events.append([event], version());
    expect((await read(b())).tasks.map(({ task }) => task)).toEqual([taskOf(event, S)]);
    expect(await b().directory.version()).toBe(version());
    expect((await b().directory.changesSince(0)).subscriptions).toEqual([S]);
  });

  it("refuses a publish that was matched before the other's change, and the second of two changes", async () => {
    const commit = buildCommit({ shops: [buildShop(2)] });
    const both = await Promise.all([a().directory.commit(commit, version()), b().directory.commit(commit, version())]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(["committed", "stale"]);
    expect(await a().directory.version()).toBe(version() + 1);
    expect(await b().events.append([buildEvent([S])], version())).toEqual({ kind: "stale", version: version() + 1 });
  });

  it("orders a lane by commits where a publisher waits for each, through whichever process it goes, and however far apart their clocks", async () => {
    const published: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      // The second process is three seconds behind, and knows it not.
      const acceptedAt = NOW + n - (n % 2 === 0 ? 0 : 3_000);
      const event = buildEvent([], { acceptedAt, orderKey: "k", owes: [{ subscription: S.id, ...SHARED_LANE }] });
      const outcome = await (n % 2 === 0 ? a() : b()).events.append([event], version());
      expect(outcome.kind).toBe("committed");
      published.push(event.id);
    }
    const inOrder = await b().tasks.listLane(SHARED_LANE, { after: null }, 100);
    expect(inOrder.map(({ eventId }) => eventId)).toEqual(published);
  });

  it("settles an attempt once when both settle it", async () => {
    const event = buildEvent([S]);
    await a().events.append([event], version());
    const settlement = buildSettlement(taskOf(event, S), "pending", { next: NOW + 10_000 });
    const applied = await Promise.all([a().tasks.settle([settlement]), b().tasks.settle([settlement])]);
    expect(applied.flat().filter(Boolean)).toHaveLength(1);
    expect(await a().log.ofDelivery({ eventId: event.id, subscription: S.id })).toHaveLength(1);
    expect((await read(b())).tasks).toHaveLength(1);
  });

  it("re-opens a delivery once when both replay it", async () => {
    const event = buildEvent([S]);
    await a().events.append([event], version());
    await b().tasks.settle([buildSettlement(taskOf(event, S), "delivered")]);
    const replay = (store: Store): ReturnType<Store["tasks"]["replay"]> =>
      store.tasks.replay([{ delivery: { eventId: event.id, subscription: S.id }, lane: laneOf(S) }], NOW, null);
    const kinds = await Promise.all([replay(a()), replay(b())]);
    expect(
      kinds
        .flat()
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(["pending", "reopened"]);
  });

  it("accepts an idempotency key once when both publish under it", async () => {
    const events = [a(), b()].map(() => buildEvent([S], { idempotency: buildIdempotency("k", "c") }));
    const outcomes = await Promise.all([a(), b()].map((store, index) => store.events.append(events.slice(index, index + 1), version())));
    const kinds = outcomes.flatMap((outcome) => (outcome.kind === "committed" ? outcome.results.map(({ kind }) => kind) : [outcome.kind]));
    expect(kinds.sort()).toEqual(["accepted", "duplicate"]);
    expect((await read(a())).tasks).toHaveLength(1);
  });

  it("takes no more tokens from a bucket than it has, whoever asks", async () => {
    const takes = Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? a() : b()).credentials.takeToken(1, 1, 20, 1, NOW));
    expect((await Promise.all(takes)).filter(({ taken }) => taken)).toHaveLength(20);
  });
}
