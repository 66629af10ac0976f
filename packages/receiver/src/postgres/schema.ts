import { tablesOf, type TableOptions } from "../table-prefix.ts";
import type { PostgresClient } from "./client.ts";

/** Two processes may make the same table at once: PostgreSQL then fails one of them, although it says IF NOT EXISTS. */
const MADE_BY_ANOTHER: ReadonlySet<unknown> = new Set(["23505", "42P07", "42710"]);

/** The statements that make the kit's tables, for a migration. They can be run again. */
export function postgresSchema(options: TableOptions = {}): readonly string[] {
  const { delivery, position } = tablesOf(options);
  const index = `${delivery.replace(/^.*\./, "")}_seen`;
  return [
    `CREATE TABLE IF NOT EXISTS ${delivery} (id text PRIMARY KEY, processed boolean NOT NULL DEFAULT false, token text, claimed_until timestamptz, seen_at timestamptz NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${delivery} (seen_at)`,
    `CREATE TABLE IF NOT EXISTS ${position} (key text PRIMARY KEY, value text NOT NULL)`,
  ];
}

/** Makes the kit's tables where they are missing. Several processes may do so at once. */
export async function setUpPostgres(client: PostgresClient, options: TableOptions = {}): Promise<void> {
  for (const statement of postgresSchema(options)) {
    await client.query(statement, []).catch((error: unknown) => {
      if (!MADE_BY_ANOTHER.has((error as { code?: unknown } | null)?.code)) throw error;
    });
  }
}
