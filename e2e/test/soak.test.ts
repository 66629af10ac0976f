import { expect, test } from "vitest";
import { growthOf, soak, trendOf } from "../src/soak.ts";
import { kindAt } from "../src/soak-endpoints.ts";

test("half a minute at 70 % of what the server takes, while days pass: memory and files do not grow", async () => {
  const report = await soak({ minutes: 0.5, share: 0.7, calibrateMs: 4_000, days: 10 });
  console.log(`soak: ${JSON.stringify(report)}`);
  expect(report.lost).toBe(0);
  expect(report.days).toBeGreaterThan(3);
  expect(report.accepted).toBeGreaterThan(100);
  // Half a minute shows coarse leaks alone: garbage is not collected by the second. The long run's bounds are tighter.
  expect(growthOf(report.residentMib)).toBeLessThan(0.4);
  // Of a file of a few MiB a tenth is nothing: some hundred were written meanwhile, and would be there if days were not let go.
  expect(report.fileMib.to - report.fileMib.from, JSON.stringify(report.fileMib)).toBeLessThan(16);
});

test("what grows is seen to grow, whatever goes up and down meanwhile", () => {
  const points = (perStep: number): [number, number][] => Array.from({ length: 200 }, (_, n) => [n, 100 + n * perStep + (n % 10)]);
  expect(Math.abs(growthOf(trendOf(points(0))))).toBeLessThan(0.02);
  expect(growthOf(trendOf(points(0.1)))).toBeGreaterThan(0.15);
});

test("of a thousand events nearly all are for the healthy endpoint, some for a slow and a flapping one, few for a dead one", () => {
  const counts: Record<string, number> = {};
  for (let n = 0; n < 1_000; n += 1) counts[kindAt(n).name] = (counts[kindAt(n).name] ?? 0) + 1;
  expect(Object.keys(counts).toSorted()).toEqual(["dead", "flapping", "healthy", "slow"]);
  expect(counts["healthy"]).toBeGreaterThan(880);
  expect(counts["dead"]).toBeGreaterThan(7);
});
