import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PostgresOutbox, PostgresWake, SqliteOutbox, type OutboxStore, type Wake } from "@genhook/sources/relay";
import pg from "pg";
import { CliError, usage } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";

/** Where the outbox is. */
export interface OutboxFlags {
  readonly outbox?: string;
  readonly table?: string;
}

export interface OpenOutbox {
  readonly store: OutboxStore;
  readonly wake: Wake | undefined;
  close(): Promise<void>;
}

/** How long SQLite waits for the platform's own transactions, ms. */
const BUSY_MS = 10_000;

/** Opens the outbox that `--outbox` names, and makes sure that its tables are there. */
export async function openOutbox(flags: OutboxFlags, terminal: Terminal, onRefused: "block" | "skip" = "block"): Promise<OpenOutbox> {
  const where = flags.outbox ?? terminal.environment["GENHOOK_OUTBOX"];
  if (where === undefined || where === "") {
    throw usage(
      "Say where the outbox is: --outbox, or GENHOOK_OUTBOX.",
      "postgres://user:password@host/database, or the file of an SQLite database",
    );
  }
  const options = { onRefused, ...(flags.table === undefined ? {} : { table: flags.table }) };
  let opened: OpenOutbox;
  try {
    opened = isPostgres(where) ? openPostgres(where, options) : openSqlite(where, options);
  } catch (error) {
    if (error instanceof TypeError) throw usage(`--${error.message}.`);
    throw error;
  }
  try {
    await opened.store.status();
  } catch (error) {
    await opened.close();
    throw explain(error, where);
  }
  return opened;
}

function isPostgres(where: string): boolean {
  return where.startsWith("postgres://") || where.startsWith("postgresql://");
}

type Options = ConstructorParameters<typeof PostgresOutbox>[1];

function openPostgres(url: string, options: Options): OpenOutbox {
  const pool = new pg.Pool({ connectionString: url, max: 3, application_name: "genhook relay" });
  // A connection that dies while it is idle is the pool's matter; the next statement says what is wrong.
  pool.on("error", () => undefined);
  const store = new PostgresOutbox(pool, options);
  return { store, wake: new PostgresWake(pool, options), close: () => pool.end() };
}

function openSqlite(file: string, options: Options): OpenOutbox {
  if (!existsSync(file))
    throw new CliError("notFound", "no_outbox", `There is no file ${file}.`, [
      "--outbox takes postgres://…, or the file of an SQLite database",
    ]);
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  return { store: new SqliteOutbox(database, options), wake: undefined, close: async () => database.close() };
}

function explain(error: unknown, where: string): CliError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : null;
  // PostgreSQL's undefined_table; SQLite has no code of its own for it.
  if (code === "42P01" || message.includes("no such table")) {
    const kind = isPostgres(where) ? "" : " --sqlite";
    return new CliError("notFound", "no_outbox", `The outbox's tables are not there: ${message}.`, [
      `Make them in a migration; the statements: genhook outbox schema${kind}`,
    ]);
  }
  return new CliError("unavailable", "outbox_unavailable", `The outbox cannot be read: ${message === "" ? String(code) : message}.`);
}
