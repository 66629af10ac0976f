import { Connection } from "./connection.ts";
import type { Dial, Origin } from "./dial.ts";

export interface ConnectionPoolOptions {
  readonly dial: Dial;
  /** Longest life of a connection, ms. */
  readonly lifeMs: number;
  /** An unused connection is closed after this, ms, and sooner where the other side says so. */
  readonly idleMs: number;
}

/** How much sooner than the other side says a connection is given up: a request must not meet its end on the way. */
const SOONER_MS = 1_000;
const SWEEP_MS = 1_000;

/**
 * Connections that are free, by origin, the latest used first: so what is not needed any more falls idle and is closed. There is no cap: an
 * endpoint's slots are the cap.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #free = new Map<string, Connection[]>();
  readonly #all = new Set<Connection>();
  readonly #forget = (connection: Connection): void => this.discard(connection);
  #sweep: NodeJS.Timeout | null = null;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** A free connection, or a new one. */
  take(key: string, origin: Origin): Connection {
    const free = this.#free.get(key);
    if (free !== undefined) {
      const now = performance.now();
      for (let connection = free.pop(); connection !== undefined; connection = free.pop()) {
        if (isFresh(connection, now)) return connection;
        this.discard(connection);
      }
    }
    return this.open(key, origin);
  }

  /** A new connection; it is made with its first request. */
  open(key: string, origin: Origin): Connection {
    const { dial, lifeMs } = this.#options;
    const connection = new Connection(key, origin, { dial, expiresAt: performance.now() + lifeMs, onIdleEnd: this.#forget });
    this.#all.add(connection);
    return connection;
  }

  /** Gives back a connection whose attempt has ended: it is kept where it can be used again. */
  give(connection: Connection): void {
    const now = performance.now();
    const keptMs = Math.min(this.#options.idleMs, (connection.reader.keepAliveMs ?? Infinity) - SOONER_MS);
    if (!connection.isReusable || keptMs <= 0 || connection.expiresAt <= now) {
      this.discard(connection);
      return;
    }
    connection.idleUntil = now + keptMs;
    connection.reader.reset();
    const free = this.#free.get(connection.originKey);
    if (free === undefined) this.#free.set(connection.originKey, [connection]);
    else free.push(connection);
    this.#sweep ??= setTimeout(() => this.#closeIdle(), SWEEP_MS).unref();
  }

  /** Closes a connection that can or should not be used again. */
  discard(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const free = this.#free.get(connection.originKey);
    const at = free?.indexOf(connection) ?? -1;
    if (at >= 0) free?.splice(at, 1);
    if (free?.length === 0) this.#free.delete(connection.originKey);
    connection.destroy();
  }

  close(): void {
    if (this.#sweep !== null) clearTimeout(this.#sweep);
    this.#sweep = null;
    for (const connection of this.#all) connection.destroy();
    this.#all.clear();
    this.#free.clear();
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const free of this.#free.values()) {
      const stale = free.filter((connection) => !isFresh(connection, now));
      for (const connection of stale) this.discard(connection);
    }
    this.#sweep = this.#free.size === 0 ? null : setTimeout(() => this.#closeIdle(), SWEEP_MS).unref();
  }
}

function isFresh(connection: Connection, now: number): boolean {
  return now < connection.idleUntil && now < connection.expiresAt;
}
