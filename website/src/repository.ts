import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's folder. */
export const REPOSITORY: string = join(dirname(fileURLToPath(import.meta.url)), "../..");

const NOT_READ: ReadonlySet<string> = new Set(["node_modules", "dist", "pages", ".git", "coverage", ".cache"]);

export function readPage(file: string): string {
  return readFileSync(join(REPOSITORY, file), "utf8");
}

/** Markdown files below a folder, from the repository's root. */
export function markdownFiles(folder = ""): readonly string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_READ.has(name) && !name.startsWith("."))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return markdownFiles(path);
      return entry.name.endsWith(".md") ? [path] : [];
    })
    .sort();
}

/** What a link of a file leads to. */
export type Destination =
  | { readonly kind: "elsewhere" }
  | { readonly kind: "file" | "folder"; readonly path: string; readonly anchor: string | null }
  | { readonly kind: "missing"; readonly path: string };

export function destinationOf(file: string, target: string): Destination {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return { kind: "elsewhere" };
  const [path = "", anchor = null] = target.split("#");
  const absolute = path === "" ? file : posix.normalize(posix.join(posix.dirname(file), path));
  if (absolute.startsWith("..")) return { kind: "missing", path: absolute };
  const found = statSync(join(REPOSITORY, absolute), { throwIfNoEntry: false });
  if (found === undefined) return { kind: "missing", path: absolute };
  return { kind: found.isDirectory() ? "folder" : "file", path: absolute.replace(/\/$/, ""), anchor };
}
