import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatePace } from "../../src/engine/late-pace.ts";

const TICK_MS = 10;

/** A process in which every start costs so much, and others start at a steady rate; something late always waits. */
function run(pace: LatePace, costMs: number, othersPerSecond: number, ms: number): { readonly started: number; readonly behindMs: number } {
  let [now, owedMs, othersDue, started, behindMs, ticks] = [0, 0, 0, 0, 0, 0];
  pace.begin(now);
  while (now < ms) {
    // The timer is due after a tick, and fires once what was begun before is done.
    const elapsedMs = Math.max(TICK_MS, owedMs);
    now += elapsedMs;
    owedMs = Math.max(0, owedMs - elapsedMs);
    behindMs += elapsedMs - TICK_MS;
    ticks += 1;
    pace.tick(now);
    othersDue += (othersPerSecond * elapsedMs) / 1_000;
    for (; othersDue >= 1; othersDue -= 1) {
      pace.started(false);
      owedMs += costMs;
    }
    for (; pace.hasRoom; started += 1) {
      pace.started(true);
      owedMs += costMs;
    }
  }
  return { started, behindMs: behindMs / ticks };
}

describe("the pace for catching up", () => {
  it("takes what the others leave, and lets them wait for a few milliseconds at most", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.5, noNaN: true }), fc.double({ min: 0, max: 0.6, noNaN: true }), (costMs, othersLoad) => {
        const pace = new LatePace();
        run(pace, costMs, (othersLoad * 1_000) / costMs, 5_000);
        const { started, behindMs } = run(pace, costMs, (othersLoad * 1_000) / costMs, 5_000);
        const left = ((1 - othersLoad) * 5_000) / costMs;
        expect(started / left).toBeGreaterThan(0.7);
        expect(behindMs).toBeLessThan(5);
      }),
    );
  });

  it("grows to whatever comes where nothing makes it late", () => {
    const pace = new LatePace();
    run(pace, 0, 1_000, 5_000);
    expect(pace.perSecond).toBe(20_000);
  });

  it("falls to a hundred a second where the process cannot keep up at all, and to a quarter of what the others start where that is more", () => {
    const alone = new LatePace();
    run(alone, 50, 0, 60_000);
    expect(alone.perSecond).toBe(100);
    const beside = new LatePace();
    run(beside, 1, 2_000, 60_000);
    // Of the thousand a second that it can do at all, with twice as many asked for by the others.
    expect(beside.perSecond).toBeGreaterThanOrEqual(150);
    expect(beside.perSecond).toBeLessThan(600);
  });

  it("does not make up for what a late tick has missed", () => {
    const pace = new LatePace();
    pace.begin(0);
    pace.tick(2_000);
    let started = 0;
    for (; pace.hasRoom; started += 1) pace.started(true);
    expect(started).toBeLessThanOrEqual(6);
  });

  it("begins anew when it was not asked for a second, and not before", () => {
    const pace = new LatePace();
    run(pace, 0, 0, 3_000);
    expect(pace.perSecond).toBeGreaterThan(500);
    const learned = pace.perSecond;
    pace.begin(3_900);
    expect(pace.perSecond).toBe(learned);
    pace.begin(5_000);
    expect(pace.perSecond).toBe(500);
  });
});
