// Everything that proves the checkout: static checks, then every test. Ends with one line of counts from the test runner's own report.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "genhook-test-"));
const reportPath = join(folder, "report.json");
const check = spawnSync(process.execPath, ["scripts/check.mjs"], { stdio: "inherit" });
// Once, so that no server that a test starts has to.
const built = spawnSync(process.execPath, ["packages/dashboard/build/build-portal.ts"], { stdio: "inherit" });
if (built.status !== 0) console.error("the portal could not be built (see above)");
const run = spawnSync(
  "vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`, ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);

let counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const report = JSON.parse(readFileSync(reportPath, "utf8"));
  counts = { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests };
  if (report.success !== true && counts.failed === 0) counts.failed = Math.max(1, report.numFailedTestSuites);
} catch (error) {
  console.error(`the test report could not be read: ${error.message}`);
  counts.failed += 1;
}
rmSync(folder, { recursive: true, force: true });
if (check.status !== 0) console.log("static checks FAILED (see above)");
console.log(`${counts.passed} passed, ${counts.failed + (check.status === 0 ? 0 : 1)} failed, ${counts.skipped} skipped`);
process.exitCode = check.status === 0 && run.status === 0 && counts.passed > 0 ? 0 : 1;
