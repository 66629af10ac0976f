import { dayOfTime } from "@genhook/core";
import type { Database, Query, Row } from "./database.ts";
import { DAYS_AHEAD, DAYS_BEHIND, DAY_TABLES, partitionName } from "./day.ts";

const LOCK = 0x67_65_6e_64;
const AGAIN_MS = 3_600_000;
const NAMES = `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'event'::regclass`;
/** Asked of those of the log alone (OFFSET keeps it so): of every table of the database, a size would take 8 ms. */
const FILLED = `SELECT name FROM (
  SELECT c.relname AS name, c.oid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'attempt'::regclass OFFSET 0
) AS day WHERE pg_relation_size(oid) > 0`;

/** Which days have partitions. Those of the next days are made before they are needed, so that no publish ever waits for one. */
export class Partitions {
  readonly #database: Database;
  readonly #known = new Set<number>();
  readonly #timer: NodeJS.Timeout;

  constructor(database: Database) {
    this.#database = database;
    // Its failure is seen where it matters: the day's first publish makes what is missing.
    this.#timer = setInterval(() => void this.prepare(Date.now()).catch(() => undefined), AGAIN_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Makes the partitions around now. */
  async prepare(nowMs: number): Promise<void> {
    const today = dayOfTime(nowMs);
    await this.ensure(Array.from({ length: DAYS_BEHIND + 1 + DAYS_AHEAD }, (_, index) => today - DAYS_BEHIND + index));
  }

  async ensure(days: readonly number[]): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.#known.has(day));
    if (missing.length === 0) return;
    await this.#database.transaction("read", (query) => makePartitions(query, missing));
    for (const day of missing) this.#known.add(day);
  }

  /** A partition has gone, or was not there after all. */
  forget(): void {
    this.#known.clear();
  }

  /** Days that have partitions, ascending. */
  async list(): Promise<number[]> {
    const rows = await this.#database.query("read", NAMES);
    return rows.map(dayOfRow).sort((a, b) => a - b);
  }

  /** Those of which anything was ever logged: not the days to come. */
  async listLogged(): Promise<number[]> {
    const rows = await this.#database.query("read", FILLED);
    return rows.map(dayOfRow).sort((a, b) => a - b);
  }
}

/** Makes what is missing of these days, inside a transaction of the caller. Attaching a table takes a lock that publishes do not wait for; making a partition in place would. */
export async function makePartitions(query: Query, days: readonly number[]): Promise<void> {
  await query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
  const present = new Set((await query(NAMES)).map(dayOfRow));
  for (const day of days) {
    if (present.has(day)) continue;
    for (const table of DAY_TABLES) {
      const name = partitionName(table, day);
      await query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING STORAGE)`);
      await query(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${day}) TO (${day + 1})`);
    }
  }
}

function dayOfRow(row: Row): number {
  return Number(/\d+$/.exec(String(row["name"]))?.[0]);
}
