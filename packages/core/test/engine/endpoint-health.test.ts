import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Failing } from "../../src/domain/endpoint-state.ts";
import { failedAgain, judgeEndpoint, suspendsAt, SUSPEND_AFTER_MS, type Verdict } from "../../src/engine/endpoint-health.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T = 1_735_603_199_000;

function failing(more: Partial<Failing> & { readonly forMs: number }): Failing {
  const { forMs, ...rest } = more;
  return { since: T - forMs, attempts: 500, lastAt: T, warnedPercent: 0, warnedAt: null, ...rest };
}

const warn = (percent: 25 | 50 | 75): Verdict => ({ kind: "warn", percent });

describe("judging an endpoint", () => {
  const table: readonly (readonly [what: string, failing: Failing | null, verdict: Verdict])[] = [
    ["one that answers", null, { kind: "nothing" }],
    ["failing for a day", failing({ forMs: DAY }), { kind: "nothing" }],
    ["just before a quarter of the time", failing({ forMs: 30 * HOUR - 1 }), { kind: "nothing" }],
    ["a quarter of the time", failing({ forMs: 30 * HOUR }), warn(25)],
    ["a quarter, warned before", failing({ forMs: 31 * HOUR, warnedPercent: 25, warnedAt: T - HOUR }), { kind: "nothing" }],
    ["half", failing({ forMs: 60 * HOUR, warnedPercent: 25, warnedAt: T - 30 * HOUR }), warn(50)],
    ["half, and nothing was sent at a quarter", failing({ forMs: 60 * HOUR }), warn(50)],
    ["three quarters", failing({ forMs: 90 * HOUR, warnedPercent: 50, warnedAt: T - 30 * HOUR }), warn(75)],
    ["just before the end", failing({ forMs: 5 * DAY - 1, warnedPercent: 75, warnedAt: T - 30 * HOUR }), { kind: "nothing" }],
    ["the end", failing({ forMs: 5 * DAY, warnedPercent: 75, warnedAt: T - 30 * HOUR }), { kind: "suspend" }],
    ["the end, warned at a quarter alone", failing({ forMs: 6 * DAY, warnedPercent: 25, warnedAt: T - 4 * DAY }), { kind: "suspend" }],
    ["past the end and never warned: warned first", failing({ forMs: 9 * DAY }), warn(75)],
    ["past the end, warned an hour ago", failing({ forMs: 9 * DAY, warnedPercent: 75, warnedAt: T - HOUR }), { kind: "nothing" }],
    ["past the end, warned a day ago", failing({ forMs: 9 * DAY, warnedPercent: 75, warnedAt: T - DAY }), { kind: "suspend" }],
    ["seven attempts are too few", failing({ forMs: 9 * DAY, attempts: 7, warnedPercent: 75, warnedAt: T - 3 * DAY }), { kind: "nothing" }],
    ["eight attempts", failing({ forMs: 9 * DAY, attempts: 8, warnedPercent: 75, warnedAt: T - 3 * DAY }), { kind: "suspend" }],
    [
      "attempts of one bad day",
      failing({ forMs: 9 * DAY, lastAt: T - 8 * DAY - 1, warnedPercent: 75, warnedAt: T - DAY }),
      { kind: "nothing" },
    ],
  ];
  it.each(table)("%s", (_, state, verdict) => {
    expect(judgeEndpoint(state, T)).toEqual(verdict);
  });

  it("property: an endpoint that goes on failing is warned in growing steps and then suspended, once a day's notice has passed", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 20 * HOUR }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, (waits) => {
        let state: Failing | null = null as Failing | null;
        let now = T;
        const warned: number[] = [];
        for (const wait of waits) {
          now += wait;
          state = failedAgain(state, now);
          const announced = suspendsAt(state);
          const verdict: Verdict = judgeEndpoint(state, now);
          if (verdict.kind === "warn") {
            warned.push(verdict.percent);
            state = { ...state, warnedPercent: verdict.percent, warnedAt: now };
          }
          if (verdict.kind !== "suspend") continue;
          expect(now - state.since).toBeGreaterThanOrEqual(SUSPEND_AFTER_MS);
          expect(state.attempts).toBeGreaterThanOrEqual(8);
          expect(now).toBeGreaterThanOrEqual(announced);
          expect(now - (state.warnedAt ?? now)).toBeGreaterThanOrEqual(DAY);
          break;
        }
        expect(warned).toEqual([...new Set(warned)].toSorted((a, b) => a - b));
      }),
    );
  });
});
