import { StoreOpenError, messageOf } from "../open-error.ts";
import { placeOf } from "../postgres/open-failure.ts";
import { MoveSource } from "./move-source.ts";
import { MoveTarget } from "./move-target.ts";
import { planTable, type MovedTable } from "./moved-tables.ts";
import { packKey, RowDigest, sizeOf, type MovedValue } from "./moved-values.ts";
import type { MoveProgress } from "./move-progress.ts";

export interface MoveOptions {
  /** A data folder, its file, or a backup. */
  readonly from: string;
  /** `postgres://…`, with nothing in it. */
  readonly to: string;
  /** Throws away what an unfinished move has left in the database. */
  readonly startsOver: boolean;
  /** Whether the sealing key opens this store; given the sealed note, null where there is none. Throws where it does not. */
  readonly checkKey: (sealedNote: string | null) => void;
  readonly now: () => number;
  readonly onProgress: (progress: { readonly step: "copied" | "compared"; readonly rows: number; readonly of: number }) => void;
}

/** One table, all its days together. */
export interface MovedCount {
  readonly table: string;
  readonly rows: number;
  /** Sum of the rows' hashes, the same on both sides. */
  readonly digest: string;
}

export interface MoveReport {
  /** The database, without secrets. */
  readonly place: string;
  readonly counts: readonly MovedCount[];
  readonly pending: number;
  /** Went on with a move that was interrupted. */
  readonly wasResumed: boolean;
  /** Found finished: nothing was copied or compared, and servers may have changed the database since. */
  readonly wasDone: boolean;
  /** The file that keeps servers from starting on the folder; null for a backup. */
  readonly mark: string | null;
}

const BATCH_ROWS = 1_000;
const BATCH_BYTES = 4_000_000;

/**
 * Copies a data file into an empty database, and compares row by row what is there. Interrupted at any point and called again, it goes on where it
 * stopped; until it has finished, servers refuse the database. Rejects with `StoreOpenError`; the file is only read.
 */
export async function moveToPostgres(options: MoveOptions): Promise<MoveReport> {
  const source = MoveSource.open(options.from);
  try {
    options.checkKey(source.note("data-key"));
    const target = await MoveTarget.open(options.to);
    try {
      return await move(source, target, options);
    } catch (error) {
      if (error instanceof StoreOpenError) throw error;
      throw new StoreOpenError(
        "move_failed",
        `The move stopped: ${messageOf(error)}. Nothing is lost: run the same command again, and it goes on where it stopped.`,
        error,
      );
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

async function move(source: MoveSource, target: MoveTarget, options: MoveOptions): Promise<MoveReport> {
  const claim = { identity: source.identity(), fingerprint: source.fingerprint(), startedAt: options.now() };
  const progress = await target.claim(claim, options.startsOver);
  const place = placeOf(options.to);
  const pending = source.count("task");
  const wasResumed = progress !== null && Object.keys(progress.tables).length > 0;
  if (progress === null) return { place, counts: [], pending, wasResumed, wasDone: true, mark: source.markMoved(place, options.now()) };
  const columns = await target.columns();
  const plan = source.tables().map((table) => planTable(table, (name) => columns.get(name)));
  await target.makeDays(source.days());
  const rowsInAll = plan.reduce((sum, table) => sum + source.count(table.source.name), 0);
  const step = progressOf(rowsInAll, options);
  for (const table of plan) await copyTable(source, target, table, progress, step("copied"));
  const counts = await compare(source, target, plan, step("compared"));
  await target.finish(options.now());
  return { place, counts, pending, wasResumed, wasDone: false, mark: source.markMoved(place, options.now()) };
}

type Counter = (rows: number) => void;

function progressOf(rowsInAll: number, { onProgress }: MoveOptions): (step: "copied" | "compared") => Counter {
  return (step) => {
    let rows = 0;
    return (more) => onProgress({ step, rows: (rows += more), of: rowsInAll });
  };
}

async function copyTable(source: MoveSource, target: MoveTarget, table: MovedTable, progress: MoveProgress, count: Counter): Promise<void> {
  const { key, name } = table.source;
  const reached = progress.tables[name] ?? null;
  if (reached === true) return count(source.count(name));
  let batch: MovedValue[][] = [];
  let last: Readonly<Record<string, unknown>> | null = null;
  let bytes = 0;
  for (const row of source.rows(table.source, reached)) {
    const moved = table.read(row);
    batch.push(moved);
    bytes += sizeOf(moved);
    last = row;
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
    await target.write(table, batch, packKey(key.map((column) => row[column])));
    count(batch.length);
    batch = [];
    bytes = 0;
  }
  await target.write(table, batch, true);
  if (last !== null) count(batch.length);
}

/** Both sides are read once more, whole: what was written is judged by what is there. */
async function compare(
  source: MoveSource,
  target: MoveTarget,
  plan: readonly MovedTable[],
  count: Counter,
): Promise<readonly MovedCount[]> {
  const counts: MovedCount[] = [];
  for (const [table, parts] of Map.groupBy(plan, ({ title }) => title)) {
    const there = new RowDigest();
    const here = new RowDigest();
    for (const part of parts) {
      const before = here.rows;
      for (const row of source.rows(part.source, null)) here.add(part.read(row));
      for await (const row of target.rows(part, table === "note" ? "name <> 'move'" : null)) there.add(row);
      count(here.rows - before);
    }
    if (here.rows !== there.rows || here.hex !== there.hex) {
      throw new StoreOpenError(
        "move_differs",
        `${table} is not the same in the database as in the file: ${there.rows} rows with hash ${there.hex}, and ${here.rows} with ${here.hex}. Something else writes to the database, or the file was changed while it was copied. Begin anew with --start-over.`,
      );
    }
    counts.push({ table, rows: here.rows, digest: here.hex });
  }
  return counts;
}
