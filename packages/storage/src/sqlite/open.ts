import { existsSync, mkdirSync, accessSync, constants, chmodSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "@genhook/core";
import { NOBODY_TO_TELL, soleOwner } from "../one-process.ts";
import { TokenBuckets } from "../token-buckets.ts";
import type { CheckpointOperations } from "./checkpoint-thread.ts";
import { Checkpointer } from "./checkpointer.ts";
import { openWriter } from "./connection.ts";
import { migrate } from "./migrations/migrate.ts";
import { StoreOpenError } from "./open-error.ts";
import { packEvents, packSettlements } from "./packing.ts";
import type { ReaderOperations } from "./reader-thread.ts";
import { ThreadCalls } from "./thread-calls.ts";
import type { WriterOperations } from "./writer-thread.ts";

export interface SqliteStoreOptions {
  /** Folder of the data file, made when missing. */
  readonly folder: string;
  /** A store thread has ended: every later call rejects. */
  readonly onFatal?: (error: Error) => void;
}

/** Lanes that are asked for the age of the backlog: a few milliseconds. */
const OLDEST_LANES_MAX = 2_000;

interface Threads {
  readonly writer: ThreadCalls<WriterOperations>;
  readonly reader: ThreadCalls<ReaderOperations>;
  readonly copier: ThreadCalls<CheckpointOperations>;
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

function assemble({ writer, reader }: Threads, close: () => Promise<void>): Store {
  const buckets = new TokenBuckets();
  return {
    isShared: false,
    events: {
      append: (group, directoryVersion) => {
        const packed = packEvents(group);
        return writer.call("append", [packed, directoryVersion], [packed.bytes]);
      },
      read: (id) => reader.call("readEvent", [id]),
      heads: (ids) => reader.call("heads", [ids]),
    },
    tasks: {
      settle: (batch) => {
        const packed = packSettlements(batch);
        return writer.call("settle", [packed], [packed.bytes]);
      },
      readLane: (lane, dueMax, limit, bytesMax, skip) => reader.call("readLane", [lane, dueMax, limit, bytesMax, skip]),
      lanesWithWork: (shards, after, limit) => reader.call("lanesWithWork", [shards, after, limit]),
      cancelLane: (lane, reason, at, limit) => writer.call("cancelLane", [lane, reason, at, limit]),
      relocateLane: (lane, toShard, limit) => writer.call("relocateLane", [lane, toShard, limit]),
      replay: (delivery, lane, at) => writer.call("replay", [delivery, lane, at]),
      countLanes: (lanes) => reader.call("countLanes", [lanes]),
      listLane: (lane, turn, limit) => reader.call("listLane", [lane, turn, limit]),
      backlog: async () => {
        const [pending, oldestDue] = await Promise.all([writer.call("pending", []), reader.call("oldestDue", [OLDEST_LANES_MAX])]);
        return { pending, oldestDue };
      },
    },
    log: {
      ofDelivery: (delivery) => reader.call("ofDelivery", [delivery]),
      lastRows: (deliveries) => reader.call("lastRows", [deliveries]),
      listFinal: (query) => reader.call("listFinal", [query]),
    },
    directory: {
      version: () => reader.call("directoryVersion", []),
      changesSince: (version) => reader.call("changesSince", [version]),
      commit: (commit, expectedVersion) => writer.call("commitDirectory", [commit, expectedVersion]),
      readAsOf: (version, shop, topic) => reader.call("readAsOf", [version, shop, topic]),
      findToken: (tokenHash) => reader.call("findToken", [tokenHash]),
      findSubscription: (id) => reader.call("findSubscription", [id]),
      readAudit: (query) => reader.call("readAudit", [query]),
    },
    statistics: {
      read: (query) => reader.call("readStatistics", [query]),
      sumStep: (before, rowsMax) => writer.call("sumStep", [before, rowsMax]),
    },
    retention: {
      days: () => reader.call("days", []),
      expireThrough: (day, at, limit) => writer.call("expireThrough", [day, at, limit]),
      dropStep: (day, rowsMax) => writer.call("dropStep", [day, rowsMax]),
      forgetKeys: (at, limit) => writer.call("forgetKeys", [at, limit]),
      forgetHistory: (at, limit) => writer.call("forgetHistory", [at, limit]),
    },
    leases: {
      // The lock on the file makes this process the owner of everything, for as long as it lives.
      renew: ({ node, delivers }) => Promise.resolve(soleOwner(node, delivers)),
      leave: () => Promise.resolve(),
    },
    hints: NOBODY_TO_TELL,
    credentials: {
      putKey: (key) => writer.call("putKey", [key]),
      findKey: (hash) => reader.call("findKey", [hash]),
      listKeys: () => reader.call("listKeys", []),
      // One process: its memory is exact, and a restart gives every app a full bucket, which harms nobody.
      takeToken: (app, shop, size, perSecond, at) => Promise.resolve(buckets.take(`${app} ${shop}`, size, perSecond, at)),
      putIfAbsent: (name, value) => writer.call("putIfAbsent", [name, value]),
    },
    close,
  };
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
