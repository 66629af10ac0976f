import pg from "pg";
import { StoreError } from "../store-error.ts";
import { toStoreError } from "./errors.ts";

export type Row = Record<string, unknown>;

const INT8 = 20;
const INT8_ARRAY = 1016;
/** Settings that every connection begins with; sent with the start-up packet, so that a transaction pooler may keep them or not. */
const APPLICATION_NAME = "genhook";
/** Longest time for a connection to be made or to become free, and for a statement, ms. */
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** The same for calls that must end soon: leases, and the directory's version. */
const SOON_CONNECT_MS = 1_000;
const SOON_STATEMENT_MS = 1_000;

export interface DatabaseOptions {
  readonly url: string;
  /** A connection that waited in a pool broke: nothing was under way on it. */
  readonly onIdleError: (error: Error) => void;
}

/** Which pool carries a call out: settlements must not wait behind publishes, and leases behind nothing. */
export type Lane = "publish" | "settle" | "read" | "soon";

const SIZES: Readonly<Record<Lane, number>> = { publish: 2, settle: 2, read: 4, soon: 2 };

/** The connections of one process, in small pools by use. No session state and no named statements: a transaction pooler may stand in between. */
export class Database {
  readonly #pools: Readonly<Record<Lane, pg.Pool>>;
  #isClosed = false;

  constructor(options: DatabaseOptions) {
    const make = (lane: Lane): pg.Pool => {
      const pool = new pg.Pool({ ...poolOptions(options.url, lane), max: SIZES[lane] });
      pool.on("error", options.onIdleError);
      // The pool listens only while a connection is idle or a query of its own is under way. One that breaks between, or once more after its query
      // has failed, would end the process: so somebody listens for as long as it lives.
      pool.on("connect", (client) => client.on("error", () => undefined));
      return pool;
    };
    this.#pools = { publish: make("publish"), settle: make("settle"), read: make("read"), soon: make("soon") };
  }

  /** One statement: one transaction. Rejects with a `StoreError`. */
  async query(lane: Lane, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (this.#isClosed) throw new StoreError("store_unavailable", "the store is closed");
    try {
      return (await this.#pools[lane].query<Row>(text, [...values])).rows;
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** The same with the driver's own error, for callers that tell a lost connection apart. */
  async queryRaw(lane: Lane, text: string, values: readonly unknown[]): Promise<Row[]> {
    if (this.#isClosed) throw new StoreError("store_unavailable", "the store is closed");
    return (await this.#pools[lane].query<Row>(text, [...values])).rows;
  }

  /** Several statements as one transaction: all of it or nothing. */
  async transaction<Value>(lane: Lane, work: (query: Query) => Promise<Value>, begin: string = "BEGIN"): Promise<Value> {
    if (this.#isClosed) throw new StoreError("store_unavailable", "the store is closed");
    let client: pg.PoolClient | null = null;
    let broken: Error | null = null;
    const onError = (error: Error): void => {
      broken = error;
    };
    try {
      client = await this.#pools[lane].connect();
      const held = client;
      held.on("error", onError);
      await held.query(begin);
      const value = await work(async (text, values = []) => (await held.query<Row>(text, [...values])).rows);
      await held.query("COMMIT");
      return value;
    } catch (error) {
      if (client !== null && broken === null) await client.query("ROLLBACK").catch((failure: Error) => (broken = failure));
      throw toStoreError(error);
    } finally {
      client?.off("error", onError);
      client?.release(broken ?? undefined);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()));
  }
}

export type Query = (text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** What a single connection outside the pools needs: LISTEN, migrations. */
export function clientOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser: typeParser as unknown as typeof pg.types.getTypeParser },
  };
}

function poolOptions(url: string, lane: Lane): pg.PoolConfig {
  const isSoon = lane === "soon";
  return {
    ...clientOptions(url),
    connectionTimeoutMillis: isSoon ? SOON_CONNECT_MS : CONNECT_MS,
    query_timeout: isSoon ? SOON_STATEMENT_MS : STATEMENT_MS,
    idleTimeoutMillis: 30_000,
    // A connection does not live for ever: after a failover the new primary is found, and memory on the server is given back.
    maxLifetimeSeconds: 1_800,
  };
}

/** 64-bit integers as numbers: ids and times here fit into 53 bits. */
function typeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === INT8) return Number;
  if (oid === INT8_ARRAY) {
    return (value) => (value === "{}" ? [] : value.slice(1, -1).split(",").map(Number));
  }
  return pg.types.getTypeParser(oid, format ?? "text") as (value: string) => unknown;
}
