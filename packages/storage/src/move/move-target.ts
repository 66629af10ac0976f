import { asideDue, WALL_TIMES_FROM } from "@genhook/core";
import pg from "pg";
import { StoreOpenError } from "../open-error.ts";
import { clientOptions, type Query, type Row } from "../postgres/database.ts";
import { migrate } from "../postgres/migrations/migrate.ts";
import { asOpenError } from "../postgres/open-failure.ts";
import { makePartitions } from "../postgres/partitions.ts";
import { checkServerVersion } from "../postgres/server-version.ts";
import { columnType, type MovedValue } from "./moved-values.ts";
import { isMoved, type MovedTable, type TargetColumn } from "./moved-tables.ts";
import { readProgress, saveProgress, type MoveProgress } from "./move-progress.ts";

const FETCHED_ROWS = 2_000;

/** The database that data is moved into, over one connection. */
export class MoveTarget {
  readonly #client: pg.Client;
  readonly #url: string;
  #progress: MoveProgress | null = null;

  private constructor(client: pg.Client, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Rejects with `StoreOpenError`. */
  static async open(url: string): Promise<MoveTarget> {
    const client = new pg.Client(clientOptions(url));
    // What breaks the connection is told by the statement that was under way.
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw asOpenError(error, url);
    }
    return new MoveTarget(client, url);
  }

  readonly query: Query = async (text, values = []) => (await this.#client.query<Row>(text, [...values])).rows;

  /** Makes the schema and claims the database for this move; takes up the same move where it stopped. Null: it was finished before. */
  async claim(move: Pick<MoveProgress, "identity" | "fingerprint" | "startedAt">, startsOver: boolean): Promise<MoveProgress | null> {
    return this.#transaction(async () => {
      try {
        await checkServerVersion(this.query);
        await migrate(this.query);
      } catch (error) {
        throw asOpenError(error, this.#url);
      }
      const found = await readProgress(this.query);
      if (found === null) await this.#refuseUsed();
      if (found !== null && found.state === "copying" && startsOver) await this.#empty();
      else if (found !== null) {
        judge(found, move);
        this.#progress = found;
        return found.state === "done" ? null : found;
      }
      const begun: MoveProgress = { ...move, state: "copying", finishedAt: null, tables: {} };
      await saveProgress(this.query, null, begun);
      this.#progress = begun;
      return begun;
    });
  }

  /** The columns of each table, in order. */
  async columns(): Promise<ReadonlyMap<string, readonly TargetColumn[]>> {
    const rows = await this.query(
      `SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'genhook_schema'::regclass)
         AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`,
    );
    const tables = Map.groupBy(rows, (row) => String(row["table"]));
    return new Map(
      [...tables].map(([table, columns]) => [table, columns.map((row) => ({ name: String(row["name"]), type: String(row["type"]) }))]),
    );
  }

  /** Makes the partitions of these days. */
  async makeDays(days: readonly number[]): Promise<void> {
    await this.#transaction(() => makePartitions(this.query, days));
  }

  /** Writes rows and how far it has come with them, both or neither. */
  async write(table: MovedTable, rows: readonly (readonly MovedValue[])[], reached: readonly (number | string)[] | true): Promise<void> {
    const before = this.#progress;
    if (before === null) throw new TypeError("nothing was claimed");
    const after: MoveProgress = { ...before, tables: { ...before.tables, [table.source.name]: reached } };
    await this.#transaction(async () => {
      if (table.isReplaced && rows.length > 0) await this.query(`DELETE FROM ${table.target}`);
      if (rows.length > 0)
        await this.query(
          insertion(table),
          table.columns.map((_, index) => rows.map((row) => row[index])),
        );
      await saveProgress(this.query, before, after);
    });
    this.#progress = after;
  }

  /** Every row of a table, in no order. */
  async *rows({ target, columns }: MovedTable, keptOut: string | null): AsyncGenerator<readonly MovedValue[]> {
    const list = columns.map(({ name, type }) => (type.endsWith("[]") || type === "uuid" ? `${name}::text` : name)).join(", ");
    await this.query("BEGIN READ ONLY");
    try {
      await this.query(`DECLARE moved NO SCROLL CURSOR FOR SELECT ${list} FROM ${target} ${keptOut === null ? "" : `WHERE ${keptOut}`}`);
      for (;;) {
        const { rows } = await this.#client.query<MovedValue[]>({ text: `FETCH ${FETCHED_ROWS} FROM moved`, rowMode: "array" });
        if (rows.length === 0) break;
        yield* rows;
      }
    } finally {
      await this.query("ROLLBACK");
    }
  }

  /** All of it is there: servers may start. */
  async finish(at: number): Promise<void> {
    const before = this.#progress;
    if (before === null) throw new TypeError("nothing was claimed");
    await this.#transaction(async () => {
      await this.query("SELECT setval(pg_get_serial_sequence('audit', 'id'), max(id)) FROM audit HAVING max(id) IS NOT NULL");
      // What is accepted from here on queues behind what came along.
      await this.query(
        `SELECT setval('task_place', place) FROM (
           SELECT max(CASE WHEN due >= ${asideDue(0)} THEN due - ${asideDue(0)} WHEN due < ${WALL_TIMES_FROM} THEN due END) AS place FROM task WHERE lane <> subscription
         ) AS last WHERE place > 0`,
      );
      await saveProgress(this.query, before, { ...before, state: "done", finishedAt: at });
    });
    // A database that nobody has analysed yet is read with guesses.
    await this.query("ANALYZE");
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  /** Also keys and nodes: a server that was started once has made keys of its own, and secrets sealed with them could not be told apart from ours. */
  async #refuseUsed(): Promise<void> {
    const found: string[] = [];
    for (const table of (await this.columns()).keys()) {
      const isOurs = table === "genhook_schema" || table === "shard_lease" || table === "directory";
      if (!isOurs && (await this.query(`SELECT 1 FROM ${table} LIMIT 1`)).length > 0) found.push(table);
    }
    if (found.length === 0) return;
    throw new StoreOpenError(
      "target_in_use",
      `The database has data already (${found.join(", ")}), from a server that was started on it. Give --to an empty one: data is moved, not merged.`,
    );
  }

  async #empty(): Promise<void> {
    const tables = [...(await this.columns()).keys()].filter((table) => isMoved(table) && table !== "directory");
    await this.query(`TRUNCATE ${tables.join(", ")}`);
  }

  async #transaction<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.query("BEGIN");
    try {
      const value = await work();
      await this.query("COMMIT");
      return value;
    } catch (error) {
      await this.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }
}

function judge(found: MoveProgress, move: Pick<MoveProgress, "identity" | "fingerprint">): void {
  if (found.identity !== move.identity) {
    throw new StoreOpenError(
      "target_in_use",
      found.state === "done"
        ? "Other data was moved into this database before. Give --to an empty one."
        : "Other data is half moved into this database. Give --to an empty one, or throw away what is there of it with --start-over.",
    );
  }
  if (found.fingerprint === move.fingerprint) return;
  throw new StoreOpenError(
    "source_changed",
    found.state === "done"
      ? "This data was moved into this database before, and has changed since: a server was started on it. Give --to an empty database."
      : "The data has changed since the move began: a server was started on it meanwhile. Begin anew with --start-over.",
  );
}

function insertion({ target, columns }: MovedTable): string {
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${columnType(type)}`);
  const values = columns.map(({ name, type }) => (type.endsWith("[]") ? `${name}::${type}` : name));
  const names = columns.map(({ name }) => name);
  // The audit's numbers are given by the database otherwise.
  return `INSERT INTO ${target} (${names.join(", ")}) OVERRIDING SYSTEM VALUE SELECT ${values.join(", ")} FROM unnest(${arrays.join(", ")}) AS r (${names.join(", ")})`;
}
