import { expect, test } from "vitest";
import { runOutOfDescriptors } from "../src/descriptors.ts";

test("no file descriptors left: publishing goes on, no endpoint is blamed, and it recovers without a restart", async () => {
  const { output, ...report } = await runOutOfDescriptors();
  console.log(JSON.stringify(report));
  expect(report.taken).toBeGreaterThan(50);
  expect(report.published).toBe(202);
  // Not connect_failed: that would open the breakers of endpoints that are well.
  expect(report.errors).toEqual(["internal_error"]);
  expect(report.states).toEqual(["delivered"]);
  expect(output).toContain("EMFILE");
});
