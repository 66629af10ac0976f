import { expect, test } from "vitest";
import { connectMany } from "../src/connections.ts";

test("hundreds of idle and active connections: everything is answered and arrives, and nothing is left of them", async () => {
  const report = await connectMany(600, 200);
  console.log(JSON.stringify(report));
  expect(report.statuses).toEqual({ 202: 1_000 });
  expect(report.lost).toBe(0);
  expect(report.leftDescriptors).toBeLessThanOrEqual(64);
  const [before = 0, idle = 0] = report.residentMib;
  // 100 KiB for a connection that does nothing would be very much.
  expect(idle - before).toBeLessThan(60);
});
