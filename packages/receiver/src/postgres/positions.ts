import type { PositionStore } from "../sequence/position-store.ts";
import { tablesOf, type TableOptions } from "../table-prefix.ts";
import type { PostgresClient } from "./client.ts";

/** Keeps a gap detector's positions in PostgreSQL. `setUpPostgres` makes the table. */
export function postgresPositions(client: PostgresClient, options: TableOptions = {}): PositionStore {
  const { position: table } = tablesOf(options);
  return {
    async read(key) {
      const { rows } = await client.query(`SELECT value FROM ${table} WHERE key = $1`, [key]);
      return (rows[0] as { readonly value: string } | undefined)?.value ?? null;
    },
    async swap(key, before, after) {
      const { rows } =
        before === null
          ? await client.query(`INSERT INTO ${table} (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`, [key, after])
          : await client.query(`UPDATE ${table} SET value = $3 WHERE key = $1 AND value = $2 RETURNING 1`, [key, before, after]);
      return rows.length > 0;
    },
  };
}
