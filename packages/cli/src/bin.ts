#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=50
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// The line above halves what the process takes under full load (docs/performance.md): V8 would otherwise let garbage grow to 250 MB.
// Compiled code and stripped types are kept between starts. Beside the installed packages, not in /tmp, where others could plant code.
// By the environment as well: threads do not inherit it otherwise, and each would load its own type stripper (≈ 15 MB).
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../../../node_modules/.cache/genhook", import.meta.url));
enableCompileCache(process.env["NODE_COMPILE_CACHE"]);
const { run } = await import("./program.ts");
const { processTerminal } = await import("./output/process-terminal.ts");
process.exitCode = await run(process.argv, processTerminal());
