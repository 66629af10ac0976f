import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where `serve` and `demo` keep their data unless told otherwise: looked at in this order. */
export const DATA_FOLDERS: readonly string[] = ["./genhook-data", "./genhook-demo-data"];

const KEY_FILE = "platform-key";
const ORIGIN_FILE = "listening-on";

/** Where a server listens: the platform API may have a port of its own. */
export interface Origins {
  readonly platformOrigin: string;
  /** Of the App API. */
  readonly origin: string;
}

/** What a folder says about the server that uses it. */
export interface DataFolder {
  readonly folder: string;
  readonly key: string | null;
  /** Of the server that runs on it now, or did when it was killed. */
  readonly origins: Origins | null;
}

/** Null where the folder holds no key and no server. */
export function readDataFolder(folder: string): DataFolder | null {
  const [key = null] = readLines(join(folder, KEY_FILE));
  const [platformOrigin, origin = platformOrigin] = readLines(join(folder, ORIGIN_FILE));
  const origins = platformOrigin === undefined || origin === undefined ? null : { platformOrigin, origin };
  return key === null && origins === null ? null : { folder, key, origins };
}

export function keyFileOf(folder: string): string {
  return join(folder, KEY_FILE);
}

/**
 * Lets the command line find a server on this machine by its data, whatever its port. Answers how to take it back. A server without a data
 * folder (its store is a database) is not announced.
 */
export function announceOrigin(folder: string, { platformOrigin, origin }: Origins): () => void {
  if (!existsSync(folder)) return () => undefined;
  const path = join(folder, ORIGIN_FILE);
  writeFileSync(path, `${platformOrigin}\n${origin}\n`, { mode: 0o600 });
  return () => {
    // Another server may have taken the folder over by now.
    if (readLines(path)[0] === platformOrigin) rmSync(path, { force: true });
  };
}

function readLines(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
