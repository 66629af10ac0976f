import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  DAY_MS,
  type CheckReader,
  type DayCounts,
  type DirectoryFacts,
  type DirectoryTable,
  type EventFacts,
  type EventReference,
  type HistoryRow,
  type SequenceFacts,
  type SumDifference,
  type Task,
} from "@genhook/core";
import { mergeFacts, type Batches } from "../merge-facts.ts";
import { sumDifferences, toSumDifference } from "../sum-differences.ts";
import { countersOf, number, text } from "../columns.ts";
import { DATA_FILE } from "./data-file.ts";
import { listDays } from "./day-tables.ts";
import { SCHEMA_VERSION } from "./migrations/migrate.ts";
import { Connection, type Row, type SqlValue } from "./connection.ts";
import { StoreOpenError } from "../open-error.ts";
import { toEventHead, toLogRow, toTask } from "./rows.ts";
import { parseLatency } from "./stat-writer.ts";
import { toHex, toUuid } from "./uuid-bytes.ts";

const BATCH = 500;
const MS_PER_ID_BYTES = 6;
const HEAD = `id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, owes, directory_version, erased_at,
  length(payload) AS payload_bytes`;
const LOG = `event, subscription, seq, kind, round, n, at, duration_ms, status, error, NULL AS detail, address, NULL AS response_headers,
  NULL AS response_body, state, reason, next_at, shop, app`;

/**
 * Opens a data folder's file for checking: read-only, as of one moment, also while a server uses it. The server goes on meanwhile, but its
 * log cannot begin again at the start until this is closed. Throws `StoreOpenError`.
 */
export function openSqliteCheckReader(folder: string): CheckReader {
  const path = join(folder, DATA_FILE);
  if (!existsSync(path)) throw new StoreOpenError("no_data", `There is no data file ${path}. Give --data the folder of a server's data.`);
  try {
    const connection = new Connection(path, true);
    const version = Number(connection.get("PRAGMA user_version")?.["user_version"] ?? 0);
    if (version !== SCHEMA_VERSION) {
      connection.close();
      throw new StoreOpenError("schema_newer", `${path} has schema ${version}; this version of Genhook checks schema ${SCHEMA_VERSION}.`);
    }
    connection.database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -65536; BEGIN; SELECT 1 FROM directory");
    return new SqliteCheckReader(connection);
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreOpenError("corrupt", `${path} is not a Genhook data file, or is damaged (${why}).`, error);
  }
}

class SqliteCheckReader implements CheckReader {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async *damage(): AsyncGenerator<string> {
    await Promise.resolve();
    try {
      for (const row of this.#iterate("PRAGMA integrity_check(100)")) {
        const [says] = Object.values(row);
        if (says !== "ok") yield String(says);
      }
    } catch (error) {
      // What is damaged badly ends the look for damage.
      yield error instanceof Error ? error.message : String(error);
    }
  }

  days(): Promise<readonly number[]> {
    return Promise.resolve(listDays(this.#connection));
  }

  async *events(day: number): AsyncGenerator<readonly EventFacts[]> {
    await Promise.resolve();
    const [from, to] = [idBound(day), idBound(day + 1)];
    yield* mergeFacts(day, {
      events: batchesOf(
        map(this.#iterate(`SELECT ${HEAD} FROM event_${day} ORDER BY id`), (row) => ({
          head: toEventHead(row),
          payloadBytes: number(row["payload_bytes"]),
        })),
      ),
      rows: batchesOf(map(this.#iterate(`SELECT ${LOG} FROM attempt_${day} ORDER BY event, subscription, seq`), toLogRow)),
      tasks: batchesOf(
        map(this.#iterate("SELECT * FROM task WHERE event >= ? AND event < ? ORDER BY event, subscription, due", from, to), toTask),
      ),
    });
  }

  async *strayTasks(): AsyncGenerator<readonly Task[]> {
    await Promise.resolve();
    const days = new Set(listDays(this.#connection));
    const isStray = (row: Row): boolean => !days.has(dayOfId(row["event"]));
    yield* inBatches(map(filter(this.#iterate("SELECT * FROM task"), isStray), toTask));
  }

  async *references(): AsyncGenerator<readonly EventReference[]> {
    await Promise.resolve();
    const days = new Set(listDays(this.#connection));
    const find = (id: SqlValue | undefined): EventReference["event"] => {
      const day = dayOfId(id);
      const row = days.has(day) ? this.#connection.get(`SELECT shop, owes FROM event_${day} WHERE id = ?`, id ?? null) : undefined;
      return row === undefined ? null : { shop: number(row["shop"]), deliveries: (JSON.parse(text(row["owes"])) as unknown[]).length };
    };
    const toReference = (kind: EventReference["kind"], row: Row): EventReference => ({
      kind,
      eventId: toUuid(row["event"]),
      shop: row["shop"] === undefined ? null : number(row["shop"]),
      deliveries: row["deliveries"] === undefined ? null : number(row["deliveries"]),
      expiresAt: row["expires_at"] === undefined ? null : number(row["expires_at"]),
      event: find(row["event"]),
    });
    yield* inBatches(
      map(this.#iterate("SELECT shop, event, deliveries, expires_at FROM idempotency"), (row) => toReference("idempotency", row)),
    );
    yield* inBatches(map(this.#iterate("SELECT event, shop FROM erasure"), (row) => toReference("erasure", row)));
    for (const day of days) {
      const rows = this.#iterate(
        `SELECT s.event FROM event_subject_${day} s LEFT JOIN event_${day} e ON e.id = s.event WHERE e.id IS NULL`,
      );
      yield* inBatches(map(rows, (row) => toReference("subject", row)));
    }
  }

  directory(): Promise<DirectoryFacts> {
    const row = this.#connection.get("SELECT * FROM directory") ?? {};
    return Promise.resolve({
      version: number(row["version"]),
      nextKeys: countersOf(row),
      holdVersions: this.#connection.all("SELECT version FROM hold").map((each) => number(each["version"])),
    });
  }

  async *history(): AsyncGenerator<readonly HistoryRow[]> {
    await Promise.resolve();
    for (const table of ["shop", "app", "installation", "subscription"] as const) {
      const key = table === "installation" ? "app, shop" : "id";
      yield* inBatches(map(this.#iterate(`SELECT * FROM ${table} ORDER BY ${key}, version`), (row) => toHistoryRow(table, row)));
    }
  }

  async *sequences(): AsyncGenerator<readonly SequenceFacts[]> {
    await Promise.resolve();
    const rows = this.#iterate(
      `SELECT s.subscription, coalesce(max(f.n), 0) AS floor, min(s.n) AS first, max(s.n) AS last, count(*) AS count
         FROM sequence s LEFT JOIN sequence_floor f ON f.subscription = s.subscription GROUP BY s.subscription`,
    );
    yield* inBatches(
      map(rows, (row) => ({
        subscription: number(row["subscription"]),
        floor: number(row["floor"]),
        first: number(row["first"]),
        last: number(row["last"]),
        count: number(row["count"]),
      })),
    );
  }

  counts(): Promise<readonly DayCounts[]> {
    const days = new Map<number, DayCounts>();
    for (const row of this.#iterate("SELECT * FROM stat")) {
      const day = Math.floor(number(row["at"]) / DAY_MS);
      days.set(day, addCounts(days.get(day), day, row));
    }
    return Promise.resolve([...days.values()]);
  }

  sumDifferences(): Promise<readonly SumDifference[]> {
    return Promise.resolve(this.#connection.all(SUM_DIFFERENCES).map(toSumDifference));
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #iterate(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#connection.database.prepare(sql).iterate(...values) as unknown as Iterable<Row>;
  }
}

function toHistoryRow(table: DirectoryTable, row: Row): HistoryRow {
  const body = JSON.parse(text(row["body"])) as { readonly id?: number; readonly app?: number; readonly shop?: number };
  const isInstallation = table === "installation";
  return {
    table,
    key: isInstallation ? `${number(row["app"])} ${number(row["shop"])}` : String(number(row["id"])),
    version: number(row["version"]),
    until: row["until"] === null ? null : number(row["until"]),
    validFrom: number(row["valid_from"]),
    validTo: row["valid_to"] === null ? null : number(row["valid_to"]),
    bodyKey: isInstallation ? `${body.app} ${body.shop}` : String(body.id),
  };
}

/** Latency classes stand in one text. */
const SUM_DIFFERENCES = sumDifferences({
  timed: "(SELECT coalesce(sum(value), 0) FROM json_each('[' || replace(latency, ' ', ',') || ']'))",
  summed: "1 = 1",
});

const COUNTS = ["published", "delivered", "failed", "dead", "cancelled"] as const;

function addCounts(before: DayCounts | undefined, day: number, row: Row): DayCounts {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, (before?.[name] ?? 0) + number(row[name])])) as Record<
    (typeof COUNTS)[number],
    number
  >;
  const latency = parseLatency(text(row["latency"]));
  return {
    day,
    ...counts,
    timed: latency.reduce((sum, count) => sum + count, before?.timed ?? 0),
    smallest: Math.min(before?.smallest ?? 0, ...COUNTS.map((name) => number(row[name])), ...latency),
  };
}

function* map<From, To>(from: Iterable<From>, change: (each: From) => To): Generator<To> {
  for (const each of from) yield change(each);
}

function* filter<Each>(from: Iterable<Each>, isWanted: (each: Each) => boolean): Generator<Each> {
  for (const each of from) if (isWanted(each)) yield each;
}

function* inBatches<Each>(from: Iterable<Each>): Generator<readonly Each[]> {
  let batch: Each[] = [];
  for (const each of from) {
    batch.push(each);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function batchesOf<Each>(from: Iterable<Each>): Batches<Each> {
  const batches = inBatches(from);
  return () => {
    const next = batches.next();
    return Promise.resolve(next.done === true ? [] : next.value);
  };
}

/** The smallest id of a day. */
function idBound(day: number): Uint8Array {
  const bound = Buffer.alloc(16);
  bound.writeUIntBE(day * DAY_MS, 0, MS_PER_ID_BYTES);
  return bound;
}

function dayOfId(id: SqlValue | undefined): number {
  return Math.floor(Number.parseInt(toHex(id).slice(0, 2 * MS_PER_ID_BYTES), 16) / DAY_MS);
}
