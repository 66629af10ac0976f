import { accessSync, chmodSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, resultCodeOf, StoreOpenError } from "../open-error.ts";

/** Not node's own `recursive`: that never returns where a file system refuses a folder with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** An open exclusive transaction on a file beside the data: refuses a second process, and dies with this one however it ends. */
export function lockFolder(folder: string): DatabaseSync {
  try {
    makeFolder(resolve(folder));
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StoreOpenError(
      "data_folder_unwritable",
      `The data folder ${folder} cannot be written: ${messageOf(error)}. Give --data a folder that this user may write.`,
      error,
    );
  }
  try {
    const path = join(folder, "genhook.lock");
    const lock = new DatabaseSync(path, { timeout: 0 });
    chmodSync(path, 0o600);
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    if (resultCodeOf(error) === 5) {
      throw new StoreOpenError(
        "locked_by_another_process",
        `Another Genhook process uses ${folder}. Stop it, or give --data another folder.`,
        error,
      );
    }
    throw new StoreOpenError("data_folder_unwritable", `The data folder ${folder} cannot be written: ${messageOf(error)}.`, error);
  }
}
