import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url).pathname;

test("every code block of docs/outbox.md passes the type checker", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(root, ".docs-"));
  const page = readFileSync(`${root}../../docs/outbox.md`, "utf8");
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  for (const [index, code] of blocks.entries()) writeFileSync(join(folder, `block-${index}.ts`), code);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2024",
    lib: ["es2024"],
    types: ["node"],
    module: "nodenext",
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout, status } = spawnSync("tsc", ["-p", folder], { encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  expect([blocks.length, stdout, status]).toEqual([6, "", 0]);
});
