import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { DATA_FILE } from "./data-file.ts";
import { lockFolder } from "./lock-folder.ts";
import { SCHEMA_VERSION } from "./migrations/migrate.ts";
import { movedMarkOf } from "./moved-mark.ts";
import { messageOf, StoreOpenError } from "../open-error.ts";

/** Pages copied between two looks at other work. */
const PAGES_PER_STEP = 2_000;

export interface BackupReport {
  readonly bytes: number;
}

/**
 * Copies a data folder's file to another one, whole and as of one moment, while a server uses it: one read transaction is held over all
 * steps, so that the copy never begins anew however much is written meanwhile. The copy is made aside, looked through, synced and moved into
 * place. An existing file is refused. Throws `StoreOpenError`.
 */
export async function backupSqlite(
  folder: string,
  to: string,
  onProgress: (share: number) => void = () => undefined,
): Promise<BackupReport> {
  const from = join(folder, DATA_FILE);
  if (!existsSync(from)) throw new StoreOpenError("no_data", `There is no data file ${from}. Give --data the folder of a server's data.`);
  if (existsSync(to)) throw new StoreOpenError("file_exists", `${to} exists already. Give --to another name, or move it away.`);
  const aside = `${to}.part`;
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 });
  try {
    source.exec("BEGIN; SELECT 1 FROM directory");
    await backup(source, aside, {
      rate: PAGES_PER_STEP,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages),
    });
    chmodSync(aside, 0o600);
    lookThrough(aside, "The copy");
    moveIntoPlace(aside, to);
    return { bytes: statSync(to).size };
  } catch (error) {
    removeDatabase(aside);
    if (error instanceof StoreOpenError) throw error;
    throw new StoreOpenError("backup_failed", `${from} could not be copied to ${to}: ${messageOf(error)}.`, error);
  } finally {
    source.close();
  }
}

export interface RestoreReport {
  /** Where the data that was there before has been moved; null where there was none. */
  readonly movedTo: string | null;
  readonly hasSealingKey: boolean;
}

/**
 * Puts a backup in the place of a data folder's file. What was there is moved aside, not deleted. Refused while a server uses the folder, and
 * for a file that is damaged or of a newer version; then nothing was changed. `at` (wall ms) names what is moved aside. Throws `StoreOpenError`.
 */
export function restoreSqlite(from: string, folder: string, at: number): RestoreReport {
  if (!existsSync(from)) throw new StoreOpenError("no_data", `There is no file ${from}.`);
  const lock = lockFolder(folder);
  const path = join(folder, DATA_FILE);
  const aside = `${path}.restoring`;
  try {
    copyFileSync(from, aside);
    chmodSync(aside, 0o600);
    lookThrough(aside, from);
    const movedTo = existsSync(path) ? `${path}.before-${new Date(at).toISOString().replaceAll(/[:.]/g, "-")}` : null;
    if (movedTo !== null) {
      // Its log belongs to it: without it the newest events would be missing there, and with the restored file it would be taken for its own.
      for (const end of ["", "-wal", "-shm"]) if (existsSync(path + end)) renameSync(path + end, movedTo + end);
    }
    moveIntoPlace(aside, path);
    // What is restored is to be used.
    rmSync(movedMarkOf(folder), { force: true });
    return { movedTo, hasSealingKey: existsSync(join(folder, "sealing-key")) };
  } catch (error) {
    removeDatabase(aside);
    if (error instanceof StoreOpenError) throw error;
    throw new StoreOpenError("restore_failed", `${from} could not be restored to ${folder}: ${messageOf(error)}.`, error);
  } finally {
    lock.close();
  }
}

function lookThrough(path: string, name: string): void {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    const [first] = database.prepare("PRAGMA quick_check(1)").all();
    if (first === undefined || Object.values(first)[0] !== "ok")
      throw new Error(String(first === undefined ? "" : Object.values(first)[0]));
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version === 0) throw new Error("it has no schema");
    if (version > SCHEMA_VERSION) {
      throw new StoreOpenError(
        "schema_newer",
        `${name} was written by a newer version of Genhook (schema ${version}, this one knows ${SCHEMA_VERSION}).`,
      );
    }
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    throw new StoreOpenError("corrupt", `${name} is not a Genhook data file, or is damaged (${messageOf(error)}).`, error);
  } finally {
    database?.close();
  }
}

/** Durable before it has its name, and its name durable after. */
function moveIntoPlace(aside: string, path: string): void {
  sync(aside);
  renameSync(aside, path);
  sync(dirname(resolve(path)));
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function removeDatabase(path: string): void {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(path + end, { force: true });
}
