import { expect, test } from "vitest";
import { clusterCrash } from "../src/cluster-crash.ts";
import { clusterCycles } from "../src/cluster-cycles.ts";

test("three processes are killed, stopped and frozen, PostgreSQL is restarted twice: every event answered 202 arrives at every endpoint, at the ordered one in order", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await clusterCrash({ events: 1_200, seed, nodes: 3, databaseRestarts: 2 });
  console.log(`cluster crash, seed ${seed}: ${JSON.stringify({ ...report, lost: report.lost.length })}`);
  expect(report.lost).toEqual([]);
  expect(report.misnumbered).toEqual([]);
  expect(report.disordered).toEqual([]);
  expect(report.pending).toBe(0);
  expect(report.exits).toBe(0);
  expect(report.breaches).toEqual([]);
  expect(report.accepted).toBe(1_200);
  expect(report.databaseRestarts).toBe(2);
  expect(report.inFlightMax).toBeLessThanOrEqual(report.inFlightAllowed);
});

test("three processes are killed 20 times, most of them inside what they do: every event answered 202 arrives at every endpoint", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await clusterCycles(20, seed);
  console.log(`cluster cycles, seed ${seed}: ${JSON.stringify({ ...report, lost: report.lost.length })}`);
  expect(report.lost).toEqual([]);
  expect(report.misnumbered).toEqual([]);
  expect(report.notGone).toEqual([]);
  expect(report.pending).toBe(0);
  expect(report.exits).toBe(0);
  expect(report.breaches).toEqual([]);
  expect(report.inFlightMax).toBeLessThanOrEqual(report.inFlightAllowed);
  expect(report.accepted).toBeGreaterThan(20);
  const inside = Object.entries(report.kills).filter(([name, kills]) => name !== "anywhere" && kills.inside > 0);
  expect(inside.length).toBeGreaterThan(3);
});
