import { StoreOpenError } from "../../open-error.ts";
import type { Query } from "../database.ts";
import { FIRST } from "./0001-first.ts";

/** Forward only, in order; the schema's version is how many were applied. */
const MIGRATIONS: readonly string[] = [FIRST];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Any number that no other program takes: two processes that start at once wait for each other. Held by the transaction alone, which a pooler respects. */
const LOCK = 0x67_65_6e_68;

/** Brings the schema up to this version inside the caller's transaction; refuses a schema made by a newer version. */
export async function migrate(query: Query): Promise<void> {
  await query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
  await query(
    "CREATE TABLE IF NOT EXISTS genhook_schema (single boolean PRIMARY KEY DEFAULT true CHECK (single), version integer NOT NULL)",
  );
  const [row] = await query("SELECT version FROM genhook_schema");
  const version = typeof row?.["version"] === "number" ? row["version"] : 0;
  if (version > SCHEMA_VERSION) {
    throw new StoreOpenError(
      "schema_newer",
      `The database was written by a newer version of Genhook (schema ${version}, this one knows ${SCHEMA_VERSION}). Start that version, or restore a backup.`,
    );
  }
  for (const migration of MIGRATIONS.slice(version)) await query(migration);
  if (version < SCHEMA_VERSION) {
    await query("INSERT INTO genhook_schema (version) VALUES ($1) ON CONFLICT (single) DO UPDATE SET version = excluded.version", [
      SCHEMA_VERSION,
    ]);
  }
}
