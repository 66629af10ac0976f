import type { Claim, DeliveryStore } from "../delivery-store.ts";
import { REMEMBER_MS } from "../limits.ts";
import { forgetting, setUpSqlite, type SqliteDatabase, type SqliteOptions } from "./database.ts";

/** Remembers deliveries in SQLite, for the processes of one machine. Makes its table. */
export function sqliteStore(database: SqliteDatabase, options: SqliteOptions = {}): DeliveryStore {
  const { rememberMs = REMEMBER_MS, now = Date.now } = options;
  const { delivery: table } = setUpSqlite(database, options);
  const claim = database.prepare(
    `INSERT INTO ${table} (id, token, claimed_until, seen_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET token = excluded.token, claimed_until = excluded.claimed_until, seen_at = excluded.seen_at
    WHERE (processed = 0 OR ? = 1) AND claimed_until <= ? RETURNING id`,
  );
  const find = database.prepare(`SELECT processed FROM ${table} WHERE id = ?`);
  const forget = database.prepare(forgetting(table));
  const complete = database.prepare(
    `INSERT INTO ${table} (id, processed, seen_at) VALUES (?, 1, ?)
    ON CONFLICT (id) DO UPDATE SET processed = 1, token = NULL, claimed_until = 0, seen_at = excluded.seen_at`,
  );
  const release = database.prepare(`UPDATE ${table} SET token = NULL, claimed_until = 0 WHERE id = ? AND token = ?`);
  return {
    claim: async (id, token, leaseMs, again): Promise<Claim> => {
      const at = now();
      if (isRow(claim.get(id, token, at + leaseMs, at, again ? 1 : 0, at))) return "claimed";
      const row = find.get(id);
      return isRow(row) && (row as { readonly processed: unknown }).processed === 1 && !again ? "processed" : "in_progress";
    },
    complete: async (id) => {
      const at = now();
      complete.run(id, at);
      forget.run(at - rememberMs, id);
    },
    release: async (id, token) => {
      release.run(id, token);
    },
  };
}

export function isRow(row: unknown): boolean {
  return row !== undefined && row !== null;
}
