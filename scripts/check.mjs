// Static checks, each a command that can be run by hand: types, lint, format, unused code, lockfile. Runs all, then fails if any failed.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** @type {[name: string, command: string, args: string[]][]} */
const steps = [
  ["types", "tsc", ["-b"]],
  ["lint", "oxlint", ["--type-aware"]],
  ["format", "oxfmt", ["--check"]],
  ["unused", "knip", []],
];

let failed = 0;
for (const [name, command, args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`check ${name}: ${status === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  if (status !== 0) failed += 1;
}

// npm writes a lockfile without a platform's optional package when the registry does not serve it just then; `npm ci` would fail later.
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const present = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
const missing = Object.values(packages)
  .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  .filter((name) => !present.has(name));
console.log(`check lockfile: ${missing.length === 0 ? "ok" : `FAILED, without ${missing.join(", ")}`}`);
process.exitCode = failed + (missing.length === 0 ? 0 : 1);
