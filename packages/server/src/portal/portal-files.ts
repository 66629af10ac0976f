import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

/** Where the portal's built files come from; the command line builds them, and hands this in. */
export interface PortalSource {
  /** Folder of the built files; null while they are being built. */
  readonly folder: string | null;
  /** Why there will be none; null where there is no reason to think so. */
  readonly failure: string | null;
}

/** One file, in each form that it can be sent in. */
export interface PortalFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly br: Buffer | null;
  readonly gzip: Buffer | null;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** All files of a folder by their path in it, with `/` between; `x.br` and `x.gz` are other forms of `x`. They are few and small: kept in memory. */
export function readPortalFiles(folder: string): ReadonlyMap<string, PortalFile> {
  const bytes = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    bytes.set(relative(folder, path).split(sep).join("/"), readFileSync(path));
  }
  const files = new Map<string, PortalFile>();
  for (const [path, plain] of bytes) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    files.set(path, { type, plain, br: bytes.get(`${path}.br`) ?? null, gzip: bytes.get(`${path}.gz`) ?? null });
  }
  return files;
}
