#!/usr/bin/env node
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build } from "vite";
import { builtFolder, PACKAGE_FOLDER } from "./source-stamp.ts";

/** Below that, what compressing saves is lost in the headers. */
const COMPRESSED_MIN_BYTES = 1_024;
const KEPT_MS = 86_400_000;
const COMPRESSED = /\.(html|js|css|svg)$/;

/** Builds the portal unless it is there; into a folder of its own first, so that nobody ever sees half of it. */
async function buildPortal(): Promise<void> {
  const folder = builtFolder();
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  await build({
    root: PACKAGE_FOLDER,
    configFile: false,
    logLevel: "warn",
    plugins: [react()],
    // An asset inside the page would need a policy that allows it.
    build: {
      outDir: unfinished,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2022",
      chunkSizeWarningLimit: 1_000,
    },
  });
  compress(unfinished);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process has built the same in the meantime.
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  forgetOldOnes(dirname(folder), folder);
}

/** Removes what was built from older sources, once no server that was started with it can still want to read it. */
function forgetOldOnes(parent: string, current: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (path !== current && Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

function compress(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !COMPRESSED.test(path)) continue;
    const bytes = readFileSync(path);
    if (bytes.length < COMPRESSED_MIN_BYTES) continue;
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  }
}

await buildPortal();
