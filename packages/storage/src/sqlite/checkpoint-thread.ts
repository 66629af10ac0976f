import { workerData } from "node:worker_threads";
import { Connection } from "./connection.ts";
import { number } from "./rows.ts";
import { serve } from "./thread-calls.ts";

const connection = new Connection((workerData as { path: string }).path, false);
connection.database.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL;");

const operations = {
  /** Copies the log into the file while the writer goes on; answers the log's pages, and how many of them are copied. */
  checkpoint: () => {
    const row = connection.database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get() as { log: number; checkpointed: number };
    return { pages: number(row.log), copied: number(row.checkpointed) };
  },
  close: () => connection.close(),
};

export type CheckpointOperations = typeof operations;

serve(operations);
