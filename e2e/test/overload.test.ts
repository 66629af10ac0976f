import { expect, test } from "vitest";
import { overload } from "../src/overload.ts";

test("more publishes than the disk takes: 503 with a time, bounded memory, nothing accepted is lost, and the next one is taken", async () => {
  const report = await overload(3, 400);
  console.log(JSON.stringify(report));
  expect(Object.keys(report.statuses).filter((status) => !["0", "202", "503"].includes(status))).toEqual([]);
  expect(report.statuses["202"]).toBeGreaterThan(0);
  // Otherwise it was never too much, and this proved nothing.
  expect(report.statuses["503"]).toBeGreaterThan(0);
  expect(report.retryAfter).toBe(report.statuses["503"]);
  expect(report.residentMaxMib).toBeLessThan(1_536);
  expect(report.afterwards).toBe(202);
  expect(report.lost).toBe(0);
});
