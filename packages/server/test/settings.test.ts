import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configurationPage, describeSettings, resolveSettings } from "../src/index.ts";
import { formatDuration, parseDuration } from "../src/settings/duration.ts";

test("a flag wins over its environment twin, which wins over the default", () => {
  const environment = { GENHOOK_PORT: "1111", GENHOOK_GRACE: "3s", PATH: "/bin" };
  const resolved = resolveSettings({ port: "2222" }, environment);
  expect(resolved).toMatchObject({ ok: true, settings: { port: 2_222, graceMs: 3_000, attemptTimeoutMs: 5_000, host: "127.0.0.1" } });
  expect(resolved.ok && Object.isFrozen(resolved.settings)).toBe(true);
});

test("everything that is wrong is said at once, by the name that was used, without showing secrets", () => {
  const resolved = resolveSettings(
    { port: "x", "keep-responses": "some" },
    { GENHOOK_PLATFORM_KEY: "short", GENHOOK_RETRY_WAITS: "1s,".repeat(8) },
  );
  expect(resolved.ok ? [] : resolved.errors).toEqual([
    expect.stringContaining("--port must be a whole number") as string,
    expect.stringContaining("GENHOOK_RETRY_WAITS must be at most 7 durations") as string,
    "GENHOOK_PLATFORM_KEY must be 32 to 255 printable characters.",
    expect.stringContaining("--keep-responses must be one of failures, all, none") as string,
  ]);
});

test("variables of ours that mean nothing are told", () => {
  expect(resolveSettings({}, { GENHOOK_PROT: "1", OTHER: "x" })).toMatchObject({ unknownVariables: ["GENHOOK_PROT"] });
});

test.each([
  ["0ms", 0],
  ["250ms", 250],
  ["5s", 5_000],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["30d", 2_592_000_000],
])("%s is %i ms, and reads back", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
  expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
});

test.each(["", "5", "s", "-1s", "1.5s", "1 s", "01s", "5S", "99999999999s"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeNull();
});

test("the page of settings is made from the table", () => {
  const path = new URL("../../../docs/configuration.md", import.meta.url);
  const page = configurationPage();
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, page);
  expect(readFileSync(path, "utf8"), "docs/configuration.md is out of date: npm run golden:update").toBe(page);
  expect(describeSettings().length).toBeGreaterThan(10);
});
