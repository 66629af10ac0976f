import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../../src/engine/fair-queue.ts";

interface TestLane {
  readonly shop: number;
  readonly name: string;
  isQueued: boolean;
  debt: number;
}

const lane = (shop: number, name: string): TestLane => ({ shop, name, isQueued: false, debt: 0 });

function serve(queue: FairQueue<TestLane>, turns: number, serviceMs: (lane: TestLane) => number): Map<string, number> {
  const served = new Map<string, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    const next = queue.next();
    if (next === null) break;
    served.set(next.name, (served.get(next.name) ?? 0) + 1);
    queue.charge(next, serviceMs(next));
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

  it("a lane whose endpoint is slow pays within its shop: neither its neighbours there nor other shops do", () => {
    const queue = new FairQueue<TestLane>();
    for (const [shop, name] of [
      [1, "slow"],
      [1, "slow too"],
      [1, "fast"],
      [2, "other"],
    ] as const)
      queue.add(lane(shop, name));
    const served = serve(queue, 50_000, (each) => (each.name.startsWith("slow") ? 400 : 10));
    const of = (name: string): number => served.get(name) ?? 0;
    expect(of("slow too") - of("slow")).toBeLessThanOrEqual(1);
    // A third of the shop's time each.
    expect(of("fast") / of("slow")).toBeGreaterThan(35);
    expect(of("fast") / of("slow")).toBeLessThan(45);
    expect(of("other") / of("fast")).toBeGreaterThan(2.7);
    expect(of("other") / of("fast")).toBeLessThan(3.3);
  });

  it("where all lanes of a shop owe, nobody waits for it to be paid", () => {
    const queue = new FairQueue<TestLane>();
    for (let index = 0; index < 1_000; index += 1) queue.add(lane(1, `slow ${index}`));
    const served = serve(queue, 10_000, () => 60_000);
    expect(new Set(served.values())).toEqual(new Set([10]));
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
          queue.charge(next, 500);
          seen.push(next.name);
        }
        expect(seen.toSorted()).toEqual([...lanes.keys()].toSorted());
      }),
    );
  });
});
