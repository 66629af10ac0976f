import { DatabaseSync, type StatementSync } from "node:sqlite";

/** What a statement's parameters and columns may hold here. */
export type SqlValue = null | number | string | Uint8Array;
export type Row = Record<string, SqlValue>;

/** A connection with its prepared statements, each prepared once by its text. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, isReadOnly: boolean) {
    this.database = new DatabaseSync(path, { readOnly: isReadOnly, timeout: 5_000 });
  }

  statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** Rows changed. */
  run(text: string, ...values: SqlValue[]): number {
    return Number(this.statement(text).run(...values).changes);
  }

  get(text: string, ...values: SqlValue[]): Row | undefined {
    return this.statement(text).get(...values) as Row | undefined;
  }

  all(text: string, ...values: SqlValue[]): Row[] {
    return this.statement(text).all(...values) as Row[];
  }

  /** Carries `work` out as one transaction: all of it or nothing. */
  transaction<Value>(work: () => Value): Value {
    this.statement("BEGIN IMMEDIATE").run();
    let value: Value;
    try {
      value = work();
      this.statement("COMMIT").run();
    } catch (error) {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      throw error;
    }
    return value;
  }

  /**
   * Carries `work` out on one snapshot. Not only for agreement between its statements: each statement of its own would take and give the
   * read lock, and throw away all cached pages when anything was written in between (a lane's read took 8 times as long).
   */
  snapshot<Value>(work: () => Value): Value {
    this.statement("BEGIN").run();
    try {
      return work();
    } finally {
      this.statement("COMMIT").run();
    }
  }

  /** Forgets statements that name a table which is about to go. */
  forget(table: string): void {
    for (const text of this.#statements.keys()) if (text.includes(table)) this.#statements.delete(text);
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }
}

/** The one connection that writes. `auto_vacuum` counts only before the first table; `synchronous=FULL` is the promise behind a 202. */
export function openWriter(path: string): Connection {
  const connection = new Connection(path, false);
  connection.database.exec(`
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -12288;
  `);
  return connection;
}

export function openReader(path: string): Connection {
  const connection = new Connection(path, true);
  connection.database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -4096;");
  return connection;
}
