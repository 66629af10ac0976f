import { afterStep, cancelReplay, pauseReplay, resumeReplay, type ReplayJob, type ReplayState, type ReplayStep } from "@genhook/core";
import { NOW } from "@genhook/testkit";
import { describe, expect, it } from "vitest";

const AT = { phase: "final", eventId: "0193f0a0-b1c2-7000-8000-000000000001", subscription: 7 } as const;
const FILTER = {
  state: "dead",
  shop: null,
  app: null,
  subscription: null,
  endpoint: null,
  eventId: null,
  topic: null,
  from: null,
  to: NOW,
} as const;

function job(more: Partial<ReplayJob> = {}): ReplayJob {
  return {
    id: "0193f0a0-b1c2-7000-8000-0000000000ab",
    state: "running",
    isDryRun: false,
    filter: FILTER,
    ratePerSecond: 50,
    madeBy: "key 1",
    createdAt: NOW,
    updatedAt: NOW,
    matched: 0,
    isCounted: false,
    done: 0,
    reopened: 0,
    position: null,
    revision: 3,
    ...more,
  };
}

const step = (more: Partial<ReplayStep>): ReplayStep => ({ position: AT, counted: 0, done: 0, reopened: 0, ...more });

describe("a step", () => {
  const cases: readonly [name: string, before: Partial<ReplayJob>, step: ReplayStep, after: Partial<ReplayJob>][] = [
    [
      "counts, and goes on where the page ended",
      { matched: 5 },
      step({ counted: 3 }),
      { matched: 8, isCounted: false, position: AT, state: "running" },
    ],
    [
      "has counted everything: goes through it from the beginning",
      { matched: 5 },
      step({ counted: 1, position: null }),
      { matched: 6, isCounted: true, position: null, state: "running" },
    ],
    [
      "goes through one more than was counted: so many fit",
      { matched: 8, isCounted: true, done: 8, reopened: 8 },
      step({ done: 1, reopened: 1, position: null }),
      { matched: 9, done: 9, reopened: 9, state: "done" },
    ],
    [
      "has counted everything: a dry run is done",
      { isDryRun: true },
      step({ counted: 1, position: null }),
      { matched: 1, isCounted: true, state: "done" },
    ],
    [
      "goes through some",
      { isCounted: true, matched: 9, done: 2, reopened: 1 },
      step({ done: 4, reopened: 3 }),
      { matched: 9, done: 6, reopened: 4, position: AT, state: "running" },
    ],
    ["goes through the last", { isCounted: true, matched: 9 }, step({ done: 9, position: null }), { done: 9, state: "done" }],
    [
      "came while it was paused: its progress is kept",
      { isCounted: true, state: "paused" },
      step({ done: 4 }),
      { done: 4, position: AT, state: "paused" },
    ],
    [
      "was the last and came while it was paused: nothing is left to resume",
      { isCounted: true, state: "paused" },
      step({ done: 4, position: null }),
      { state: "done" },
    ],
    [
      "came while it was cancelled: what was sent is told",
      { isCounted: true, state: "cancelled" },
      step({ done: 4, position: null }),
      { done: 4, state: "cancelled" },
    ],
  ];
  it.each(cases)("%s", (_, before, made, after) => {
    expect(afterStep(job(before), made, NOW + 5)).toMatchObject({ ...after, updatedAt: NOW + 5, revision: 3 });
  });
});

describe("what is asked of a replay", () => {
  const steps = { pause: pauseReplay, resume: resumeReplay, cancel: cancelReplay };
  const table: Readonly<Record<ReplayState, Readonly<Record<keyof typeof steps, ReplayState | "refused">>>> = {
    running: { pause: "paused", resume: "running", cancel: "cancelled" },
    paused: { pause: "paused", resume: "running", cancel: "cancelled" },
    done: { pause: "refused", resume: "refused", cancel: "refused" },
    cancelled: { pause: "refused", resume: "refused", cancel: "cancelled" },
  };
  for (const [state, row] of Object.entries(table) as [ReplayState, (typeof table)[ReplayState]][]) {
    for (const [name, expected] of Object.entries(row) as [keyof typeof steps, ReplayState | "refused"][]) {
      it(`${name} while ${state}: ${expected}`, () => {
        const result = steps[name](job({ state }), NOW + 1);
        expect(result.ok ? result.value.state : "refused").toBe(expected);
        if (!result.ok) expect(result.refusal).toMatchObject({ code: "replay_ended" });
      });
    }
  }
});
