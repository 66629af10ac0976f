import type { EventFields } from "../event.ts";
import type { Inbox } from "../inbox.ts";
import { REMEMBER_MS } from "../limits.ts";
import { isWantedAgain, type Processed, type ReplayOptions } from "../process-once.ts";
import { forgetting, setUpSqlite, type SqliteDatabase, type SqliteOptions } from "./database.ts";
import { isRow } from "./store.ts";

/**
 * An inbox in SQLite: `work` runs between BEGIN and COMMIT on this connection. It must not be asynchronous: whatever else uses the connection
 * meanwhile would be in the transaction too. Read what you need from elsewhere before, or afterwards. Makes its table.
 */
export function sqliteInbox<Database extends SqliteDatabase>(database: Database, options: SqliteOptions = {}): Inbox<Database> {
  const { rememberMs = REMEMBER_MS, now = Date.now } = options;
  const { delivery: table } = setUpSqlite(database, options);
  const mark = database.prepare(
    `INSERT INTO ${table} (id, processed, seen_at) VALUES (?, 1, ?)
    ON CONFLICT (id) DO UPDATE SET processed = 1, token = NULL, claimed_until = 0, seen_at = excluded.seen_at
    WHERE processed = 0 OR ? = 1 RETURNING id`,
  );
  const forget = database.prepare(forgetting(table));
  const process = (event: EventFields, work: (transaction: Database) => unknown, replays: ReplayOptions = {}): Processed => {
    const at = now();
    database.exec("BEGIN IMMEDIATE");
    try {
      const isNew = isRow(mark.get(event.deliveryId, at, isWantedAgain(event, replays) ? 1 : 0));
      if (isNew) {
        refusePromise(work(database));
        forget.run(at - rememberMs, event.deliveryId);
      }
      database.exec("COMMIT");
      return isNew ? "processed" : "duplicate";
    } catch (error) {
      rollBack(database);
      throw error;
    }
  };
  return { process: async (event, work, replays) => process(event, work, replays) };
}

function refusePromise(answer: unknown): void {
  if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== "function") return;
  // It is rolled back all the same; a rejection of its own has nobody to go to.
  (answer as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new TypeError("The work of sqliteInbox must be synchronous, and answered a promise: nothing was committed.");
}

/** Some failures (a full disk) have ended the transaction already. */
function rollBack(database: SqliteDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // Nothing was committed either way; the first failure is the one to report.
  }
}
