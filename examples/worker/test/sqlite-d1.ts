import { DatabaseSync } from "node:sqlite";
import type { D1Database, D1Statement } from "../src/d1-inbox.ts";

type Value = string | number | null;

/** D1's promises, kept by SQLite in memory: the database that D1 is made of. */
export class SqliteD1 implements D1Database {
  readonly database: DatabaseSync = new DatabaseSync(":memory:");

  prepare(sql: string): SqliteD1Statement {
    return new SqliteD1Statement(this.database, sql, []);
  }

  batch(statements: D1Statement[]): Promise<unknown> {
    this.database.exec("BEGIN");
    try {
      for (const statement of statements as SqliteD1Statement[]) statement.run();
      this.database.exec("COMMIT");
      return Promise.resolve([]);
    } catch (error) {
      this.database.exec("ROLLBACK");
      return Promise.reject(new Error(`D1_ERROR: ${String(error)}`, { cause: error }));
    }
  }
}

class SqliteD1Statement implements D1Statement {
  readonly #database: DatabaseSync;
  readonly #sql: string;
  readonly #values: Value[];

  constructor(database: DatabaseSync, sql: string, values: Value[]) {
    this.#database = database;
    this.#sql = sql;
    this.#values = values;
  }

  bind(...values: Value[]): SqliteD1Statement {
    return new SqliteD1Statement(this.#database, this.#sql, values);
  }

  run(): void {
    this.#database.prepare(this.#sql).run(...this.#values);
  }
}
