import { StoreOpenError } from "../../open-error.ts";
import type { Query } from "../database.ts";
import { FIRST } from "./0001-first.ts";

/** A step of the schema. */
export interface Migration {
  readonly sql: string;
  /**
   * The oldest schema version whose processes may go on beside the result. Its own number where it takes away or changes what they use; an older
   * one where it only adds (see docs/operating.md).
   */
  readonly oldest: number;
}

/** Forward only, in order; the schema's version is how many were applied. */
const MIGRATIONS: readonly Migration[] = [{ sql: FIRST, oldest: 1 }];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Any number that no other program takes: two processes that start at once wait for each other. Held by the transaction alone, which a pooler respects. */
const LOCK = 0x67_65_6e_68;
/** A process that was not heard of for this long, ms, has ended: longer than a lease. */
const HEARD_WITHIN_MS = 15_000;

const SCHEMA = `CREATE TABLE IF NOT EXISTS genhook_schema (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  oldest integer NOT NULL DEFAULT 1
)`;

/**
 * Brings the schema up to this version inside the caller's transaction. A newer schema is worked with where it says that it may be, and refused
 * otherwise. What older processes could not go on beside is not done while any are alive.
 */
export async function migrate(query: Query, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
  await query(SCHEMA);
  const found = await readSchema(query);
  refuseNewer(found, migrations.length);
  if (found.version >= migrations.length) return;
  const due = migrations.slice(found.version);
  const oldest = Math.max(found.oldest, ...due.map((migration) => migration.oldest));
  if (found.version > 0 && oldest > found.version) await refuseAlive(query);
  for (const { sql } of due) await query(sql);
  await query(
    "INSERT INTO genhook_schema (version, oldest) VALUES ($1, $2) ON CONFLICT (single) DO UPDATE SET version = excluded.version, oldest = excluded.oldest",
    [migrations.length, oldest],
  );
}

/** What the database has; version 0 before there is anything. */
export interface FoundSchema {
  readonly version: number;
  readonly oldest: number;
}

export async function readSchema(query: Query): Promise<FoundSchema> {
  const [row] = await query("SELECT version, oldest FROM genhook_schema");
  return row === undefined ? { version: 0, oldest: 0 } : { version: Number(row["version"]), oldest: Number(row["oldest"]) };
}

/** Throws where a process that knows schemas up to `known` may not work with what was found. */
export function refuseNewer({ version, oldest }: FoundSchema, known: number = SCHEMA_VERSION): void {
  if (version <= known || oldest <= known) return;
  throw new StoreOpenError(
    "schema_newer",
    `The database was written by a newer version of Genhook (schema ${version}, for versions that know at least ${oldest}; this one knows ${known}). Start that version, or restore a backup.`,
  );
}

async function refuseAlive(query: Query): Promise<void> {
  const alive = await query(
    "SELECT name FROM node WHERE heard_at > floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1::bigint",
    [HEARD_WITHIN_MS],
  );
  if (alive.length === 0) return;
  throw new StoreOpenError(
    "schema_in_use",
    `This version changes the database in a way that ${alive.length === 1 ? "a running process" : `${alive.length} running processes`} of the older one could not go on with. Stop all of them, wait ${HEARD_WITHIN_MS / 1_000} s, and start this one again.`,
  );
}
