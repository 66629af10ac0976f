import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** This package's folder. */
export const PACKAGE_FOLDER: string = join(import.meta.dirname, "..");
const BUILT_FOLDER = join(PACKAGE_FOLDER, "dist", "portal");

/** Everything that the built files are made from, beside the libraries whose versions stand in package.json. */
const SOURCES: readonly string[] = ["src", "index.html", "package.json", "build", "../contract/src"];

/** Where a published package has them, built. */
const PACKED_FOLDER = join(import.meta.dirname, "portal");

/** Where the files built from the sources as they are now belong: a change of a source is another folder. */
export function builtFolder(): string {
  if (existsSync(PACKED_FOLDER)) return PACKED_FOLDER;
  return join(BUILT_FOLDER, stampOf(SOURCES.map((path) => join(PACKAGE_FOLDER, path))));
}

function stampOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesOf))
    hash.update(path.slice(PACKAGE_FOLDER.length)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

function filesOf(path: string): string[] {
  if (existsSync(path) && statSync(path).isFile()) return [path];
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
