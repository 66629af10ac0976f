import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { readWorkspaces } from "./workspaces.ts";

/** What a package may weigh, bytes: as it is downloaded, and on disk. A step beyond is a decision, not an accident. */
export const BUDGETS: Readonly<Record<string, { readonly packed: number; readonly unpacked: number }>> = {
  genhook: { packed: 1_500_000, unpacked: 4_000_000 },
  "@genhook/client": { packed: 60_000, unpacked: 240_000 },
  "@genhook/outbox": { packed: 25_000, unpacked: 80_000 },
  "@genhook/sources": { packed: 150_000, unpacked: 600_000 },
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

const CARRIED: string = [...readWorkspaces().values()].map(({ short }) => short).join("|");
const CARRIED_FILE = new RegExp(`^(dist/(?:${CARRIED})/(?:portal/)?).*?[^/.]+((?:\\.d)?\\.[^/]+)$`);

/**
 * A package's files as its golden list names them: its own, which others can see, each; of what is carried along, the kinds, so that a new source file
 * is no news, and a stray file is.
 */
export function contentList(paths: readonly string[]): string {
  return `${[...new Set(paths.map((path) => path.replace(CARRIED_FILE, "$1**/*$2")))].sort().join("\n")}\n`;
}
