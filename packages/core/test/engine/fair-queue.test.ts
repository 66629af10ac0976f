import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../../src/engine/fair-queue.ts";

interface TestLane {
  readonly shop: number;
  readonly name: string;
  isQueued: boolean;
}

const lane = (shop: number, name: string): TestLane => ({ shop, name, isQueued: false });

function serve(queue: FairQueue<TestLane>, turns: number, serviceMs: (lane: TestLane) => number): Map<string, number> {
  const served = new Map<string, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    const next = queue.next();
    if (next === null) break;
    served.set(next.name, (served.get(next.name) ?? 0) + 1);
    queue.charge(next.shop, serviceMs(next));
    queue.add(next);
  }
  return served;
}

describe("FairQueue", () => {
  it("a shop with a hundred lanes gets no more than a shop with one", () => {
    const queue = new FairQueue<TestLane>();
    for (let index = 0; index < 100; index += 1) queue.add(lane(1, `many ${index}`));
    queue.add(lane(2, "single"));
    const served = serve(queue, 2_000, () => 10);
    expect(served.get("single")).toBeGreaterThanOrEqual(980);
    expect(served.get("single")).toBeLessThanOrEqual(1_020);
  });

  it("lanes of one shop take turns", () => {
    const queue = new FairQueue<TestLane>();
    for (const name of ["a", "b", "c"]) queue.add(lane(1, name));
    expect([...serve(queue, 300, () => 10).values()]).toEqual([100, 100, 100]);
  });

  it("a shop whose endpoints are slow pays for the slots that it holds", () => {
    const queue = new FairQueue<TestLane>();
    queue.add(lane(1, "slow"));
    queue.add(lane(2, "fast"));
    const served = serve(queue, 11_000, (each) => (each.name === "slow" ? 100 : 10));
    const ratio = (served.get("fast") ?? 0) / (served.get("slow") ?? 1);
    expect(ratio).toBeGreaterThan(8);
    expect(ratio).toBeLessThan(12);
  });

  it("a lane alone is served at once, however slow", () => {
    const queue = new FairQueue<TestLane>();
    queue.add(lane(1, "only"));
    expect(serve(queue, 100, () => 60_000).get("only")).toBe(100);
  });

  it("a lane stands in it once, and every queued lane is served", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(9)), { maxLength: 200 }), (adds) => {
        const queue = new FairQueue<TestLane>();
        const lanes = new Map<string, TestLane>();
        for (const [shop, number] of adds) {
          const name = `${shop}-${number}`;
          const each = lanes.get(name) ?? lane(shop, name);
          lanes.set(name, each);
          queue.add(each);
        }
        const seen: string[] = [];
        for (let next = queue.next(); next !== null; next = queue.next()) {
          queue.charge(next.shop, 500);
          seen.push(next.name);
        }
        expect(seen.toSorted()).toEqual([...lanes.keys()].toSorted());
      }),
    );
  });
});
