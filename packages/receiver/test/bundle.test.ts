import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const packageJson = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly dependencies?: object;
  readonly sideEffects: boolean;
  readonly exports: Readonly<Record<string, string>>;
};

/** What each entry may cost, gzipped and with everything that it needs, bytes. */
const BUDGETS: Readonly<Record<string, number>> = {
  ".": 6_144,
  "./topics": 100,
  "./node": 5_300,
  "./express": 5_300,
  "./fastify": 5_000,
  "./hono": 5_200,
  "./koa": 5_300,
  "./next": 5_200,
  "./lambda": 5_000,
  "./keys": 800,
  "./postgres": 2_000,
  "./redis": 1_300,
  "./sqlite": 1_700,
  "./sequence": 3_400,
  "./testing": 6_144,
};

async function bundle(entry: string, contents?: string): Promise<string> {
  const root = new URL("..", import.meta.url).pathname;
  // Platform neutral: an import of a runtime's own module fails the build.
  const { outputFiles, warnings } = await build({
    ...(contents === undefined ? { entryPoints: [root + entry] } : { stdin: { contents, resolveDir: root } }),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    write: false,
    logLevel: "silent",
  });
  expect(warnings).toEqual([]);
  return outputFiles[0]?.text ?? "";
}

/** Code alone: explanations in texts may name what they like. */
function withoutTexts(code: string): string {
  return code.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "''");
}

const entries = Object.entries(packageJson.exports).filter(([, file]) => file.endsWith(".ts"));

test("every entry has a budget", () => expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(BUDGETS).sort()));

describe.each(entries)("%s", (name, file) => {
  test("is within its size, and needs nothing but what every runtime has", async () => {
    const code = await bundle(file);
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(BUDGETS[name] ?? 0);
    const foreign = /\bimport\b(?!\()|\brequire\b|\bBuffer\b|\bprocess\.|__dirname|\bglobal\.|\bnode:/.exec(withoutTexts(code));
    expect(foreign?.[0]).toBeUndefined();
  });
});

test("there are no dependencies", () => {
  expect(packageJson.dependencies ?? {}).toEqual({});
  expect(packageJson.sideEffects).toBe(false);
});

test("who only verifies takes only that along", async () => {
  const code = await bundle("", 'export { verifySignature } from "./src/index.ts"');
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(3_200);
  expect(code.includes("handler_failed")).toBe(false);
});
