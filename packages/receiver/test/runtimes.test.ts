import { describe, expect, test } from "vitest";
import { isInstalled, runOn, RUNTIMES, titleOf } from "./runtimes/runtimes.ts";

/** Others than this Node are there after `npm run runtimes -w @genhook/receiver`. */
describe.each(RUNTIMES.map((runtime) => [titleOf(runtime), runtime] as const))("on %s", (_, runtime) => {
  test.skipIf(!isInstalled(runtime))("every check passes", { timeout: 90_000 }, async () => {
    const outcome = await runOn(runtime);
    expect(outcome.failed).toEqual([]);
    expect(outcome.passed).toBeGreaterThan(60);
  });
});
