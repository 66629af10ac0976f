import { tablesOf, type TableOptions } from "../table-prefix.ts";

/** What the kit needs of an SQLite database: `node:sqlite`'s `DatabaseSync`, `better-sqlite3`'s and `bun:sqlite`'s `Database`. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

export interface SqliteStatement {
  run(...parameters: (string | number | null)[]): unknown;
  /** The first row; nothing (`undefined` or `null`) when there is none. */
  get(...parameters: (string | number | null)[]): unknown;
}

export interface SqliteOptions extends TableOptions {
  /** How long a processed delivery is remembered, ms; 31 days unless given. Each delivery removes up to two that are older. */
  readonly rememberMs?: number | undefined;
  /** Wall time, ms; the system's unless given. */
  readonly now?: (() => number) | undefined;
}

/** Makes the kit's tables where they are missing, and names them. */
export function setUpSqlite(database: SqliteDatabase, options: TableOptions): { readonly delivery: string; readonly position: string } {
  const { delivery, position } = tablesOf(options);
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${delivery} (id TEXT PRIMARY KEY, processed INTEGER NOT NULL DEFAULT 0, token TEXT, claimed_until INTEGER NOT NULL DEFAULT 0, seen_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ${delivery}_seen ON ${delivery.replace(/^.*\./, "")} (seen_at);
    CREATE TABLE IF NOT EXISTS ${position} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
  );
  return { delivery, position };
}

/** Removes two old rows per delivery that adds one: the table never needs a cleaning, and no delivery pays for many. */
export function forgetting(table: string): string {
  return `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE seen_at < ? AND id <> ? ORDER BY seen_at LIMIT 2)`;
}
