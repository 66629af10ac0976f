import {
  asideDue,
  dayOf,
  dueTimeOf,
  keyLaneOf,
  nameInLane,
  placeOf,
  type DeliveryKey,
  type LaneRef,
  type NewEvent,
  type SettledOrder,
  type Settlement,
  type Subscription,
  type Task,
  type TaskMove,
} from "@genhook/core";
import { expect, it } from "vitest";
import { buildCommit, buildEvent, buildSettlement, eventIdAt, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

/** A lane that several subscriptions share. */
const SHARED: LaneRef = { shard: 9, lane: 8_589_934_990 };

/** Lanes that hold the deliveries of several subscriptions. */
export function describeOrdered({ open, append, version }: Fixture, S: Subscription, T: Subscription): void {
  const inLane = (lane: LaneRef): Promise<readonly Task[]> => open().tasks.listLane(lane, { after: null }, 100);

  it("keeps two deliveries of one event apart in one lane", async () => {
    const event = buildEvent([], { owes: [S, T].map((each) => ({ subscription: each.id, ...SHARED })) });
    await append(event);
    const [first, second] = await inLane(SHARED);
    if (first === undefined || second === undefined) throw new Error("two deliveries are owed");
    expect([first, second].map((task) => [task.eventId, task.subscription])).toEqual([S, T].map(({ id }) => [event.id, id]));
    expect(await open().tasks.listLane(SHARED, { after: first }, 9)).toEqual([second]);
    expect(await open().tasks.listLane(SHARED, { before: second }, 9)).toEqual([first]);
    const read = await open().tasks.readLane(SHARED, Number.MAX_SAFE_INTEGER, 1, 1_000, new Set([nameInLane(first)]));
    expect(read.tasks.map(({ task }) => task)).toEqual([second]);
    expect(await open().tasks.settle([buildSettlement(first, "delivered"), buildSettlement(first, "delivered")])).toEqual([true, false]);
    expect(await inLane(SHARED)).toEqual([second]);
    expect(await open().tasks.settle([buildSettlement(second, "pending", { next: NOW + 60_000 })])).toEqual([true]);
    expect(await inLane(SHARED)).toMatchObject([{ subscription: T.id, due: NOW + 60_000, seq: 2 }]);
  });

  const ordered = (orderKey: string, more: Partial<NewEvent> = {}, owed: readonly Subscription[] = [S]): NewEvent =>
    buildEvent([], { orderKey, owes: owed.map((each) => ({ subscription: each.id, ...SHARED })), ...more });
  const first = async (lane: LaneRef = SHARED): Promise<Task> => {
    const [task] = await inLane(lane);
    if (task === undefined) throw new Error("something is owed");
    return task;
  };
  const keyOf = (task: Task): DeliveryKey => ({ eventId: task.eventId, subscription: task.subscription });
  const lease = async (shard: number, owner = "node-1"): Promise<unknown> =>
    open().leases.renew({ node: owner, delivers: true, claim: [shard], release: [] });
  const guard = { owner: "node-1", directoryVersion: null };
  const inOrder = (settlement: Settlement, order: Partial<SettledOrder> = {}): Settlement => ({
    ...settlement,
    order: { blocks: null, unblocks: false, ...order },
  });
  const aside = (task: Task, lane: number): TaskMove => ({
    key: task,
    seq: task.seq,
    to: { shard: task.shard, lane, due: asideDue(placeOf(task.due)) },
  });

  it("orders a lane as events are appended, whatever the clocks say that made their ids", async () => {
    const events = [7, 3, 5].map((offset) => ordered("k", { acceptedAt: NOW + offset }));
    for (const event of events) await append(event);
    const together = [ordered("k", { acceptedAt: NOW + 1 }), ordered("k", { acceptedAt: NOW + 1 })];
    await append(...together);
    const tasks = await inLane(SHARED);
    expect(tasks.map((task) => task.eventId)).toEqual([...events, ...together].map((event) => event.id));
    expect(tasks.map((task) => placeOf(task.due))).toEqual(tasks.map((task) => task.due));
    expect((await open().tasks.readLane(SHARED, 0, 9, 1e9, new Set())).tasks.map(({ task }) => task)).toEqual(tasks);
  });

  it("says of ordered tasks since when they are owed, and not their place", async () => {
    await append(ordered("k", { acceptedAt: NOW + 3 }));
    await append(ordered("k", { acceptedAt: NOW + 4 }));
    expect(await open().tasks.measureLanes([SHARED], 9)).toEqual({ count: 2, oldestDue: NOW + 3 });
    expect(await open().tasks.backlog()).toEqual({ pending: 2, oldestDue: NOW + 3 });
    const [found] = await open().tasks.lanesWithWork([SHARED.shard], null, 9);
    expect(found).toEqual({ ...SHARED, firstDue: (await first()).due, subscription: S.id });
  });

  it("settles into the lane of the key, sets others aside behind it, and finds that lane first", async () => {
    await lease(SHARED.shard);
    for (let n = 0; n < 3; n += 1) await append(ordered("k", { acceptedAt: NOW + n }));
    const [head, second, third] = await inLane(SHARED);
    if (head === undefined || second === undefined || third === undefined) throw new Error("three are owed");
    const lane = keyLaneOf(SHARED.lane, "k");
    const failed = buildSettlement(head, "pending", { next: NOW + 60_000 });
    expect(await open().tasks.settle([inOrder({ ...failed, next: { ...(failed.next as Task), lane } })])).toEqual([true]);
    expect(await open().ordered.move([aside(third, lane), aside(second, lane), aside(head, lane)], guard)).toEqual([true, true, false]);
    expect(await inLane(SHARED)).toEqual([]);
    const waiting = await inLane({ shard: SHARED.shard, lane });
    expect(waiting.map((task) => task.eventId)).toEqual([head, second, third].map((task) => task.eventId));
    expect(waiting[0]).toMatchObject({ due: NOW + 60_000, seq: 2, attempts: 1 });
    expect(waiting.map((task) => placeOf(task.due))).toEqual([0, second.due, third.due]);
    await append(ordered("other", { acceptedAt: NOW + 9 }));
    const found = await open().tasks.lanesWithWork([SHARED.shard], null, 9);
    expect(found.map((each) => each.lane)).toEqual([lane, SHARED.lane]);
    expect(found[0]).toEqual({ shard: SHARED.shard, lane, firstDue: NOW + 60_000, subscription: S.id });
    expect(dueTimeOf(third)).toBe(NOW + 2);
    expect((await open().tasks.measureLanes([{ shard: SHARED.shard, lane }], 9)).count).toBe(3);
  });

  it("moves nothing for a guard that does not hold, and nothing that has changed", async () => {
    await lease(SHARED.shard);
    await append(ordered("k"));
    const task = await first();
    const move = aside(task, -5);
    expect(await open().ordered.move([move], { ...guard, directoryVersion: version() - 1 })).toBeNull();
    if (open().isShared) expect(await open().ordered.move([move], { ...guard, owner: "node-2" })).toBeNull();
    expect(await open().ordered.move([{ ...move, seq: 2 }], guard)).toEqual([false]);
    expect(await inLane(SHARED)).toEqual([task]);
    expect(await open().ordered.move([move], { ...guard, directoryVersion: version() })).toEqual([true]);
    expect(await inLane({ shard: SHARED.shard, lane: -5 })).toHaveLength(1);
  });

  it("keeps which dead letters block their keys, by subscription, and lets them go once", async () => {
    await append(ordered("k\0 \ud800", {}, [S, T]));
    const [a, b] = await inLane(SHARED);
    if (a === undefined || b === undefined) throw new Error("two are owed");
    const dead = [a, b].map((task) => inOrder(buildSettlement(task, "dead"), { blocks: "k\0 \ud800" }));
    expect(await open().tasks.settle(dead)).toEqual([true, true]);
    const block = (task: Task): unknown => ({ ...keyOf(task), orderKey: "k\0 \ud800", since: NOW + 10 });
    expect(await open().ordered.blocks(null, { after: null }, 9)).toEqual([block(a), block(b)]);
    expect(await open().ordered.blocks([T.id], { after: null }, 9)).toEqual([block(b)]);
    expect(await open().ordered.blocks(null, { after: keyOf(a) }, 9)).toEqual([block(b)]);
    expect(await open().ordered.blocks(null, { before: keyOf(b) }, 9)).toEqual([block(a)]);
    expect(await open().ordered.unblock([keyOf(a)])).toEqual([true]);
    expect(await open().ordered.unblock([keyOf(a), keyOf(b)])).toEqual([false, true]);
    expect(await open().ordered.blocks([S.id], { after: null }, 9)).toEqual([]);
  });

  it("replays what blocks its key as the key's first, what does not as if it were accepted now, and unblocks with its success", async () => {
    for (let n = 0; n < 2; n += 1) await append(ordered("k", { acceptedAt: NOW + n }));
    const [dead, delivered] = await inLane(SHARED);
    if (dead === undefined || delivered === undefined) throw new Error("two are owed");
    await open().tasks.settle([inOrder(buildSettlement(dead, "dead"), { blocks: "k" }), inOrder(buildSettlement(delivered, "delivered"))]);
    await append(ordered("k", { acceptedAt: NOW + 2 }));
    const plain = buildEvent([S]);
    await append(plain);
    const own = { shard: SHARED.shard, lane: S.id };
    const [task] = await open().tasks.listLane({ shard: plain.owes[0]?.shard ?? 0, lane: S.id }, { after: null }, 1);
    await open().tasks.settle([buildSettlement(task as Task, "dead")]);
    const requests = [keyOf(dead), keyOf(delivered), { eventId: plain.id, subscription: S.id }].map((delivery) => ({
      delivery,
      lane: own,
      orderedLane: SHARED.lane,
    }));
    const results = await open().tasks.replay(requests, NOW + 100, null);
    const lane = keyLaneOf(SHARED.lane, "k");
    const head = await first({ shard: SHARED.shard, lane });
    expect(head).toMatchObject({ ...keyOf(dead), due: NOW + 100, round: 2, attempts: 0, attemptsEver: 1 });
    expect((await inLane(SHARED)).map((each) => each.round)).toEqual([1, 2]);
    expect(await inLane(own)).toMatchObject([{ eventId: plain.id, due: NOW + 100 }]);
    const reopened = results.map((result) => (result.kind === "reopened" ? result.task : null));
    expect(reopened).toEqual([head, (await inLane(SHARED))[1], (await inLane(own))[0]]);
    expect(await open().tasks.settle([inOrder(buildSettlement(head, "delivered"), { unblocks: true })])).toEqual([true]);
    expect(await open().ordered.blocks(null, { after: null }, 9)).toEqual([]);
  });

  it("ends what it is told to, with a final row each, at this version of the directory", async () => {
    await append(ordered("k", {}, [S, T]));
    const [a, b] = await inLane(SHARED);
    if (a === undefined || b === undefined) throw new Error("two are owed");
    expect(await open().ordered.owes(T.id, [SHARED, { shard: 1, lane: 2 }])).toBe(true);
    const standing = [b, b].map((task) => ({ key: task, seq: task.seq }));
    expect(await open().ordered.end(standing, "unsubscribed", NOW + 5, version() - 1)).toBeNull();
    expect(await open().ordered.end([{ key: b, seq: 9 }], "unsubscribed", NOW + 5, version())).toBe(0);
    expect(await open().ordered.end(standing, "unsubscribed", NOW + 5, version())).toBe(1);
    expect(await inLane(SHARED)).toEqual([a]);
    expect(await open().ordered.owes(T.id, [SHARED, { shard: 1, lane: 2 }])).toBe(false);
    expect(await open().log.lastRows([keyOf(b)])).toMatchObject([
      { kind: "ended", state: "cancelled", reason: "unsubscribed", at: NOW + 5 },
    ]);
  });

  it("erases what is owed in order, wherever it stands, and what it blocks goes on", async () => {
    await lease(SHARED.shard);
    const member = { ...S, order: { lane: SHARED.lane, left: [SHARED] } };
    await open().directory.commit(buildCommit({ subscriptions: [member] }), version());
    const events = [0, 1, 2, 3].map((n) => ordered("ada", { acceptedAt: NOW + n }));
    for (const event of events) await open().events.append([event], version() + 1);
    const [dead, parked, queued, other] = await inLane(SHARED);
    if (dead === undefined || parked === undefined || queued === undefined || other === undefined) throw new Error("four are owed");
    await open().tasks.settle([inOrder(buildSettlement(dead, "dead"), { blocks: "ada" })]);
    await open().ordered.move([aside(parked, keyLaneOf(SHARED.lane, "ada"))], guard);
    expect(
      await open().erasures.erase(
        [dead, parked, queued].map((task) => task.eventId),
        NOW + 9,
      ),
    ).toEqual([S.id]);
    expect(await inLane(SHARED)).toEqual([other]);
    expect(await inLane({ shard: SHARED.shard, lane: keyLaneOf(SHARED.lane, "ada") })).toEqual([]);
    expect(await open().ordered.blocks(null, { after: null }, 9)).toEqual([]);
  });

  it("forgets with the day what its dead letters blocked", async () => {
    const event = ordered("k", { id: eventIdAt(NOW) });
    await append(event);
    await open().tasks.settle([inOrder(buildSettlement(await first(), "dead"), { blocks: "k" })]);
    let isGone = false;
    while (!isGone) isGone = await open().retention.dropStep(dayOf(event.id), 100);
    expect(await open().ordered.blocks(null, { after: null }, 9)).toEqual([]);
  });
}
