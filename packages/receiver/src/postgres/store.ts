import type { DeliveryStore } from "../delivery-store.ts";
import { REMEMBER_MS } from "../limits.ts";
import { tablesOf, type TableOptions } from "../table-prefix.ts";
import { msOf, type PostgresClient } from "./client.ts";

export interface PostgresOptions extends TableOptions {
  /** How long a processed delivery is remembered, ms; 31 days unless given. Each delivery removes up to two that are older. */
  readonly rememberMs?: number | undefined;
}

/**
 * Removes two rows per delivery that adds one: the table never needs a cleaning, and no delivery pays for many. Locked rows are left to whoever
 * holds them, so that two processes cannot wait for each other.
 */
export function forgetting(table: string, idParameter: string, rememberParameter: string): string {
  return `WITH forgotten AS (DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE seen_at < clock_timestamp() - ${msOf(rememberParameter)} AND id <> ${idParameter} ORDER BY seen_at LIMIT 2 FOR UPDATE SKIP LOCKED))`;
}

/** Remembers deliveries in PostgreSQL, for any number of processes. `setUpPostgres` makes its table. Times are the database's. */
export function postgresStore(client: PostgresClient, options: PostgresOptions = {}): DeliveryStore {
  const { delivery: table } = tablesOf(options);
  const rememberMs = options.rememberMs ?? REMEMBER_MS;
  const claim = `WITH claimed AS (
    INSERT INTO ${table} AS d (id, token, claimed_until, seen_at) VALUES ($1, $2, clock_timestamp() + ${msOf("$3")}, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET token = EXCLUDED.token, claimed_until = EXCLUDED.claimed_until, seen_at = EXCLUDED.seen_at
    WHERE (NOT d.processed OR $4::boolean) AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
    RETURNING 1)
    SELECT EXISTS (SELECT FROM claimed) AS claimed, COALESCE((SELECT processed FROM ${table} WHERE id = $1), false) AS processed`;
  const complete = `${forgetting(table, "$1::text", "$2")}
    INSERT INTO ${table} (id, processed, seen_at) VALUES ($1, true, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET processed = true, token = NULL, claimed_until = NULL, seen_at = EXCLUDED.seen_at`;
  return {
    async claim(id, token, leaseMs, again) {
      const { rows } = await client.query(claim, [id, token, leaseMs, again]);
      const row = rows[0] as { readonly claimed: boolean; readonly processed: boolean };
      // A row of another process that this statement's snapshot does not show counts as in progress: the next attempt will see it.
      return row.claimed ? "claimed" : row.processed && !again ? "processed" : "in_progress";
    },
    async complete(id) {
      await client.query(complete, [id, rememberMs]);
    },
    async release(id, token) {
      await client.query(`UPDATE ${table} SET token = NULL, claimed_until = NULL WHERE id = $1 AND token = $2`, [id, token]);
    },
  };
}
