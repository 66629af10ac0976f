import { defineConfig } from "vitest/config";

/** Each fuzz test looks for this long (docs/reliability.md). */
const FUZZ_MS = Number(process.env["GENHOOK_TEST_FUZZ_SECONDS"] ?? 2) * 1_000;

/** One worker more than the smallest machine that the suite is promised for has cores: much of what tests do is wait for processes. */
export default defineConfig({
  test: {
    maxWorkers: 3,
    testTimeout: 20_000 + FUZZ_MS,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "packages", include: ["packages/*/test/**/*.test.ts"], exclude: ["packages/dashboard/**"] } },
      {
        extends: true,
        test: {
          name: "portal",
          include: ["packages/dashboard/test/**/*.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: "house", include: ["scripts/test/**/*.test.ts", "website/test/**/*.test.ts", "bench/test/**/*.test.ts"] },
      },
      { extends: true, test: { name: "examples", include: ["examples/*/test/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "e2e", include: ["e2e/test/**/*.test.ts"], testTimeout: 180_000 },
      },
    ],
  },
});
