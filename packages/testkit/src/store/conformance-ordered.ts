import { nameInLane, type LaneRef, type Task } from "@genhook/core";
import { expect, it } from "vitest";
import { buildEvent, buildSettlement, buildSubscription, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });
/** A lane that several subscriptions share. */
const SHARED: LaneRef = { shard: 9, lane: 8_589_934_990 };

/** Lanes that hold the deliveries of several subscriptions. */
export function describeOrdered({ open, append }: Fixture): void {
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
}
