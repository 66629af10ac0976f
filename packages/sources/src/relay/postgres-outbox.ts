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

/** What a relay needs of a PostgreSQL pool: `pg`'s `Pool`, Neon's, or an own wrapper. Nothing needs a session, so a transaction pooler may be between. */
export interface QueryPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** PostgreSQL's time as RFC 3339. */
const asMoment = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** An outbox in PostgreSQL. */
export class PostgresOutbox implements OutboxStore {
  readonly name: string;
  readonly blocksLanes: boolean;
  readonly #pool: QueryPool;
  readonly #tables: OutboxTables;

  constructor(pool: QueryPool, options: OutboxStoreOptions = {}) {
    this.#pool = pool;
    this.#tables = tablesOf(options);
    this.name = `postgres outbox ${this.#tables.outbox}`;
    this.blocksLanes = options.onRefused !== "skip";
  }

  async renew(owner: string, leaseMs: number): Promise<boolean> {
    const { relay } = this.#tables;
    const { rows } = await this.#pool.query(
      `INSERT INTO ${relay} AS r (owner, expires_at) VALUES ($1, clock_timestamp() + $2::double precision * interval '1 millisecond')
      ON CONFLICT (one) DO UPDATE SET owner = EXCLUDED.owner, expires_at = EXCLUDED.expires_at
      WHERE r.owner = EXCLUDED.owner OR r.expires_at < clock_timestamp() RETURNING 1`,
      [owner, leaseMs],
    );
    return rows.length > 0;
  }

  async giveUp(owner: string): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#tables.relay} WHERE owner = $1`, [owner]);
  }

  /** The sizes of payloads are known without reading them. */
  async read({ limit, bytesMax, withoutIds, withoutLanes }: RowQuery): Promise<readonly StoredRow[]> {
    const { outbox, aside } = this.#tables;
    const blocked = this.blocksLanes
      ? `EXISTS (SELECT FROM ${aside} AS a WHERE a.shop = o.shop AND a.order_key = o.order_key AND a.id < o.id)`
      : "false";
    const { rows } = await this.#pool.query(
      `SELECT id::text, key, shop, topic, payload, client_id, triggered_at, order_key, changed, traceparent, ${asMoment("created_at")} AS created_at, blocked
      FROM (
        SELECT o.*, ${blocked} AS blocked, sum(octet_length(o.payload)) OVER (ORDER BY o.id) - octet_length(o.payload) AS bytes_before
        FROM ${outbox} AS o
        WHERE o.id <> ALL ($1::bigint[]) AND (o.order_key IS NULL OR o.shop || ' ' || o.order_key <> ALL ($2::text[]))
        ORDER BY o.id LIMIT $3
      ) AS page WHERE bytes_before < $4 ORDER BY page.id`,
      [withoutIds, withoutLanes, limit, bytesMax],
    );
    return rows as readonly StoredRow[];
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#tables.outbox} WHERE id = ANY ($1::bigint[])`, [ids]);
  }

  async setAside(ids: readonly string[], refusal: Refusal | null): Promise<void> {
    const { outbox, aside } = this.#tables;
    await this.#pool.query(
      `WITH gone AS (DELETE FROM ${outbox} WHERE id = ANY ($1::bigint[]) RETURNING ${ROW_COLUMNS})
      INSERT INTO ${aside} (${ROW_COLUMNS}, state, code, error, member)
      SELECT ${ROW_COLUMNS}, CASE WHEN $2::text IS NULL THEN 'behind' ELSE 'refused' END, $2, $3, $4 FROM gone`,
      [ids, refusal?.code ?? null, refusal?.message ?? null, refusal?.member ?? null],
    );
  }

  async release(): Promise<void> {
    const { outbox, aside } = this.#tables;
    const waits = this.blocksLanes
      ? `AND NOT EXISTS (SELECT FROM ${aside} AS r WHERE r.state = 'refused' AND r.shop = b.shop AND r.order_key = b.order_key AND r.id < b.id)`
      : "";
    await this.#pool.query(
      `WITH free AS (
        DELETE FROM ${aside} WHERE state = 'behind' AND id IN (SELECT b.id FROM ${aside} AS b WHERE b.state = 'behind' ${waits} ORDER BY b.id LIMIT ${RELEASED_MAX})
        RETURNING ${ROW_COLUMNS})
      INSERT INTO ${outbox} (${ROW_COLUMNS}) SELECT ${ROW_COLUMNS} FROM free`,
      [],
    );
  }

  async status(): Promise<OutboxStatus> {
    const { outbox, aside, relay } = this.#tables;
    const { rows } = await this.#pool.query(
      `SELECT (SELECT count(*)::int FROM (SELECT FROM ${outbox} LIMIT ${COUNTED_MAX}) AS counted) AS waiting,
        (SELECT ${asMoment("created_at")} FROM ${outbox} ORDER BY id LIMIT 1) AS "oldestAt",
        (SELECT count(*)::int FROM ${aside} WHERE state = 'refused') AS refused,
        (SELECT count(*)::int FROM ${aside} WHERE state = 'behind') AS behind,
        (SELECT owner FROM ${relay} WHERE expires_at > clock_timestamp()) AS relay`,
      [],
    );
    return rows[0] as OutboxStatus;
  }

  async refused(limit: number): Promise<readonly RefusedEvent[]> {
    const { aside } = this.#tables;
    const { rows } = await this.#pool.query(
      `SELECT id::text, shop, topic, order_key AS "orderKey", code, error, member,
        ${asMoment("created_at")} AS "createdAt", ${asMoment("aside_at")} AS "refusedAt",
        (SELECT count(*)::int FROM ${aside} AS b WHERE b.state = 'behind' AND b.shop = r.shop AND b.order_key = r.order_key AND b.id > r.id) AS behind
      FROM ${aside} AS r WHERE state = 'refused' ORDER BY id LIMIT $1`,
      [limit],
    );
    return rows as readonly RefusedEvent[];
  }

  async retry(ids: readonly string[] | null): Promise<number> {
    const { outbox, aside } = this.#tables;
    const { rows } = await this.#pool.query(
      `WITH back AS (DELETE FROM ${aside} WHERE state = 'refused' AND ($1::bigint[] IS NULL OR id = ANY ($1::bigint[])) RETURNING ${ROW_COLUMNS})
      INSERT INTO ${outbox} (${ROW_COLUMNS}) SELECT ${ROW_COLUMNS} FROM back RETURNING 1`,
      [ids],
    );
    return rows.length;
  }

  async discard(ids: readonly string[] | null): Promise<number> {
    const { rows } = await this.#pool.query(
      `DELETE FROM ${this.#tables.aside} WHERE state = 'refused' AND ($1::bigint[] IS NULL OR id = ANY ($1::bigint[])) RETURNING 1`,
      [ids],
    );
    return rows.length;
  }
}
