import { NOW } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { StoreClock } from "../../src/engine/store-clock.ts";
import { instantOf } from "../../src/engine/trust.ts";

const HOUR = 3_600_000;

/** A machine whose clock is an hour ahead of the store's, and what it learns. */
class Scene {
  store = NOW;
  wall = NOW + HOUR;
  monotonic = 5_000;
  readonly clock: StoreClock = new StoreClock({ now: () => this.wall, monotonic: () => this.monotonic }, true);

  pass(ms: number): void {
    this.store += ms;
    this.wall += ms;
    this.monotonic += ms;
  }

  /** A renewal whose way to the store and back takes this long. */
  learn(toMs = 1, backMs = 1): void {
    const sent = instantOf(this.clock.local);
    this.pass(toMs);
    const said = this.store;
    this.pass(backMs);
    this.clock.learn(said, sent, instantOf(this.clock.local));
  }

  get offMs(): number {
    return this.clock.now() - this.store;
  }
}

describe("the store's clock", () => {
  it("is the machine's own on a store of one process, and never in doubt", () => {
    const clock = new StoreClock({ now: () => 7, monotonic: () => 3 }, false);
    clock.learn(1_000_000, { monotonic: 0, wall: 0 }, { monotonic: 2, wall: 2 });
    expect([clock.now(), clock.monotonic(), clock.doubt]).toEqual([7, 3, null]);
  });

  it("is in doubt until it was learned once, and then right to half of the way", () => {
    const scene = new Scene();
    expect(scene.clock.doubt).toMatch(/not known yet/);
    scene.learn(0, 40);
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, -20]);
    scene.pass(60_000);
    expect(scene.offMs).toBe(-20);
  });

  it("is whole milliseconds", () => {
    const scene = new Scene();
    scene.learn(0.3, 0.4);
    expect(Number.isInteger(scene.clock.now())).toBe(true);
  });

  it("follows drift, and does not follow an answer that was slow", () => {
    const scene = new Scene();
    scene.learn();
    scene.store += 800;
    scene.learn(0, 4_000);
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, -800]);
    scene.learn();
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, 0]);
  });

  it("does not notice that the machine's clock is set, but for a doubt until the next renewal", () => {
    const scene = new Scene();
    scene.learn();
    scene.wall -= HOUR;
    expect(scene.offMs).toBe(0);
    expect(scene.clock.doubt).toMatch(/was set, or stood still, by 3600 s/);
    scene.learn();
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, 0]);
  });

  it("is in doubt after the machine slept, until two readings agree", () => {
    const scene = new Scene();
    scene.learn();
    // The monotonic clock stands still meanwhile.
    scene.store += HOUR;
    scene.wall += HOUR;
    expect(scene.clock.doubt).toMatch(/stood still, by 3600 s/);
    scene.learn();
    expect(scene.offMs).toBe(0);
    expect(scene.clock.doubt).toMatch(/moved apart by 3600 s/);
    scene.pass(2_500);
    scene.learn();
    expect(scene.clock.doubt).toBeNull();
  });

  it("is in doubt for as long as the store's clock jumps", () => {
    const scene = new Scene();
    scene.learn();
    for (let jump = 0; jump < 3; jump += 1) {
      scene.store += 6_000;
      scene.learn();
      expect(scene.clock.doubt).toMatch(/moved apart by 6 s/);
    }
    scene.learn();
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, 0]);
  });

  it("does not take a slow answer for a jump", () => {
    const scene = new Scene();
    scene.learn();
    scene.learn(8_000, 0);
    scene.learn(0, 8_000);
    expect([scene.clock.doubt, scene.offMs]).toEqual([null, 0]);
  });
});
