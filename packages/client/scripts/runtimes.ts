// `npm run runtimes -w @genhook/client`: the client's checks on every runtime that it is promised for, fetched from the registry where missing.
import { installRuntimes, isInstalled, runOn } from "../../receiver/test/runtimes/runtimes.ts";
import { CLIENT_PROGRAMS, CLIENT_RUNTIMES } from "../test/runtimes/runtimes.ts";

installRuntimes();
for (const runtime of CLIENT_RUNTIMES) {
  const outcome = isInstalled(runtime) ? await runOn(runtime, CLIENT_PROGRAMS) : null;
  if (outcome === null) console.log(`${runtime.name}: no package for this platform, not tried`);
  else console.log([`${runtime.name}: ${outcome.passed} passed, ${outcome.failed.length} failed`, ...outcome.failed].join("\n  "));
  if (outcome !== null && (outcome.failed.length > 0 || outcome.passed === 0)) process.exitCode = 1;
}
