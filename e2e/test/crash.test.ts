import { expect, test } from "vitest";
import { crash } from "../src/crash.ts";

test("20 kills with SIGKILL under load, most of them inside what a server does: every event answered 202 arrives at every endpoint, at the ordered one in order", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await crash(20, seed);
  console.log(
    `crash, seed ${seed}: ${report.accepted} accepted, ${report.cutOff} cut off by a kill, ${report.repeated} repeated, ${report.orderedMeanwhile} ordered requests between kills, ${report.lost.length} lost, ${report.checks} checks of the file, kills ${JSON.stringify(report.kills)}`,
  );
  expect(report.lost).toEqual([]);
  expect(report.misnumbered).toEqual([]);
  expect(report.disordered).toEqual([]);
  expect(report.notGone).toEqual([]);
  expect(report.pending).toBe(0);
  expect(report.breaches).toEqual([]);
  expect(report.checks).toBeGreaterThan(2);
  expect(report.accepted).toBeGreaterThan(100);
  // Otherwise the kills would have met an idle server and proven nothing.
  expect(report.cutOff).toBeGreaterThan(0);
  expect(report.orderedMeanwhile).toBeGreaterThan(50);
  const inside = Object.entries(report.kills).filter(([name, kills]) => name !== "anywhere" && kills.inside > 0);
  expect(inside.length).toBeGreaterThan(4);
});
