import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** Gzipped, with everything that it needs, bytes. */
const BUDGET = 9_000;

test("is small, and needs nothing but what every runtime has", async () => {
  // Platform neutral: an import of a runtime's own module fails the build.
  const { outputFiles } = await build({
    entryPoints: [new URL("../src/index.ts", import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    write: false,
    logLevel: "silent",
  });
  const code = outputFiles[0]?.text ?? "";
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
  expect(
    /\bimport\b(?!\()|\brequire\(|\bBuffer\b|\bprocess\.|__dirname|\bnode:/.exec(code.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, "''"))?.[0],
  ).toBeUndefined();
});
