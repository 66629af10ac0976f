import { spawnSync } from "node:child_process";

/** What `npm pack --json` says about a package. */
export interface Tarball {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** `npm pack` of a staged folder; without `out` it only says what it would do. */
export function packFolder(folder: string, out: string | null): Tarball {
  const args = ["pack", "--json", "--loglevel=error", ...(out === null ? ["--dry-run"] : ["--pack-destination", out])];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack failed in ${folder}:\n${stderr}`);
  const [tarball] = Object.values(JSON.parse(stdout) as Record<string, Tarball>);
  if (tarball === undefined) throw new Error(`npm pack said nothing about ${folder}`);
  return tarball;
}
