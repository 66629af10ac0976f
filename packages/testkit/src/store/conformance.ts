import {
  dayOf,
  firstTask,
  laneOf,
  SHARDS,
  type AuditQuery,
  type DeliveryKey,
  type LaneRef,
  type NewEvent,
  type Store,
  type Subscription,
  type Task,
  type TaskKey,
  type Turn,
} from "@genhook/core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildIdempotency,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  DAY_MS,
  eventIdAt,
  NOW,
  sha256,
} from "./builders.ts";
import { describeAppAccess } from "./conformance-access.ts";
import { describeHistory } from "./conformance-history.ts";
import { describeLists } from "./conformance-lists.ts";
import { describeReplay } from "./conformance-replay.ts";
import { describeEndpointStates, describeHolds } from "./conformance-endpoints.ts";
import { describeSequences } from "./conformance-sequences.ts";
import { describeErasure } from "./conformance-erasure.ts";
import { describeOrdered } from "./conformance-ordered.ts";

export interface StoreHarness {
  /** A store with nothing in it. */
  open(): Promise<Store>;
  /** Closes and opens again on the same data; absent where nothing outlives the process. */
  reopen?(): Promise<Store>;
  close(): Promise<void>;
}

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });
const SHARDS_ALL: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);
const NONE: ReadonlySet<string> = new Set();
const ALL_AUDIT: AuditQuery = {
  actor: null,
  subject: null,
  action: null,
  requestId: null,
  from: null,
  to: null,
  turn: { after: null },
  limit: 100,
};

/**
 * What every adapter must do, exactly. Run by each adapter's own test with a real database; counts are printed so that an adapter that runs
 * nothing is seen.
 */
export function describeStore(name: string, harness: StoreHarness): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    let version = 1;
    const counts = { passed: 0, failed: 0 };
    const open = (): Store => store;

    beforeEach(async () => {
      store = await harness.open();
      const committed = await store.directory.commit(
        buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S, T] }),
        1,
      );
      version = committed.kind === "committed" ? committed.version : 0;
    });
    afterEach(async (context) => {
      await harness.close();
      if (context.task.result?.state === "fail") counts.failed += 1;
      else counts.passed += 1;
    });
    afterAll(() => {
      console.log(`store contract, ${name}: ${counts.passed} passed, ${counts.failed} failed`);
    });

    const append = (...events: NewEvent[]): ReturnType<Store["events"]["append"]> => open().events.append(events, version);
    const owed = async (subscription: Subscription): Promise<readonly Task[]> =>
      (await open().tasks.readLane(laneOf(subscription), Number.MAX_SAFE_INTEGER, 1_000, Number.MAX_SAFE_INTEGER, NONE)).tasks.map(
        ({ task }) => task,
      );
    const fixture: Fixture = { open, append, owed, version: () => version };
    describeEvents(fixture);
    describeTasks(fixture);
    describeReplay(fixture);
    describeLists(fixture);
    describeSequences(fixture);
    describeDirectory(fixture);
    describeAudit(fixture);
    describeHistory(fixture, S, T);
    describeRetention(fixture);
    describeErasure(fixture);
    describeOrdered(fixture, S, T);
    describeHolds(fixture);
    describeEndpointStates(fixture);
    describeAppAccess(fixture);
    describeRest(fixture);
    if (harness.reopen !== undefined) {
      it("keeps everything over a restart", async () => {
        const event = buildEvent([S], { idempotency: buildIdempotency("k", "c"), subjects: ["ab".repeat(16)] });
        await append(event);
        await open().credentials.putIfAbsent("note", "kept");
        const numbered = { eventId: event.id, subscription: S.id };
        expect(await open().sequences.assign([numbered])).toEqual([1]);
        store = (await harness.reopen?.()) ?? store;
        expect(await owed(S)).toEqual([firstTaskOf(event, S)]);
        expect((await store.directory.changesSince(0)).subscriptions).toEqual([S, T]);
        expect(await store.credentials.putIfAbsent("note", "other")).toBe("kept");
        expect(await store.sequences.assign([{ ...numbered, eventId: eventIdAt(NOW) }, numbered])).toEqual([2, 1]);
        expect([await store.credentials.findNote("note"), await store.credentials.findNote("another")]).toEqual(["kept", null]);
        const again = buildEvent([S], { idempotency: buildIdempotency("k", "c") });
        expect(await append(again)).toEqual({ kind: "committed", results: [{ kind: "duplicate", id: event.id, deliveries: 1 }] });
      });
    }
  });
}

export interface Fixture {
  readonly open: () => Store;
  readonly append: (...events: NewEvent[]) => ReturnType<Store["events"]["append"]>;
  readonly owed: (subscription: Subscription) => Promise<readonly Task[]>;
  readonly version: () => number;
}

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function describeEvents({ open, append, owed, version }: Fixture): void {
  it("commits a group: events, tasks due at acceptance, and reads them back byte for byte", async () => {
    const payload = new Uint8Array([0x7b, 0x20, 0x0a, 0xc3, 0xa9, 0x00, 0xff, 0x7d]);
    const event = buildEvent([S, T], { payload, orderKey: "k", changed: ["a.b", "c"], traceparent: TRACEPARENT, isTest: true, app: 1 });
    const other = buildEvent([S]);
    expect(await append(event, other)).toEqual({ kind: "committed", results: [{ kind: "accepted" }, { kind: "accepted" }] });
    const { owes, subjects: _, idempotency: __, erases: ___, ...content } = event;
    const read = await open().events.read(event.id);
    const matched = { owes: owes.map((each) => each.subscription), directoryVersion: version(), isErased: false };
    expect(read).toEqual({ ...content, ...matched, payload: expect.anything() as unknown });
    expect([...(read?.payload ?? [])]).toEqual([...payload]);
    expect(await owed(S)).toEqual([firstTaskOf(event, S), firstTaskOf(other, S)]);
    expect(await owed(T)).toEqual([firstTaskOf(event, T)]);
    const { payload: ____, ...head } = { ...content, ...matched };
    expect(await open().events.heads([eventIdAt(NOW), event.id])).toEqual([null, head]);
  });

  it("knows no event that was never appended", async () => {
    expect(await open().events.read(eventIdAt(NOW))).toBeNull();
    expect(await open().events.read(eventIdAt(NOW + 400 * DAY_MS))).toBeNull();
  });

  it("writes nothing when the directory has moved on", async () => {
    const event = buildEvent([S]);
    expect(await open().events.append([event], version() - 1)).toEqual({ kind: "stale", version: version() });
    expect(await open().events.read(event.id)).toBeNull();
  });

  it("takes the same group again after an unknown outcome, and owes nothing twice", async () => {
    const event = buildEvent([S], { idempotency: buildIdempotency("k", "c") });
    await append(event);
    expect(await append(event)).toEqual({ kind: "committed", results: [{ kind: "accepted" }] });
    expect(await owed(S)).toHaveLength(1);
    expect((await open().tasks.backlog()).pending).toBe(1);
  });

  it("answers the first event for a used key, and a conflict for other content, also within one group", async () => {
    const first = buildEvent([S, T], { idempotency: buildIdempotency("k", "c") });
    const twin = buildEvent([S, T], { idempotency: buildIdempotency("k", "c") });
    const other = buildEvent([S, T], { idempotency: buildIdempotency("k", "other") });
    expect(await append(first, twin, other)).toEqual({
      kind: "committed",
      results: [{ kind: "accepted" }, { kind: "duplicate", id: first.id, deliveries: 2 }, { kind: "conflict" }],
    });
    expect(await owed(S)).toHaveLength(1);
    expect(await open().events.read(twin.id)).toBeNull();
  });

  it("scopes keys to the shop, and lets an expired key be used again", async () => {
    await append(buildEvent([S], { idempotency: buildIdempotency("k", "c", NOW + 5) }));
    const elsewhere = buildEvent([S], { shop: 2, idempotency: buildIdempotency("k", "c") });
    const later = buildEvent([S], { acceptedAt: NOW + 10, idempotency: buildIdempotency("k", "other") });
    expect(await append(elsewhere, later)).toEqual({ kind: "committed", results: [{ kind: "accepted" }, { kind: "accepted" }] });
  });

  it("keeps events over a day's end apart, and finds both", async () => {
    const [before, after] = [buildEvent([S]), buildEvent([S], { acceptedAt: NOW + 2_000 })];
    await append(before, after);
    expect(await open().retention.days()).toEqual([dayOf(before.id), dayOf(after.id)]);
    expect(await owed(S)).toHaveLength(2);
  });
}

function describeTasks({ open, append, owed, version }: Fixture): void {
  it("settles: the task goes, the row is logged, the next task is owed", async () => {
    const event = buildEvent([S]);
    await append(event);
    const settlement = buildSettlement(firstTaskOf(event, S), "pending", { next: NOW + 9_000 });
    expect(await open().tasks.settle([settlement])).toEqual([true]);
    expect(await owed(S)).toEqual([settlement.next]);
    const rows = await open().log.ofDelivery({ eventId: event.id, subscription: S.id });
    expect(rows).toEqual([{ ...settlement.row, responseBody: expect.anything() as unknown }]);
    expect([...(rows[0]?.responseBody ?? [])]).toEqual([1, 2, 255]);
  });

  it("applies a settlement once: the second matches nothing, writes nothing, schedules nothing", async () => {
    const event = buildEvent([S]);
    await append(event);
    const settlement = buildSettlement(firstTaskOf(event, S), "pending", { next: NOW + 9_000 });
    expect(await open().tasks.settle([settlement, settlement])).toEqual([true, false]);
    expect(await open().tasks.settle([settlement])).toEqual([false]);
    expect(await owed(S)).toHaveLength(1);
    expect(await open().log.ofDelivery({ eventId: event.id, subscription: S.id })).toHaveLength(1);
  });

  it("does not let an old attempt's settlement touch a newer task, even with the same due time", async () => {
    const event = buildEvent([S]);
    await append(event);
    const first = firstTaskOf(event, S);
    await open().tasks.settle([buildSettlement(first, "pending", { next: first.due })]);
    expect(await open().tasks.settle([buildSettlement(first, "delivered")])).toEqual([false]);
    expect(await owed(S)).toEqual([{ ...first, seq: 2, attempts: 1, attemptsEver: 1 }]);
  });

  it("reads a lane in due order, up to a time, a count and bytes, and skips what the caller holds", async () => {
    const events = [3, 1, 2].map((offset) => buildEvent([S], { acceptedAt: NOW + offset }));
    await append(...events);
    await open().tasks.settle(events.map((event) => buildSettlement(firstTaskOf(event, S), "pending", { next: event.acceptedAt })));
    const [c, a, b] = events.map((event) => event.id);
    const read = async (dueMax: number, limit: number, bytes: number, skip: ReadonlySet<string> = NONE): Promise<unknown> => {
      const { tasks, nextDue } = await open().tasks.readLane(laneOf(S), dueMax, limit, bytes, skip);
      return [tasks.map(({ event }) => event.id), nextDue];
    };
    expect(await read(NOW + 9, 9, 1_000)).toEqual([[a, b, c], null]);
    expect(await read(NOW + 2, 9, 1_000)).toEqual([[a, b], NOW + 3]);
    expect(await read(NOW + 9, 1, 1_000)).toEqual([[a], NOW + 2]);
    expect(await read(NOW + 9, 9, 1)).toEqual([[a], NOW + 2]);
    expect(await read(NOW + 9, 1, 1_000, new Set([a ?? "", b ?? ""]))).toEqual([[c], null]);
    expect(await read(NOW, 9, 1_000)).toEqual([[], NOW + 1]);
  });

  it("reads what was never attempted whatever the reader's clock says", async () => {
    const [early, late] = [buildEvent([S]), buildEvent([S], { acceptedAt: NOW + 7 })];
    await append(early, late);
    const { tasks, nextDue } = await open().tasks.readLane(laneOf(S), NOW, 9, 1_000, new Set([early.id]));
    expect([tasks.map(({ event }) => event.id), nextDue]).toEqual([[late.id], null]);
  });

  it("finds lanes with work in key order, page by page, in the shards asked for", async () => {
    await append(buildEvent([S, T]), buildEvent([S], { acceptedAt: NOW + 5 }));
    const all = [laneOf(S), laneOf(T)].sort((x, y) => x.shard - y.shard || x.lane - y.lane);
    const shards = all.map(({ shard }) => shard);
    const first = await open().tasks.lanesWithWork(shards, null, 1);
    const expected = all.map((lane) => ({ ...lane, firstDue: NOW, subscription: lane.lane }));
    expect(first).toEqual([expected[0]]);
    expect(await open().tasks.lanesWithWork(shards, first[0] ?? null, 9)).toEqual([expected[1]]);
    expect(await open().tasks.lanesWithWork([(shards[0] ?? 0) === 255 ? 0 : 255], null, 9)).toEqual([]);
  });

  it("cancels a lane in steps, with a final row each", async () => {
    const events = [buildEvent([S, T]), buildEvent([S]), buildEvent([S])];
    await append(...events);
    expect(await open().tasks.cancelLane(laneOf(S), "unsubscribed", NOW + 50, 2, version() - 1)).toBeNull();
    expect(await owed(S)).toHaveLength(3);
    expect(await open().tasks.cancelLane(laneOf(S), "unsubscribed", NOW + 50, 2, version())).toBe(2);
    expect(await open().tasks.cancelLane(laneOf(S), "unsubscribed", NOW + 50, 2, version())).toBe(1);
    expect(await open().tasks.cancelLane(laneOf(S), "unsubscribed", NOW + 50, 2, version())).toBe(0);
    expect(await owed(T)).toHaveLength(1);
    const [last] = await open().log.lastRows([{ eventId: events[0]?.id ?? "", subscription: S.id }]);
    expect(last).toMatchObject({ kind: "ended", state: "cancelled", reason: "unsubscribed", seq: 1, n: 0, at: NOW + 50, shop: 1, app: 1 });
  });

  it("moves a lane to another shard, and settlements find it there", async () => {
    const event = buildEvent([S]);
    await append(event);
    const lane = laneOf(S);
    const to: LaneRef = { shard: (lane.shard + 1) % 256, lane: lane.lane };
    expect(await open().tasks.relocateLane(lane, to.shard, 10, version() - 1)).toBeNull();
    expect(await open().tasks.relocateLane(lane, to.shard, 10, version())).toBe(1);
    expect(await owed(S)).toEqual([]);
    const task = { ...firstTaskOf(event, S), shard: to.shard };
    expect(await open().tasks.listLane(to, { after: null }, 10)).toEqual([task]);
    expect(await open().tasks.settle([buildSettlement(task, "delivered")])).toEqual([true]);
  });

  it("lists and counts a lane, and says how much is owed and since when", async () => {
    const events = [1, 2, 3].map((offset) => buildEvent([S], { acceptedAt: NOW + offset }));
    await append(...events);
    const [first] = await open().tasks.listLane(laneOf(S), { after: null }, 1);
    expect(first?.eventId).toBe(events[0]?.id);
    const list = async (turn: Turn<TaskKey>, limit: number): Promise<unknown> =>
      (await open().tasks.listLane(laneOf(S), turn, limit)).map((task) => task.eventId);
    const [a, b, c] = events.map((event) => event.id);
    expect(await list({ after: first ?? null }, 10)).toEqual([b, c]);
    expect(await list({ before: null }, 2)).toEqual([b, c]);
    const [, , last] = await open().tasks.listLane(laneOf(S), { after: null }, 10);
    expect(await list({ before: last ?? null }, 1)).toEqual([b]);
    expect(await list({ before: last ?? null }, 10)).toEqual([a, b]);
    expect(await list({ before: first ?? null }, 10)).toEqual([]);
    const measure = (max: number): unknown => open().tasks.measureLanes([laneOf(T), laneOf(S)], max);
    expect(await measure(9)).toEqual({ count: 3, oldestDue: NOW + 1 });
    expect(await measure(2)).toEqual({ count: 2, oldestDue: NOW + 1 });
    expect(await open().tasks.measureLanes([laneOf(T)], 9)).toEqual({ count: 0, oldestDue: null });
    expect(await open().tasks.backlog()).toEqual({ pending: 3, oldestDue: NOW + 1 });
  });

  it("lists final deliveries newest first, by state, subscription and time, and pages without gap or repeat", async () => {
    const events = [0, 1, 2, 3].map((offset) => buildEvent([S, T], { acceptedAt: NOW + offset * 700 }));
    await append(...events);
    await open().tasks.settle(
      events.flatMap((event, index) => [
        buildSettlement(firstTaskOf(event, S), index === 0 ? "pending" : "dead", index === 0 ? { next: NOW + 99_000 } : {}),
        buildSettlement(firstTaskOf(event, T), "delivered"),
      ]),
    );
    const all = { subscriptions: null, from: null, to: null, turn: { after: null }, limit: 10 };
    const dead = await open().log.listFinal({ ...all, states: ["dead"] });
    expect(dead.map((row) => row.eventId)).toEqual([events[3]?.id, events[2]?.id, events[1]?.id]);
    const own = await open().log.listFinal({ ...all, states: ["delivered", "dead", "cancelled"], subscriptions: [S.id] });
    expect(own).toHaveLength(3);
    const timed = await open().log.listFinal({ ...all, states: ["dead", "delivered"], from: NOW + 700, to: NOW + 1_400 });
    expect(timed).toHaveLength(4);
    const seen: string[] = [];
    const cursorOf = ({ eventId, subscription }: DeliveryKey): DeliveryKey => ({ eventId, subscription });
    for (let after: DeliveryKey | null = null; ;) {
      const page = await open().log.listFinal({ ...all, states: ["delivered", "dead"], turn: { after }, limit: 2 });
      seen.push(...page.map((row) => `${row.eventId} ${row.subscription}`));
      const last = page.at(-1);
      if (last === undefined) break;
      after = cursorOf(last);
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
    for (const subscriptions of [null, [S.id, T.id], [S.id, T.id, ...Array.from({ length: 200 }, (_, index) => index + 1)]]) {
      const back: string[] = [];
      for (let before: DeliveryKey | null = null; ;) {
        const page = await open().log.listFinal({ ...all, subscriptions, states: ["delivered", "dead"], turn: { before }, limit: 2 });
        back.unshift(...page.map((row) => `${row.eventId} ${row.subscription}`));
        const [first] = page;
        if (first === undefined) break;
        before = cursorOf(first);
      }
      expect(back).toEqual(seen);
    }
  });
}

function describeDirectory({ open, append, owed, version }: Fixture): void {
  it("answers everything that is current to a fresh start, and only what changed after that", async () => {
    const fresh = await open().directory.changesSince(0);
    expect(fresh).toMatchObject({ version: version(), shops: [{ id: 1 }], apps: [{ id: 1 }], installations: [{ app: 1, shop: 1 }] });
    expect(fresh.subscriptions).toEqual([S, T]);
    const paused: Subscription = { ...S, status: "paused", updatedAt: NOW + 1 };
    await open().directory.commit(buildCommit({ subscriptions: [paused] }), version());
    const changes = await open().directory.changesSince(version());
    expect([changes.version, changes.subscriptions, changes.shops]).toEqual([version() + 1, [paused], []]);
  });

  it("commits only at the expected version", async () => {
    const commit = buildCommit({ shops: [buildShop(2)] });
    expect(await open().directory.commit(commit, version() - 1)).toEqual({ kind: "stale" });
    const both = await Promise.all([open().directory.commit(commit, version()), open().directory.commit(commit, version())]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(["committed", "stale"]);
  });

  it("carries out a change with all that belongs to it: cancels, makes events, writes the audit", async () => {
    const pending = buildEvent([S]);
    await append(pending);
    const made = buildEvent([T], { topic: "app/uninstalled", app: 1 });
    const audit = { at: NOW, actor: "key 1", action: "uninstall", subject: "s", before: "{}", after: null, requestId: "r" };
    const ended: Subscription = { ...S, endedAt: NOW, endReason: "uninstalled" };
    const commit = buildCommit({
      subscriptions: [ended],
      installations: [buildInstallation(1, 1, { endedAt: NOW })],
      cancel: [{ lane: laneOf(S), reason: "uninstalled" }],
      events: [made],
      audit: [audit],
    });
    expect((await open().directory.commit(commit, version())).kind).toBe("committed");
    expect(await owed(S)).toEqual([]);
    expect((await owed(T)).map((task) => task.eventId)).toEqual([made.id]);
    const [last] = await open().log.lastRows([{ eventId: pending.id, subscription: S.id }]);
    expect(last).toMatchObject({ state: "cancelled", reason: "uninstalled" });
    expect(await open().directory.readAudit(ALL_AUDIT)).toEqual([{ ...audit, id: expect.any(Number) as number }]);
    expect((await open().directory.changesSince(0)).subscriptions).toEqual([T]);
    expect(await open().directory.findSubscription(S.id)).toEqual(ended);
  });

  it("finds the installation of a token that holds, with the version", async () => {
    const hash = sha256("1 1");
    expect(await open().directory.findToken(hash)).toMatchObject({ installation: { app: 1, shop: 1 }, version: version() });
    expect((await open().directory.findToken(sha256("unknown"))).installation).toBeNull();
    await open().directory.commit(buildCommit({ installations: [buildInstallation(1, 1, { endedAt: NOW })] }), version());
    expect(await open().directory.findToken(hash)).toEqual({ installation: null, version: version() + 1 });
  });
}

function describeAudit({ open, version }: Fixture): void {
  it("lists audit records newest first, narrowed by each filter, and pages both ways", async () => {
    const actors = ["key a", "key b", "app x"];
    const audit = [0, 1, 2, 3, 4, 5].map((index) => ({
      at: NOW + index,
      actor: actors[index % 3] ?? "",
      action: index < 3 ? "putApp" : "putShop",
      subject: index % 2 === 0 ? "app A" : `shop ${index}`,
      before: null,
      after: `{"n":${index}}`,
      requestId: `r${index}`,
    }));
    expect((await open().directory.commit(buildCommit({ shops: [buildShop(2)], audit }), version())).kind).toBe("committed");
    const list = async (more: Partial<AuditQuery>): Promise<unknown> =>
      (await open().directory.readAudit({ ...ALL_AUDIT, ...more })).map((record) => record.at - NOW);
    expect(await list({})).toEqual([5, 4, 3, 2, 1, 0]);
    expect(await list({ actor: "key " })).toEqual([4, 3, 1, 0]);
    expect(await list({ actor: "app x" })).toEqual([5, 2]);
    expect(await list({ subject: "app" })).toEqual([4, 2, 0]);
    expect(await list({ subject: "shop 3" })).toEqual([3]);
    expect(await list({ action: "putApp" })).toEqual([2, 1, 0]);
    expect(await list({ requestId: "r4" })).toEqual([4]);
    expect(await list({ from: NOW + 2, to: NOW + 3 })).toEqual([3, 2]);
    const [newest, second] = await open().directory.readAudit({ ...ALL_AUDIT, limit: 2 });
    expect(await list({ turn: { after: second?.id ?? null }, limit: 2 })).toEqual([3, 2]);
    expect(await list({ turn: { before: second?.id ?? null }, limit: 2 })).toEqual([5]);
    expect(await list({ turn: { before: newest?.id ?? null } })).toEqual([]);
    expect(await list({ turn: { before: null }, limit: 2 })).toEqual([1, 0]);
  });
}

function describeRetention({ open, append, owed }: Fixture): void {
  it("expires what is owed of a day and before, then drops the day, in steps", async () => {
    const events = [buildEvent([S, T]), buildEvent([S]), buildEvent([S], { acceptedAt: NOW + 2_000 })];
    await append(...events);
    const day = dayOf(events[0]?.id ?? "");
    await expect(open().retention.dropStep(day, 10)).rejects.toThrow(/owed/);
    expect(await open().retention.expireThrough(day, NOW + DAY_MS, 2)).toBe(2);
    expect(await open().retention.expireThrough(day, NOW + DAY_MS, 2)).toBe(1);
    expect(await open().retention.expireThrough(day, NOW + DAY_MS, 2)).toBe(0);
    const [last] = await open().log.lastRows([{ eventId: events[0]?.id ?? "", subscription: S.id }]);
    expect(last).toMatchObject({ kind: "ended", state: "dead", reason: "expired" });
    for (let step = 0; !(await open().retention.dropStep(day, 1)); step += 1) expect(step).toBeLessThan(20);
    expect(await open().events.read(events[0]?.id ?? "")).toBeNull();
    expect(await open().log.ofDelivery({ eventId: events[0]?.id ?? "", subscription: S.id })).toEqual([]);
    expect(await open().retention.days()).toEqual([day + 1]);
    expect((await owed(S)).map((task) => task.eventId)).toEqual([events[2]?.id]);
    expect(await open().retention.dropStep(day, 1)).toBe(true);
  });

  it("forgets idempotency keys that have expired", async () => {
    await append(
      buildEvent([S], { idempotency: buildIdempotency("a", "c", NOW + 5) }),
      buildEvent([S], { idempotency: buildIdempotency("b", "c", NOW + 50) }),
    );
    expect(await open().retention.forgetKeys(NOW + 10, 10)).toBe(1);
    expect(await open().retention.forgetKeys(NOW + 10, 10)).toBe(0);
  });
}

function describeRest({ open, append, version }: Fixture): void {
  it("counts what was published, delivered, failed, dead and cancelled, with latencies, within the same transactions", async () => {
    const [a, b, c] = [buildEvent([S]), buildEvent([S]), buildEvent([T])];
    await append(a, b, c);
    await open().tasks.settle([buildSettlement(firstTaskOf(a, S), "delivered"), buildSettlement(firstTaskOf(b, S), "dead")]);
    await open().tasks.cancelLane(laneOf(T), "unsubscribed", NOW + 20, 9, version());
    const hour = NOW - (NOW % 3_600_000);
    const query = { from: hour, to: hour + 7_200_000, stepMs: 3_600_000, shop: null, app: null, topic: null };
    const read = async (more: object): Promise<unknown> =>
      (await open().statistics.read({ ...query, ...more })).map(({ published, delivered, failed, dead, cancelled, latency }) => [
        published,
        delivered,
        failed,
        dead,
        cancelled,
        latency.reduce((sum, count) => sum + count, 0),
      ]);
    const readAll = async (): Promise<void> => {
      const [whole, ended] = [[[3, 1, 1, 1, 1, 1]], [[0, 1, 1, 1, 1, 1]]];
      expect(await read({})).toEqual(whole);
      expect(await read({ app: 1 })).toEqual(ended);
      expect(await read({ shop: 1 })).toEqual(whole);
      expect(await read({ shop: 1, app: 1 })).toEqual(ended);
      expect(await read({ shop: 2 })).toEqual([]);
      expect(await read({ app: 2 })).toEqual([]);
      expect(await read({ topic: "orders/create" })).toEqual(whole);
      expect(await read({ app: 1, topic: "orders/create" })).toEqual(ended);
      expect(await read({ topic: "orders/paid" })).toEqual([]);
    };
    await readAll();
    for (let step = 0; !(await open().statistics.sumStep(NOW + DAY_MS, 1)); step += 1) {
      expect(step).toBeLessThan(30);
      await readAll();
    }
    await readAll();
  });

  it("counts nothing of a test event", async () => {
    const [sent, held] = [buildEvent([S], { isTest: true }), buildEvent([T], { isTest: true })];
    await append(sent, held);
    await open().tasks.settle([{ ...buildSettlement(firstTaskOf(sent, S), "delivered"), topic: null }]);
    expect(await open().tasks.cancelLane(laneOf(T), "unsubscribed", NOW + 20, 9, version())).toBe(1);
    const query = { from: NOW - DAY_MS, to: NOW + DAY_MS, stepMs: DAY_MS, shop: null, app: null, topic: null };
    expect(await open().statistics.read(query)).toEqual([]);
  });

  it("keeps platform keys by hash, revoked ones too", async () => {
    const key = { id: "k1", name: "ci", role: "publish" as const, hash: sha256("key"), createdAt: NOW, revokedAt: null };
    await open().credentials.putKey(key, null);
    expect(await open().credentials.findKey(sha256("key"))).toEqual({ key, version: version() });
    expect(await open().credentials.findKey(sha256("other"))).toEqual({ key: null, version: version() });
    const audit = { at: NOW, actor: "key k1", action: "revokeKey", subject: "key k1", before: null, after: null, requestId: null };
    await open().credentials.putKey({ ...key, revokedAt: NOW + 1 }, audit);
    expect(await open().directory.readAudit(ALL_AUDIT)).toEqual([{ ...audit, id: expect.any(Number) as number }]);
    await open().directory.record({ ...audit, action: "more" });
    expect((await open().directory.readAudit(ALL_AUDIT)).map((record) => record.action)).toEqual(["more", "revokeKey"]);
    expect(await open().credentials.listKeys()).toEqual([{ ...key, revokedAt: NOW + 1 }]);
  });

  it("takes tokens of a bucket, exactly, and says how long to wait", async () => {
    const take = (at: number): ReturnType<Store["credentials"]["takeToken"]> => open().credentials.takeToken(1, 1, 2, 1, at);
    expect(await take(NOW)).toEqual({ taken: true, used: 1, waitMs: 0 });
    expect(await take(NOW)).toEqual({ taken: true, used: 2, waitMs: 0 });
    expect(await take(NOW)).toEqual({ taken: false, used: 2, waitMs: 1_000 });
    expect(await take(NOW + 1_000)).toMatchObject({ taken: true });
    expect(await open().credentials.takeToken(1, 2, 2, 1, NOW)).toMatchObject({ taken: true, used: 1 });
  });

  it("keeps a note, and replaces it only as it was", async () => {
    const { credentials } = open();
    expect(await credentials.putIfAbsent("a", "1")).toBe("1");
    expect(await credentials.replaceNote("a", "0", "2")).toBe(false);
    expect(await credentials.putIfAbsent("a", "3")).toBe("1");
    expect(await credentials.replaceNote("a", "1", "2")).toBe(true);
    expect(await credentials.replaceNote("a", "1", "4")).toBe(false);
    expect(await credentials.putIfAbsent("a", "3")).toBe("2");
    expect(await credentials.replaceNote("b", "1", "2")).toBe(false);
  });

  it("grants leases", async () => {
    const request = { node: "node-1", delivers: true, claim: SHARDS_ALL, release: [] };
    const { nodes, leases } = await open().leases.renew(request);
    expect(nodes).toEqual(["node-1"]);
    expect(leases.map((lease) => lease.shard)).toEqual(SHARDS_ALL);
    expect(new Set(leases.map((lease) => lease.owner))).toEqual(new Set(["node-1"]));
    await open().leases.leave("node-1");
  });
}

function firstTaskOf(event: NewEvent, subscription: Subscription): Task {
  return firstTask(event, { subscription: subscription.id, ...laneOf(subscription) });
}
