import { tablesOf, type TableOptions } from "@genhook/outbox";
import type { Wake } from "./outbox-source.ts";

/** A pool whose connections tell of notifications: `pg`'s `Pool`, past a transaction pooler. */
export interface ListeningPool {
  connect(): Promise<ListeningConnection>;
}

export interface ListeningConnection {
  query(text: string): Promise<unknown>;
  on(event: "notification" | "error" | "end", listener: () => void): unknown;
  release(destroy?: boolean): void;
}

const RECONNECT_AFTER_MS = 5_000;

/**
 * Wakes a relay when something was written, where `postgresSchema({ notify: true })` has made the trigger. It only saves waiting: a notification that is lost, or a
 * connection that is, costs the time until the outbox is looked at anyway.
 */
export class PostgresWake implements Wake {
  readonly #pool: ListeningPool;
  readonly #channel: string;
  #connection: ListeningConnection | null = null;
  #isConnecting = false;
  #isClosed = false;
  #retryAt = Number.NEGATIVE_INFINITY;
  #next = new AbortController();

  constructor(pool: ListeningPool, options: TableOptions = {}) {
    this.#pool = pool;
    this.#channel = tablesOf(options).plain;
  }

  next(): AbortSignal {
    if (this.#next.signal.aborted) this.#next = new AbortController();
    if (this.#connection === null && !this.#isConnecting && !this.#isClosed && performance.now() >= this.#retryAt) void this.#connect();
    return this.#next.signal;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#drop(this.#connection);
  }

  async #connect(): Promise<void> {
    this.#isConnecting = true;
    this.#retryAt = performance.now() + RECONNECT_AFTER_MS;
    try {
      const connection = await this.#pool.connect();
      const drop = (): void => this.#drop(connection);
      connection.on("error", drop);
      connection.on("end", drop);
      connection.on("notification", () => this.#next.abort());
      this.#connection = connection;
      await connection.query(`LISTEN ${this.#channel}`);
      if (this.#isClosed) this.#drop(connection);
      // What was written before it listened.
      this.#next.abort();
    } catch {
      this.#drop(this.#connection);
    }
    this.#isConnecting = false;
  }

  #drop(connection: ListeningConnection | null): void {
    if (connection === null || connection !== this.#connection) return;
    this.#connection = null;
    connection.release(true);
  }
}
