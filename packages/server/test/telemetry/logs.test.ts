import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));

const SOURCE = pathOf("packages/server/src");
const CALL = /\blog(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*\{([^}]*)\}/g;

test("log lines use only names that docs/operating.md explains, and those that count a failure name it", () => {
  const page = readFileSync(pathOf("docs/operating.md"), "utf8");
  const table = page.slice(page.indexOf("**Logs** are"), page.indexOf("**Trace** with"));
  const explained = new Set([...table.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const used = new Set<string>();
  const nameless: string[] = [];
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(SOURCE, file), "utf8");
    for (const [, members = ""] of text.matchAll(CALL)) {
      for (const member of members.split(",")) used.add(member.replace(/:.*/s, "").trim());
    }
    // A counted failure and its line stand next to each other.
    for (const [, next = ""] of text.matchAll(/metrics\.failed\([^)]*\);\n\s*(log\.error\([^\n]*)/g)) {
      if (!/\bwhat\b/.test(next)) nameless.push(`${file}: ${next.trim()}`);
    }
  }
  expect(used.size).toBeGreaterThan(8);
  expect([...used].filter((name) => !explained.has(name))).toEqual([]);
  expect(nameless).toEqual([]);
});
