import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pace } from "../../src/engine/pace.ts";

function paceOf(perSecond: number | null, now = 0): Pace {
  const pace = new Pace();
  pace.setRate(perSecond, now);
  return pace;
}

/** Starts whenever it may, asked at these times; answers when. */
function startAt(pace: Pace, times: readonly number[]): number[] {
  const started: number[] = [];
  for (const now of times) {
    const room = pace.room(now);
    const before = started.length;
    while (pace.mayStart(now)) {
      pace.started(now);
      started.push(now);
    }
    // A place that is off by a rounding error is asked for again.
    expect(Math.abs(started.length - before - room)).toBeLessThanOrEqual(1);
  }
  return started;
}

/** Every so many ms, for so long. */
function every(stepMs: number, forMs: number): number[] {
  return Array.from({ length: Math.floor(forMs / stepMs) + 1 }, (_, index) => index * stepMs);
}

const rate = fc.oneof(fc.constantFrom(0.1, 0.5, 1, 3, 19, 20, 50, 1_000, 10_000), fc.double({ min: 0.1, max: 10_000, noNaN: true }));

describe("a rate", () => {
  it("is never exceeded in any span, whenever it is asked", () => {
    fc.assert(
      fc.property(
        rate,
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 59 }),
        (each, gaps, lostAt) => {
          const atOnce = Math.max(1, Math.floor(each / 10));
          let pace = paceOf(each);
          let now = 0;
          const starts: number[] = [];
          for (const [index, gap] of gaps.entries()) {
            now += gap;
            // Its owner is lost, and the next one knows nothing but when it came.
            if (index === lostAt) {
              pace = paceOf(each, now);
              pace.restart(now);
            }
            starts.push(...startAt(pace, [now]));
          }
          // How far a start is ahead of the rate; what it gains on the one that lags most before it started in one span.
          let lag = Number.POSITIVE_INFINITY;
          for (const [index, at] of starts.entries()) {
            const ahead = index - (at / 1_000) * each;
            lag = Math.min(lag, ahead);
            expect(ahead - lag + 1).toBeLessThanOrEqual(atOnce + each * 4e-6);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is reached, also where nobody is woken in time", () => {
    for (const each of [0.1, 1, 7, 20, 100, 1_000, 10_000]) {
      const forMs = Math.max(10_000, 10_000 / each);
      const started = startAt(paceOf(each), every(20, forMs)).length;
      expect(started / (forMs / 1_000)).toBeGreaterThan(each * 0.85);
    }
  });

  it("below 20 a second spaces attempts evenly", () => {
    expect(startAt(paceOf(2), every(100, 2_000))).toEqual([0, 500, 1_000, 1_500, 2_000]);
    expect(startAt(paceOf(0.1), every(1_000, 30_000))).toEqual([0, 10_000, 20_000, 30_000]);
  });

  it("lets a tenth of a second's worth start at once, after a rest", () => {
    const pace = paceOf(50);
    expect(startAt(pace, [0])).toHaveLength(5);
    expect(pace.room(19)).toBe(0);
    expect(pace.nextAt).toBe(20);
    expect(startAt(pace, [10_000])).toHaveLength(5);
  });

  it("that is new holds from then on, and what counts from a slower one holds up nobody", () => {
    const pace = paceOf(0.1);
    pace.started(0);
    expect(pace.nextAt).toBe(10_000);
    expect(pace.setRate(100, 1_000)).toBe(true);
    expect(pace.nextAt).toBe(1_010);
    expect(pace.setRate(100, 1_000)).toBe(false);
    expect(pace.setRate(null, 1_000)).toBe(true);
    expect([pace.nextAt, pace.room(1_000), pace.isFull(1_000)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, true]);
  });

  it("is not full again before nothing of the past counts", () => {
    const pace = paceOf(2);
    expect(pace.isFull(0)).toBe(true);
    pace.started(0);
    expect([pace.isFull(499), pace.isFull(500)]).toEqual([false, true]);
  });
});
