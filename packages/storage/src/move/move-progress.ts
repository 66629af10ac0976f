import { StoreOpenError } from "../open-error.ts";
import type { Query } from "../postgres/database.ts";

/** Where in the database's notes it stands how far a move has come. */
const NOTE = "move";

/** A move of one data file into this database. It changes in the transaction that writes the rows it speaks of. */
export interface MoveProgress {
  readonly state: "copying" | "done";
  /** Which data, and how it was when the move began. */
  readonly identity: string;
  readonly fingerprint: string;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** The last key that was copied of each table of the file; true once all of it was. */
  readonly tables: Readonly<Record<string, readonly (number | string)[] | true>>;
}

export async function readProgress(query: Query): Promise<MoveProgress | null> {
  const [row] = await query("SELECT value FROM note WHERE name = $1", [NOTE]);
  return row === undefined ? null : (JSON.parse(String(row["value"])) as MoveProgress);
}

/** Takes a step from what this process knows; throws where another process has taken one meanwhile. */
export async function saveProgress(query: Query, before: MoveProgress | null, after: MoveProgress): Promise<void> {
  const value = JSON.stringify(after);
  const rows =
    before === null
      ? await query("INSERT INTO note (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1", [NOTE, value])
      : await query("UPDATE note SET value = $2 WHERE name = $1 AND value = $3 RETURNING 1", [NOTE, value, JSON.stringify(before)]);
  if (rows.length === 0)
    throw new StoreOpenError("target_in_use", "Another process is moving data into this database. Let it finish, or stop it first.");
}

/** Refuses a database that data is still being moved into: a server on it would send what is there of it, and the rest would come behind its back. */
export async function refuseUnfinishedMove(query: Query): Promise<void> {
  if ((await readProgress(query))?.state !== "copying") return;
  throw new StoreOpenError(
    "move_unfinished",
    "Data is being moved into this database and not all of it is there. Run genhook migrate again as before: it goes on where it stopped. To empty the database of it: genhook migrate --start-over.",
  );
}
