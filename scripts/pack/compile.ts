import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./workspaces.ts";

/** Below node_modules, where the compiler finds types and nobody looks for sources. */
const CACHE = join(REPOSITORY, "node_modules", ".cache", "genhook-pack");

/**
 * JavaScript and declarations of these folders' sources, laid out as the sources are. Syntax that every runtime of the published packages knows;
 * not checked again: `npm run typecheck` does that with each package's own settings.
 */
export function compile(folders: readonly string[]): string {
  const out = join(CACHE, `compiled-${process.pid}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const project = join(CACHE, `tsconfig-${process.pid}.json`);
  const compilerOptions = {
    target: "es2022",
    lib: ["es2024", "esnext.disposable", "dom"],
    types: ["node"],
    module: "nodenext",
    rootDir: join(REPOSITORY, "packages"),
    outDir: out,
    declaration: true,
    noCheck: true,
    skipLibCheck: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  const include = folders.flatMap((folder) =>
    (folder === "packages/dashboard" ? ["build/*.ts"] : ["src/**/*.ts"]).map((glob) => join(REPOSITORY, folder, glob)),
  );
  writeFileSync(project, JSON.stringify({ compilerOptions, include }));
  const { status, stdout } = spawnSync("tsc", ["-p", project], { encoding: "utf8" });
  rmSync(project);
  if (status !== 0) throw new Error(`tsc could not emit:\n${stdout}`);
  return out;
}
