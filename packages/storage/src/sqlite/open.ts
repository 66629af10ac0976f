import { existsSync, mkdirSync, accessSync, constants, chmodSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@genhook/core";
import { assemble, type Threads } from "./assemble.ts";
import { Checkpointer } from "./checkpointer.ts";
import { openWriter } from "./connection.ts";
import { migrate } from "./migrations/migrate.ts";
import { StoreOpenError } from "./open-error.ts";
import { ThreadCalls } from "./thread-calls.ts";

export interface SqliteStoreOptions {
  /** Folder of the data file, made when missing. */
  readonly folder: string;
  /** A store thread has ended: every later call rejects. */
  readonly onFatal?: (error: Error) => void;
}

/**
 * The embedded store: one file, this process alone. One thread owns the only write connection, another reads, a third copies the log; the
 * thread that calls never waits for the disk. Rejects with `StoreOpenError`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const lock = lockFolder(options.folder);
  const path = join(options.folder, "genhook.db");
  try {
    prepareFile(path);
  } catch (error) {
    lock.close();
    throw asOpenError(error, path);
  }
  const onFatal = options.onFatal ?? ((): void => undefined);
  const threads: Threads = {
    writer: new ThreadCalls(new URL("./writer-thread.ts", import.meta.url), { path }, onFatal),
    reader: new ThreadCalls(new URL("./reader-thread.ts", import.meta.url), { path }, onFatal),
    copier: new ThreadCalls(new URL("./checkpoint-thread.ts", import.meta.url), { path }, onFatal),
  };
  // The first answer says that the thread's connection is open.
  await threads.writer.call("pending", []);
  await threads.reader.call("days", []);
  const checkpointer = new Checkpointer(threads.copier, threads.writer);
  return assemble(threads, async () => {
    await checkpointer.close();
    await threads.copier.close();
    await threads.reader.close();
    await threads.writer.close();
    lock.close();
  });
}

/** Not node's own `recursive`: that never returns where a file system refuses a folder with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** An open exclusive transaction on a file beside the data: refuses a second process, and dies with this one however it ends. */
function lockFolder(folder: string): DatabaseSync {
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

function prepareFile(path: string): void {
  const isNew = !existsSync(path);
  const connection = openWriter(path);
  try {
    if (isNew) chmodSync(path, 0o600);
    migrate(connection.database);
  } finally {
    connection.close();
  }
}

function asOpenError(error: unknown, path: string): unknown {
  if (error instanceof StoreOpenError) return error;
  const code = resultCodeOf(error);
  if (code === 11 || code === 26) {
    return new StoreOpenError(
      "corrupt",
      `${path} is not a Genhook data file, or is damaged (${messageOf(error)}). Restore a backup, or move it away.`,
      error,
    );
  }
  return new StoreOpenError("data_folder_unwritable", `${path} cannot be opened for writing: ${messageOf(error)}.`, error);
}

function resultCodeOf(error: unknown): number | null {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
