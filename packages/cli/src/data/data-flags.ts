import { existsSync } from "node:fs";
import { join } from "node:path";
import { StoreOpenError, type StoreOpenErrorCode } from "@genhook/storage";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { DATA_FOLDERS } from "../session/data-folder.ts";

/** Whose data. */
export interface DataFlags {
  readonly data?: string;
}

/** The folder that is named, or the first of the usual ones that holds data. */
export function dataFolderOf(flags: DataFlags, terminal: Terminal): string {
  const given = flags.data ?? terminal.environment["GENHOOK_DATA"];
  return given ?? DATA_FOLDERS.find((folder) => existsSync(join(folder, "genhook.db"))) ?? DATA_FOLDERS[0] ?? "";
}

/** Something is there already, or is in use. */
const CONFLICTS: ReadonlySet<StoreOpenErrorCode> = new Set([
  "file_exists",
  "locked_by_another_process",
  "moved",
  "schema_in_use",
  "move_unfinished",
  "source_changed",
  "target_in_use",
]);

/** What the store says is for people already. */
export function asCliError(error: unknown): unknown {
  if (error instanceof Error && "errcode" in error) {
    return new CliError("failed", "corrupt", `The data file cannot be read: ${error.message}.`, [
      "Restore a backup: genhook restore --from FILE",
    ]);
  }
  if (!(error instanceof StoreOpenError)) return error;
  const exit = error.code === "no_data" ? "notFound" : CONFLICTS.has(error.code) ? "conflict" : "failed";
  return new CliError(exit, error.code, error.message);
}
