import { hash } from "node:crypto";
import { existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { messageOf, StoreOpenError } from "../open-error.ts";
import { DATA_FILE } from "../sqlite/data-file.ts";
import { Connection, type Row } from "../sqlite/connection.ts";
import { listDays } from "../sqlite/day-tables.ts";
import { lockFolder } from "../sqlite/lock-folder.ts";
import { SCHEMA_VERSION } from "../sqlite/migrations/migrate.ts";
import { movedMarkOf } from "../sqlite/moved-mark.ts";
import type { SourceTable } from "./moved-tables.ts";
import { unpackKey } from "./moved-values.ts";

/** The data file that is moved, as of one moment. */
export class MoveSource {
  readonly path: string;
  /** The data folder; null for a backup, which no server uses. */
  readonly folder: string | null;
  readonly #lock: DatabaseSync | null;
  readonly #connection: Connection;

  private constructor(path: string, folder: string | null, lock: DatabaseSync | null, connection: Connection) {
    this.path = path;
    this.folder = folder;
    this.#lock = lock;
    this.#connection = connection;
  }

  /** A data folder, its file, or a backup's file. A folder is locked until `close`, so no server runs on it. Throws `StoreOpenError`. */
  static open(from: string): MoveSource {
    const isFolder = existsSync(from) && statSync(from).isDirectory();
    const path = isFolder ? join(from, DATA_FILE) : from;
    if (!existsSync(path))
      throw new StoreOpenError("no_data", `There is no data file ${path}. Give --from the folder of a server's data, or a backup.`);
    const folder = isFolder || basename(path) === DATA_FILE ? dirname(path) : null;
    const lock = folder === null ? null : lockFolder(folder);
    try {
      const connection = new Connection(path, true);
      const version = Number(connection.get("PRAGMA user_version")?.["user_version"] ?? 0);
      if (version !== SCHEMA_VERSION) {
        connection.close();
        const advice =
          version > SCHEMA_VERSION ? "Use that version." : "Start a server on it once, then stop it: that brings it up to date.";
        throw new StoreOpenError(
          "schema_newer",
          `${path} has schema ${version}; this version of Genhook moves schema ${SCHEMA_VERSION}. ${advice}`,
        );
      }
      connection.database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -65536; BEGIN; SELECT 1 FROM directory");
      return new MoveSource(path, folder, lock, connection);
    } catch (error) {
      lock?.close();
      if (error instanceof StoreOpenError) throw error;
      throw new StoreOpenError("corrupt", `${path} is not a Genhook data file, or is damaged (${messageOf(error)}).`, error);
    }
  }

  /** Every table, by name, but sums that PostgreSQL makes when they are asked for. */
  tables(): readonly SourceTable[] {
    const names = this.#connection.all(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'stat_sum' ORDER BY name",
    );
    return names.map(({ name }): SourceTable => {
      const columns = this.#connection.all(`PRAGMA table_info(${String(name)})`);
      const key = columns.filter(({ pk }) => Number(pk) > 0).toSorted((a, b) => Number(a["pk"]) - Number(b["pk"]));
      return {
        name: String(name),
        columns: columns.map((column) => String(column["name"])),
        key: key.map((column) => String(column["name"])),
      };
    });
  }

  days(): readonly number[] {
    return listDays(this.#connection);
  }

  /** The rows of a table in the order of its key, behind one of them. */
  rows({ name, key }: SourceTable, after: readonly (number | string)[] | null): Iterable<Row> {
    const columns = key.join(", ");
    const behind = after === null ? "" : `WHERE (${columns}) > (${key.map(() => "?").join(", ")})`;
    const statement = this.#connection.database.prepare(`SELECT * FROM ${name} ${behind} ORDER BY ${columns}`);
    return statement.iterate(...(after === null ? [] : unpackKey(after))) as unknown as Iterable<Row>;
  }

  count(table: string): number {
    return Number(this.#connection.get(`SELECT count(*) AS n FROM ${table}`)?.["n"]);
  }

  note(name: string): string | null {
    const value = this.#connection.get("SELECT value FROM note WHERE name = ?", name)?.["value"];
    return typeof value === "string" ? value : null;
  }

  /** Of this store and no other, whatever has happened on it since. */
  identity(): string {
    return hash("sha256", this.note("data-key") ?? resolve(this.path));
  }

  /** Changes with nearly everything that a server does, and costs little to read. What it misses, the comparison at the end finds. */
  fingerprint(): string {
    const days = this.days().map((day) => [day, this.#connection.get(`SELECT max(rowid) AS last FROM event_${day}`)?.["last"]]);
    const [directory] = this.#connection.all("SELECT * FROM directory");
    const audit = this.#connection.get("SELECT max(id) AS last FROM audit")?.["last"];
    return hash("sha256", JSON.stringify([days, directory, audit, this.count("task"), this.count("idempotency")]));
  }

  /** Says beside the data where it has gone, so that no server starts on it by accident. */
  markMoved(place: string, at: number): string | null {
    if (this.folder === null) return null;
    const mark = movedMarkOf(this.folder);
    writeFileSync(`${mark}.part`, `${place}\n${new Date(at).toISOString()}\n`, { mode: 0o600, flush: true });
    renameSync(`${mark}.part`, mark);
    return mark;
  }

  close(): void {
    this.#connection.close();
    this.#lock?.close();
  }
}
