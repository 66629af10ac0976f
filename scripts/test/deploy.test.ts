import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "@genhook/server";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const VARIABLES: ReadonlySet<string> = new Set(Object.values(SETTINGS).map((setting) => setting.environment));
const FILES = ["deploy/Dockerfile", "deploy/docker-compose.yml", "deploy/kubernetes/genhook.yaml"];

test.each(FILES)("%s sets only variables that Genhook knows", (file) => {
  const named = new Set(read(file).match(/\bGENHOOK_[A-Z_]+\b/g));
  expect(named.size).toBeGreaterThan(0);
  expect([...named].filter((name) => !VARIABLES.has(name))).toEqual([]);
});

test.each(["deploy/Dockerfile", "deploy/genhook.service"])("%s runs the command as its own first line does", (file) => {
  const flags = /^#!.* node (.*)$/m.exec(read("packages/cli/src/bin.js"))?.[1] ?? "";
  const given = read(file).replaceAll('", "', " ");
  expect(flags).not.toBe("");
  expect(given).toContain(flags);
  expect(given).toContain("packages/cli/src/bin.js");
});
