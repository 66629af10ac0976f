import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "@genhook/core";
import { assemble, type Threads } from "./assemble.ts";
import { Checkpointer } from "./checkpointer.ts";
import { DATA_FILE } from "./data-file.ts";
import { openWriter } from "./connection.ts";
import { lockFolder } from "./lock-folder.ts";
import { migrate } from "./migrations/migrate.ts";
import { refuseMoved } from "./moved-mark.ts";
import { messageOf, resultCodeOf, StoreOpenError } from "../open-error.ts";
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
  const path = join(options.folder, DATA_FILE);
  try {
    refuseMoved(options.folder);
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
