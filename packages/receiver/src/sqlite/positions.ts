import type { PositionStore } from "../sequence/position-store.ts";
import type { TableOptions } from "../table-prefix.ts";
import { setUpSqlite, type SqliteDatabase } from "./database.ts";
import { isRow } from "./store.ts";

/** Keeps a gap detector's positions in SQLite. Makes its table. */
export function sqlitePositions(database: SqliteDatabase, options: TableOptions = {}): PositionStore {
  const { position: table } = setUpSqlite(database, options);
  const read = database.prepare(`SELECT value FROM ${table} WHERE key = ?`);
  const insert = database.prepare(`INSERT INTO ${table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING RETURNING key`);
  const update = database.prepare(`UPDATE ${table} SET value = ? WHERE key = ? AND value = ? RETURNING key`);
  return {
    read: async (key) => (read.get(key) as { readonly value: string } | null | undefined)?.value ?? null,
    swap: async (key, before, after) => isRow(before === null ? insert.get(key, after) : update.get(after, key, before)),
  };
}
