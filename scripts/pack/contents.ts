import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { StagedPackage } from "./stage.ts";

/** What a package may weigh, bytes: as it is downloaded, and on disk. A step beyond is a decision, not an accident. */
export const BUDGETS: Readonly<Record<string, { readonly packed: number; readonly unpacked: number }>> = {
  genhook: { packed: 1_500_000, unpacked: 4_000_000 },
  "@genhook/client": { packed: 50_000, unpacked: 200_000 },
  "@genhook/receiver": { packed: 80_000, unpacked: 300_000 },
};

/** With everything that it depends on, bytes on disk. */
export const INSTALLED_BYTES_MAX = 60_000_000;

/** Every file of a folder, from there, sorted. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export function bytesIn(folder: string): number {
  return filesIn(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
}

/**
 * A package's files as its golden list names them. Where others can import files, each; in the command's package, which has hundreds that nobody
 * sees, the kinds in each part: a new source file is no news, a new kind or a stray file is.
 */
export function contentList({ name }: Pick<StagedPackage, "name">, paths: readonly string[]): string {
  const lines =
    name === "genhook" ? paths.map((path) => path.replace(/^(dist\/[^/]+\/(?:portal\/)?).*?[^/.]+(\.[^/]+)$/, "$1**/*$2")) : paths;
  return `${[...new Set(lines)].sort().join("\n")}\n`;
}
