#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=50
import module from "node:module";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < NODE_MAJOR_MIN) {
  process.stderr.write(`genhook needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
// The flags of the first line halve what the process takes under full load (docs/performance.md): V8 would otherwise let garbage grow to 250 MB.
// Compiled code and stripped types are kept between starts, beside the installed packages: in /tmp others could plant code. In the environment as well,
// from which threads take it. What has types before this is set loads a stripper, which then stays (≈ 15 MB a thread): hence this file has none.
const installed = import.meta.resolve("commander");
const beside = installed.slice(0, installed.lastIndexOf("/node_modules/"));
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(`${beside}/node_modules/.cache/genhook`);
module.enableCompileCache(process.env["NODE_COMPILE_CACHE"]);
const { run } = await import("./program.ts");
const { processTerminal } = await import("./output/process-terminal.ts");
process.exitCode = await run(process.argv, processTerminal());
