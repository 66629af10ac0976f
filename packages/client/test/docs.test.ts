import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { limitsOf } from "../src/publisher/options.ts";

const root = new URL("../", import.meta.url).pathname;
const page = readFileSync(`${root}../../docs/client.md`, "utf8");
const folder = mkdtempSync(join(root, ".docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every code block passes the type checker, as a program of its user would", { timeout: 60_000 }, () => {
  const blocks = [page, readFileSync(`${root}README.md`, "utf8")].flatMap((text) => [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]);
  expect(blocks.length).toBeGreaterThanOrEqual(5);
  for (const [index, [, code]] of blocks.entries()) writeFileSync(join(folder, `block-${index}.ts`), code ?? "");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    module: "nodenext",
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout, status } = spawnSync("tsc", ["-p", folder], { encoding: "utf8" });
  expect([stdout, status]).toEqual(["", 0]);
});

test("the page names the bounds as they are", () => {
  const { batchEventsMax, batchBytesMax, lingerMs, queueEventsMax, queueBytesMax } = limitsOf({});
  expect(page).toContain(`up to ${batchEventsMax} events or ${batchBytesMax / 1_048_576} MiB`);
  expect(page).toContain(`up to ${lingerMs} ms for company`);
  expect(page).toContain(`bounded: ${queueEventsMax.toLocaleString("en")} events, ${queueBytesMax / 1_048_576} MiB`);
});
