// `npm run runtimes -w @genhook/receiver`: the kit's checks on every runtime that it is promised for, fetched from the registry where missing.
import { installRuntimes, isInstalled, runOn, RUNTIMES } from "../test/runtimes/runtimes.ts";

installRuntimes();
let failed = 0;
for (const runtime of RUNTIMES) {
  if (!isInstalled(runtime)) {
    console.log(`${runtime.name}: no package for this platform, not tried`);
    continue;
  }
  const outcome = await runOn(runtime);
  console.log(`${runtime.name}: ${outcome.passed} passed, ${outcome.failed.length} failed`);
  for (const line of outcome.failed) console.log(`  ${line}`);
  if (outcome.failed.length > 0 || outcome.passed === 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
