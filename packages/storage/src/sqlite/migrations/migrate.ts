import type { DatabaseSync } from "node:sqlite";
import { StoreOpenError } from "../../open-error.ts";
import { FIRST } from "./0001-first.ts";

/** Forward only, in order; the schema's version is how many were applied (`user_version`). */
const MIGRATIONS: readonly string[] = [FIRST];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Brings the schema up to this version, in one transaction; refuses a schema made by a newer version. */
export function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version > SCHEMA_VERSION) {
    throw new StoreOpenError(
      "schema_newer",
      `The data was written by a newer version of Genhook (schema ${version}, this one knows ${SCHEMA_VERSION}). Start that version, or restore a backup.`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
