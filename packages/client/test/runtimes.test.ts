import { describe, expect, test } from "vitest";
import { isInstalled, runOn, titleOf } from "../../receiver/test/runtimes/runtimes.ts";
import { CLIENT_PROGRAMS, CLIENT_RUNTIMES } from "./runtimes/runtimes.ts";

/** Others than this Node are there after `npm run runtimes -w @genhook/client`. */
describe.each(CLIENT_RUNTIMES.map((runtime) => [titleOf(runtime), runtime] as const))("on %s", (_, runtime) => {
  test.skipIf(!isInstalled(runtime))("every check passes", { timeout: 90_000 }, async () => {
    expect(await runOn(runtime, CLIENT_PROGRAMS)).toEqual({ passed: 4, failed: [] });
  });
});
