import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where `serve` and `demo` keep their data unless told otherwise: looked at in this order. */
export const DATA_FOLDERS: readonly string[] = ["./genhook-data", "./genhook-demo-data"];

const KEY_FILE = "platform-key";
const ORIGIN_FILE = "listening-on";

/** What a folder says about the server that uses it. */
export interface DataFolder {
  readonly folder: string;
  readonly key: string | null;
  /** Of the server that runs on it now, or did when it was killed. */
  readonly origin: string | null;
}

/** Null where the folder holds no key and no server. */
export function readDataFolder(folder: string): DataFolder | null {
  const key = readLine(join(folder, KEY_FILE));
  const origin = readLine(join(folder, ORIGIN_FILE));
  return key === null && origin === null ? null : { folder, key, origin };
}

export function keyFileOf(folder: string): string {
  return join(folder, KEY_FILE);
}

/** Lets the command line find a server on this machine by its data, whatever its port. Answers how to take it back. */
export function announceOrigin(folder: string, origin: string): () => void {
  const path = join(folder, ORIGIN_FILE);
  writeFileSync(path, `${origin}\n`, { mode: 0o600 });
  return () => {
    // Another server may have taken the folder over by now.
    if (readLine(path) === origin) rmSync(path, { force: true });
  };
}

function readLine(path: string): string | null {
  if (!existsSync(path)) return null;
  const line = readFileSync(path, "utf8").trim();
  return line === "" ? null : line;
}
