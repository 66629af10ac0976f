import {
  DAY_MS,
  type CheckReader,
  type DayCounts,
  type DirectoryFacts,
  type EventFacts,
  type EventReference,
  type HistoryRow,
  type SequenceFacts,
  type SumDifference,
  type Task,
} from "@genhook/core";
import pg from "pg";
import { mergeFacts, type Batches } from "../merge-facts.ts";
import { StoreOpenError } from "../open-error.ts";
import { sumDifferences, toSumDifference } from "../sum-differences.ts";
import { countersOf, number, numberOrNull, text } from "../columns.ts";
import { clientOptions, type Row } from "./database.ts";
import { boundsOfDay } from "./day.ts";
import { readSchema, refuseNewer, SCHEMA_VERSION } from "./migrations/migrate.ts";
import { asOpenError } from "./open-failure.ts";
import { HEAD_COLUMNS, toEventHead, toLogRow, toTask } from "./rows.ts";

const BATCH = 500;
/** What was not summed by minute yet has no part in the sums. */
const SUM_DIFFERENCES = sumDifferences({ timed: "coalesce((SELECT sum(n) FROM unnest(latency) AS n), 0)", summed: "is_summed" });
const LOG = `event, subscription, seq, kind, round, n, at, duration_ms, status, error, NULL AS detail, address, NULL AS response_headers,
  NULL AS response_body, state, reason, next_at, shop, app`;

/**
 * Opens a database for checking: one transaction that only reads and sees one moment, also while servers use it. Nothing is made, upgraded or
 * changed. While it lasts, PostgreSQL keeps what was deleted since. Rejects with `StoreOpenError`.
 */
export async function openPostgresCheckReader(url: string): Promise<CheckReader> {
  const client = new pg.Client(clientOptions(url));
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows } = await client.query<Row>("SELECT to_regclass('genhook_schema') AS found");
    if (rows[0]?.["found"] === null) throw new StoreOpenError("no_data", "There is no Genhook data in this database. Check --database.");
    const schema = await readSchema(async (statement, values = []) => (await client.query<Row>(statement, [...values])).rows);
    refuseNewer(schema);
    if (schema.version < SCHEMA_VERSION) {
      throw new StoreOpenError(
        "schema_newer",
        `The database has schema ${schema.version}; this version of Genhook checks schema ${SCHEMA_VERSION}.`,
      );
    }
    return new PostgresCheckReader(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw asOpenError(error, url);
  }
}

class PostgresCheckReader implements CheckReader {
  readonly #client: pg.Client;
  #cursors = 0;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async *damage(): AsyncGenerator<string> {
    const [row] = await this.#query("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()");
    const failures = Number(row?.["checksum_failures"] ?? 0);
    if (failures > 0) yield `PostgreSQL has counted ${failures} pages with a wrong checksum`;
  }

  async days(): Promise<readonly number[]> {
    const rows = await this.#query(
      "SELECT substr(c.relname, 8)::integer AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'event'::regclass",
    );
    return rows.map((row) => number(row["day"])).sort((a, b) => a - b);
  }

  async *events(day: number): AsyncGenerator<readonly EventFacts[]> {
    const [from, to] = boundsOfDay(day);
    yield* mergeFacts(day, {
      events: await this.#cursor(
        `SELECT ${HEAD_COLUMNS}, length(e.payload) AS payload_bytes FROM event e WHERE e.day = ${day} ORDER BY e.id`,
        (row) => ({ head: toEventHead(row), payloadBytes: number(row["payload_bytes"]) }),
      ),
      rows: await this.#cursor(`SELECT ${LOG} FROM attempt WHERE day = ${day} ORDER BY event, subscription, seq`, toLogRow),
      tasks: await this.#cursor(
        `SELECT * FROM task WHERE event >= '${from}' AND event < '${to}' ORDER BY event, subscription, due`,
        toTask,
      ),
    });
  }

  async *strayTasks(): AsyncGenerator<readonly Task[]> {
    const days = await this.days();
    const known = days.length === 0 ? "false" : `genhook_day(event) IN (${days.join(", ")})`;
    yield* all(await this.#cursor(`SELECT * FROM task WHERE NOT (${known})`, toTask));
  }

  async *references(): AsyncGenerator<readonly EventReference[]> {
    const event = "LEFT JOIN event e ON e.day = genhook_day(r.event) AND e.id = r.event";
    const found = "e.shop AS event_shop, cardinality(e.owes) AS event_deliveries";
    yield* all(
      await this.#cursor(`SELECT r.event, r.shop, r.deliveries, r.expires_at, ${found} FROM idempotency r ${event}`, (row) =>
        toReference("idempotency", row),
      ),
    );
    yield* all(await this.#cursor(`SELECT r.event, r.shop, ${found} FROM erasure r ${event}`, (row) => toReference("erasure", row)));
    yield* all(
      await this.#cursor(
        "SELECT r.event, NULL::bigint AS event_shop, NULL::integer AS event_deliveries FROM event_subject r LEFT JOIN event e ON e.day = r.day AND e.id = r.event WHERE e.id IS NULL",
        (row) => toReference("subject", row),
      ),
    );
  }

  async directory(): Promise<DirectoryFacts> {
    const [row = {}] = await this.#query("SELECT * FROM directory");
    const holds = await this.#query("SELECT version FROM hold");
    return {
      version: number(row["version"]),
      nextKeys: countersOf(row),
      holdVersions: holds.map((hold) => number(hold["version"])),
    };
  }

  async *history(): AsyncGenerator<readonly HistoryRow[]> {
    for (const table of ["shop", "app", "installation", "subscription"] as const) {
      const isInstallation = table === "installation";
      const columns = isInstallation ? "app, shop" : "id";
      yield* all(
        await this.#cursor(
          `SELECT ${columns}, version, until, valid_from, valid_to, body FROM ${table} ORDER BY ${columns}, version`,
          (row): HistoryRow => {
            const body = JSON.parse(text(row["body"])) as { readonly id?: number; readonly app?: number; readonly shop?: number };
            return {
              table,
              key: isInstallation ? `${number(row["app"])} ${number(row["shop"])}` : String(number(row["id"])),
              version: number(row["version"]),
              until: numberOrNull(row["until"]),
              validFrom: number(row["valid_from"]),
              validTo: numberOrNull(row["valid_to"]),
              bodyKey: isInstallation ? `${body.app} ${body.shop}` : String(body.id),
            };
          },
        ),
      );
    }
  }

  async *sequences(): AsyncGenerator<readonly SequenceFacts[]> {
    yield* all(
      await this.#cursor(
        `SELECT s.subscription, coalesce(max(f.n), 0) AS floor, min(s.n) AS first, max(s.n) AS last, count(*) AS count
         FROM sequence s LEFT JOIN sequence_floor f ON f.subscription = s.subscription GROUP BY s.subscription`,
        (row) => ({
          subscription: number(row["subscription"]),
          floor: number(row["floor"]),
          first: number(row["first"]),
          last: number(row["last"]),
          count: number(row["count"]),
        }),
      ),
    );
  }

  async counts(): Promise<readonly DayCounts[]> {
    const rows = await this.#query(
      `SELECT at / ${DAY_MS} AS day, sum(published) AS published, sum(delivered) AS delivered, sum(failed) AS failed, sum(dead) AS dead,
         sum(cancelled) AS cancelled, coalesce(sum((SELECT sum(n) FROM unnest(latency) AS n)), 0)::bigint AS timed,
         min(least(published, delivered, failed, dead, cancelled, (SELECT min(n) FROM unnest(latency) AS n))) AS smallest
       FROM stat GROUP BY 1`,
    );
    return rows.map((row) => ({
      day: number(row["day"]),
      published: number(row["published"]),
      delivered: number(row["delivered"]),
      failed: number(row["failed"]),
      dead: number(row["dead"]),
      cancelled: number(row["cancelled"]),
      timed: number(row["timed"]),
      smallest: number(row["smallest"]),
    }));
  }

  async sumDifferences(): Promise<readonly SumDifference[]> {
    return (await this.#query(SUM_DIFFERENCES)).map(toSumDifference);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #query(statement: string): Promise<Row[]> {
    return (await this.#client.query<Row>(statement)).rows;
  }

  /** A cursor of the transaction: memory stays small, here and there. */
  async #cursor<Found>(statement: string, read: (row: Row) => Found): Promise<Batches<Found>> {
    this.#cursors += 1;
    const name = `check_${this.#cursors}`;
    await this.#client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${statement}`);
    return async () => {
      const rows = await this.#query(`FETCH ${BATCH} FROM ${name}`);
      if (rows.length === 0) await this.#client.query(`CLOSE ${name}`);
      return rows.map(read);
    };
  }
}

/** Not each table of references has each of these columns. */
function toReference(kind: EventReference["kind"], row: Row): EventReference {
  const shop = numberOrNull(row["event_shop"]);
  return {
    kind,
    eventId: text(row["event"]),
    shop: numberOrNull(row["shop"] ?? null),
    deliveries: numberOrNull(row["deliveries"] ?? null),
    expiresAt: numberOrNull(row["expires_at"] ?? null),
    event: shop === null ? null : { shop, deliveries: number(row["event_deliveries"]) },
  };
}

async function* all<Each>(fetch: Batches<Each>): AsyncGenerator<readonly Each[]> {
  for (let batch = await fetch(); batch.length > 0; batch = await fetch()) yield batch;
}
