#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Compiled code and stripped types are kept between starts. Beside the installed packages, not in /tmp, where others could plant code.
enableCompileCache(fileURLToPath(new URL("../../../node_modules/.cache/genhook", import.meta.url)));
const { run } = await import("./program.ts");
await run(process.argv);
