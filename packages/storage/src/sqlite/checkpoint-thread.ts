import { workerData } from "node:worker_threads";
import { number } from "../columns.ts";
import { Connection } from "./connection.ts";
import { serve } from "./thread-calls.ts";

const connection = new Connection((workerData as { path: string }).path, false);
connection.database.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL;");

function state(mode: "NOOP" | "PASSIVE"): { pages: number; copied: number } {
  const row = connection.database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as { log: number; checkpointed: number };
  return { pages: number(row.log), copied: number(row.checkpointed) };
}

const operations = {
  /** Copies the log into the file while the writer goes on, if at least so many pages wait; answers the log's pages, and how many are copied. */
  checkpoint: (pagesMin: number) => {
    const waiting = state("NOOP");
    return waiting.pages - waiting.copied < pagesMin ? waiting : state("PASSIVE");
  },
  close: () => connection.close(),
};

export type CheckpointOperations = typeof operations;

serve(operations);
