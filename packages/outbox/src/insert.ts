import type { OutboxEvent } from "./event.ts";
import { outboxInsert } from "./statement.ts";
import type { TableOptions } from "./tables.ts";

/** A connection with a transaction open: `pg`'s `Client` and `PoolClient`, Neon's, PGlite's, TypeORM's `QueryRunner`, or an own wrapper. */
export interface QueryClient {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Prisma's client within `$transaction`. */
export interface PrismaTransaction {
  $executeRaw(strings: TemplateStringsArray, ...values: unknown[]): PromiseLike<unknown>;
}

/** `node:sqlite`'s `DatabaseSync`, `better-sqlite3`'s and `bun:sqlite`'s `Database`. */
export interface SqliteDatabase {
  prepare(sql: string): { run(...values: (string | null)[]): unknown };
}

/** What was written. */
export interface Inserted {
  /** The key under which the event will be published. */
  readonly idempotencyKey: string;
}

/**
 * Writes an event in the transaction that `transaction` has open: it is published if that commits, and never otherwise. Insert it after what it
 * tells of was changed, so that events of one `orderKey` have the order of the changes. Throws `OutboxError`, before anything is sent.
 */
export async function insertEvent(
  transaction: QueryClient | PrismaTransaction,
  event: OutboxEvent,
  options: TableOptions = {},
): Promise<Inserted> {
  const { text, values, template, idempotencyKey } = outboxInsert(event, options);
  if ("$executeRaw" in transaction) await transaction.$executeRaw(...template);
  else {
    refusePool(transaction);
    await transaction.query(text, [...values]);
  }
  return { idempotencyKey };
}

/** The same for SQLite's synchronous drivers. */
export function insertEventSync(database: SqliteDatabase, event: OutboxEvent, options: TableOptions = {}): Inserted {
  const { questionText, values, idempotencyKey } = outboxInsert(event, options);
  database.prepare(questionText).run(...values);
  return { idempotencyKey };
}

/** A pool runs each statement on whichever connection is free: the event would be there although the transaction was rolled back. */
function refusePool(client: QueryClient): void {
  if ("totalCount" in client && "idleCount" in client) {
    throw new TypeError(
      "This is a pool, whose statements belong to no transaction: take a connection with pool.connect(), BEGIN, and give that.",
    );
  }
}
