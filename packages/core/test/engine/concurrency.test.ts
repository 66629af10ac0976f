import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimit } from "../../src/engine/concurrency.ts";

describe("ConcurrencyLimit", () => {
  it("starts at ten and grows by one per window of successes", () => {
    const limit = new ConcurrencyLimit(100);
    expect(limit.limit).toBe(10);
    for (let index = 0; index < 10; index += 1) limit.record("success", 9);
    expect(limit.limit).toBe(11);
    for (let index = 0; index < 11; index += 1) limit.record("success", 9);
    expect(limit.limit).toBe(12);
  });

  it("one burst of failures cuts once, the next window again, never below one", () => {
    const limit = new ConcurrencyLimit(100);
    for (let index = 0; index < 10; index += 1) limit.record("overload", 9 - index);
    expect(limit.limit).toBe(7);
    limit.record("overload", 0);
    expect(limit.limit).toBe(4);
    for (let index = 0; index < 50; index += 1) limit.record("overload", 0);
    expect(limit.limit).toBe(1);
  });

  it("never leaves its bounds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 500 }), (max, outcomes) => {
        const limit = new ConcurrencyLimit(max);
        for (const [isSuccess, inFlight] of outcomes) {
          limit.record(isSuccess ? "success" : "overload", inFlight);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
