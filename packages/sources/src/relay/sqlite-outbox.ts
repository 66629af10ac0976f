import { tablesOf, type OutboxTables } from "@genhook/outbox";
import type { Refusal } from "../intake/source.ts";
import type { StoredRow } from "./outbox-record.ts";
import {
  COUNTED_MAX,
  RELEASED_MAX,
  ROW_COLUMNS,
  type OutboxStatus,
  type OutboxStore,
  type OutboxStoreOptions,
  type RefusedEvent,
  type RowQuery,
} from "./outbox-store.ts";

/** What a relay needs of an SQLite database: `node:sqlite`'s `DatabaseSync`, `better-sqlite3`'s `Database`. Give it a time-out for busy locks. */
export interface RelayDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...values: (string | number | null)[]): unknown[]; run(...values: (string | number | null)[]): unknown };
}

const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const IDS = "(SELECT CAST(value AS INTEGER) FROM json_each(?))";

/** An outbox in SQLite, for a platform and a relay on one machine. */
export class SqliteOutbox implements OutboxStore {
  readonly name: string;
  readonly blocksLanes: boolean;
  readonly #database: RelayDatabase;
  readonly #tables: OutboxTables;

  constructor(database: RelayDatabase, options: OutboxStoreOptions = {}) {
    this.#database = database;
    this.#tables = tablesOf(options);
    this.name = `sqlite outbox ${this.#tables.outbox}`;
    this.blocksLanes = options.onRefused !== "skip";
  }

  async renew(owner: string, leaseMs: number): Promise<boolean> {
    const rows = this.#all(
      `INSERT INTO ${this.#tables.relay} AS r (one, owner, expires_at) VALUES (1, ?, ${NOW_MS} + ?)
      ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
      WHERE r.owner = excluded.owner OR r.expires_at < ${NOW_MS} RETURNING 1`,
      owner,
      leaseMs,
    );
    return rows.length > 0;
  }

  async giveUp(owner: string): Promise<void> {
    this.#run(`DELETE FROM ${this.#tables.relay} WHERE owner = ?`, owner);
  }

  async read({ limit, bytesMax, withoutIds, withoutLanes }: RowQuery): Promise<readonly StoredRow[]> {
    const { outbox, aside } = this.#tables;
    const blocked = this.blocksLanes
      ? `EXISTS (SELECT 1 FROM ${aside} AS a WHERE a.shop = o.shop AND a.order_key = o.order_key AND a.id < o.id)`
      : "0";
    const rows = this.#all(
      `SELECT CAST(id AS TEXT) AS id, key, shop, topic, payload, client_id, triggered_at, order_key, changed, traceparent, created_at, blocked
      FROM (
        SELECT o.*, ${blocked} AS blocked, sum(octet_length(o.payload)) OVER (ORDER BY o.id) - octet_length(o.payload) AS bytes_before
        FROM ${outbox} AS o
        WHERE o.id NOT IN ${IDS} AND (o.order_key IS NULL OR o.shop || ' ' || o.order_key NOT IN (SELECT value FROM json_each(?)))
        ORDER BY o.id LIMIT ?
      ) WHERE bytes_before < ? ORDER BY CAST(id AS INTEGER)`,
      JSON.stringify(withoutIds),
      JSON.stringify(withoutLanes),
      limit,
      bytesMax,
    ) as (Omit<StoredRow, "blocked"> & { readonly blocked: number })[];
    return rows.map((row) => ({ ...row, blocked: row.blocked === 1 }));
  }

  async remove(ids: readonly string[]): Promise<void> {
    this.#run(`DELETE FROM ${this.#tables.outbox} WHERE id IN ${IDS}`, JSON.stringify(ids));
  }

  async setAside(ids: readonly string[], refusal: Refusal | null): Promise<void> {
    const { outbox, aside } = this.#tables;
    this.#together(() => {
      this.#run(
        `INSERT INTO ${aside} (${ROW_COLUMNS}, state, code, error, member)
        SELECT ${ROW_COLUMNS}, ?, ?, ?, ? FROM ${outbox} WHERE id IN ${IDS}`,
        refusal === null ? "behind" : "refused",
        refusal?.code ?? null,
        refusal?.message ?? null,
        refusal?.member ?? null,
        JSON.stringify(ids),
      );
      this.#run(`DELETE FROM ${outbox} WHERE id IN ${IDS}`, JSON.stringify(ids));
    });
  }

  async release(): Promise<void> {
    const { aside } = this.#tables;
    const waits = this.blocksLanes
      ? `AND NOT EXISTS (SELECT 1 FROM ${aside} AS r WHERE r.state = 'refused' AND r.shop = b.shop AND r.order_key = b.order_key AND r.id < b.id)`
      : "";
    const free = `SELECT b.id FROM ${aside} AS b WHERE b.state = 'behind' ${waits} ORDER BY b.id LIMIT ${RELEASED_MAX}`;
    // Nothing is written, and no lock taken, where nothing is free: that is nearly always.
    if (this.#all(`SELECT EXISTS (${free}) AS any`).some((row) => (row as { readonly any: number }).any === 1)) this.#putBack(free);
  }

  async status(): Promise<OutboxStatus> {
    const { outbox, aside, relay } = this.#tables;
    const [row] = this.#all(
      `SELECT (SELECT count(*) FROM (SELECT 1 FROM ${outbox} LIMIT ${COUNTED_MAX})) AS waiting,
        (SELECT created_at FROM ${outbox} ORDER BY id LIMIT 1) AS oldestAt,
        (SELECT count(*) FROM ${aside} WHERE state = 'refused') AS refused,
        (SELECT count(*) FROM ${aside} WHERE state = 'behind') AS behind,
        (SELECT owner FROM ${relay} WHERE expires_at > ${NOW_MS}) AS relay`,
    );
    return { ...(row as OutboxStatus) };
  }

  async refused(limit: number): Promise<readonly RefusedEvent[]> {
    const { aside } = this.#tables;
    const rows = this.#all(
      `SELECT CAST(id AS TEXT) AS id, shop, topic, order_key AS orderKey, code, error, member, created_at AS createdAt, aside_at AS refusedAt,
        (SELECT count(*) FROM ${aside} AS b WHERE b.state = 'behind' AND b.shop = r.shop AND b.order_key = r.order_key AND b.id > r.id) AS behind
      FROM ${aside} AS r WHERE state = 'refused' ORDER BY r.id LIMIT ?`,
      limit,
    );
    return rows.map((row) => ({ ...(row as RefusedEvent) }));
  }

  async retry(ids: readonly string[] | null): Promise<number> {
    return this.#putBack(this.#refusedIds(), ids);
  }

  async discard(ids: readonly string[] | null): Promise<number> {
    const text = ids === null ? null : JSON.stringify(ids);
    return this.#all(`DELETE FROM ${this.#tables.aside} WHERE id IN (${this.#refusedIds()}) RETURNING 1`, text, text).length;
  }

  #refusedIds(): string {
    return `SELECT id FROM ${this.#tables.aside} WHERE state = 'refused' AND (? IS NULL OR id IN ${IDS})`;
  }

  /** Moves what the statement selects back among those that wait; how many it were. */
  #putBack(selected: string, ids?: readonly string[] | null): number {
    const { outbox, aside } = this.#tables;
    const text = ids === undefined || ids === null ? null : JSON.stringify(ids);
    const values = ids === undefined ? [] : [text, text];
    return this.#together(() => {
      const back = this.#all(
        `INSERT INTO ${outbox} (${ROW_COLUMNS}) SELECT ${ROW_COLUMNS} FROM ${aside} WHERE id IN (${selected}) RETURNING id`,
        ...values,
      ) as { readonly id: number }[];
      this.#run(`DELETE FROM ${aside} WHERE id IN ${IDS}`, JSON.stringify(back.map(({ id }) => id)));
      return back.length;
    });
  }

  #together<Value>(act: () => Value): Value {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const value = act();
      this.#database.exec("COMMIT");
      return value;
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // Some failures have ended the transaction already; the first one is the one to report.
      }
      throw error;
    }
  }

  #all(sql: string, ...values: (string | number | null)[]): unknown[] {
    return this.#database.prepare(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
