import { describe, expect, it } from "vitest";
import { LatePace } from "../../src/engine/late-pace.ts";
import { SlotShares } from "../../src/engine/slot-shares.ts";

const lane = (shop: number, name: string): { readonly shop: number; readonly name: string; isQueued: boolean; debt: number } => ({
  shop,
  name,
  isQueued: false,
  debt: 0,
});

describe("SlotShares", () => {
  it("gives slow endpoints and retries a quarter each, unknown ones half, and the rest whatever is free", () => {
    const shares = new SlotShares(40, new LatePace());
    for (const [share, max] of [
      ["slow", 10],
      ["retry", 10],
      ["unknown", 20],
    ] as const) {
      for (let n = 0; n < max; n += 1) {
        expect(shares.hasRoom(share)).toBe(true);
        shares.started(share);
      }
      expect(shares.hasRoom(share)).toBe(false);
    }
    for (let n = 0; n < 100; n += 1) shares.started("ordinary");
    shares.ended("ordinary");
    expect(shares.takeWithRoom()).toBeNull();
  });

  it("has room for one of each, however few slots there are", () => {
    const shares = new SlotShares(1, new LatePace());
    expect([shares.hasRoom("slow"), shares.hasRoom("retry"), shares.hasRoom("unknown")]).toEqual([true, true, true]);
  });

  it("lets shops take turns where their lanes wait, and each lane stands in one place", () => {
    const shares = new SlotShares<ReturnType<typeof lane>>(4, new LatePace());
    shares.started("slow");
    const many = Array.from({ length: 5 }, (_, n) => lane(1, `many ${n}`));
    for (const each of many) shares.setAside(each, "slow");
    const one = lane(2, "one");
    shares.setAside(one, "slow");
    expect([...many, one].every(({ isQueued }) => isQueued)).toBe(true);
    expect(shares.takeWithRoom()).toBeNull();
    shares.ended("slow");
    const first = shares.takeWithRoom();
    shares.started("slow");
    shares.ended("slow");
    const second = shares.takeWithRoom();
    expect([first?.name, second?.name]).toEqual(["many 0", "one"]);
    expect([first?.isQueued, second?.isQueued]).toEqual([false, false]);
  });

  it("an attempt that ends while its share is still over-full lets nobody in", () => {
    const shares = new SlotShares<ReturnType<typeof lane>>(4, new LatePace());
    shares.started("retry");
    shares.started("retry");
    shares.setAside(lane(1, "waits"), "retry");
    shares.ended("retry");
    expect(shares.takeWithRoom()).toBeNull();
    shares.ended("retry");
    expect(shares.takeWithRoom()?.name).toBe("waits");
  });

  it("lets what is late start at its pace, and takes nothing of that for the others", () => {
    const pace = new LatePace();
    const shares = new SlotShares<ReturnType<typeof lane>>(40, pace);
    for (let n = 0; n < 30; n += 1) shares.started("ordinary");
    let started = 0;
    for (; shares.hasRoom("late"); started += 1) shares.started("late");
    expect(started).toBe(5);
    shares.setAside(lane(1, "late"), "late");
    expect([shares.isWanted("late"), shares.takeWithRoom()]).toEqual([true, null]);
    pace.begin(0);
    pace.tick(10);
    expect(shares.takeWithRoom()?.name).toBe("late");
  });

  it("a retry may have a slot that nobody else asks for", () => {
    const shares = new SlotShares<ReturnType<typeof lane>>(4, new LatePace());
    expect(shares.takeRetry()).toBeNull();
    shares.setAside(lane(1, "waits"), "retry");
    expect(shares.takeRetry()?.name).toBe("waits");
  });
});
