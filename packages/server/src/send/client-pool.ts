import { Client } from "undici";

/** A connection to one origin, for one request at a time. */
export interface PooledClient {
  readonly client: Client;
  readonly origin: string;
  /** Monotonic ms; from then on its host is looked up and vetted again before anything else is sent there. */
  readonly expiresAt: number;
  /** The other side has closed it. A request that was on its way to it then gets a new one from undici, which is its last. */
  isClosed: boolean;
}

export interface ClientPoolOptions {
  readonly client: Client.Options;
  /** Longest life of a connection, ms. */
  readonly lifeMs: number;
}

/**
 * Connections that are free, by origin, the latest used first: so what is not needed any more falls idle and is closed. There is no cap: an
 * endpoint's slots are the cap.
 *
 * undici's own `Agent` asks every connection of an origin in turn whether it is free, with the time of day for each; with 64 of them that
 * was an eighth of all that a delivery allocates. Here the free one is known.
 */
export class ClientPool {
  readonly #options: ClientPoolOptions;
  readonly #free = new Map<string, PooledClient[]>();
  readonly #all = new Set<Client>();

  constructor(options: ClientPoolOptions) {
    this.#options = options;
  }

  /** A free connection, or a new one. */
  take(origin: string): PooledClient {
    const free = this.#free.get(origin);
    const now = performance.now();
    for (let pooled = free?.pop(); pooled !== undefined; pooled = free?.pop()) {
      if (now < pooled.expiresAt && !pooled.client.destroyed) return pooled;
      this.discard(pooled);
    }
    return this.open(origin);
  }

  /** A new connection; it is made with its first request. */
  open(origin: string): PooledClient {
    const client = new Client(origin, this.#options.client);
    const pooled: PooledClient = { client, origin, expiresAt: performance.now() + this.#options.lifeMs, isClosed: false };
    this.#all.add(client);
    client.on("disconnect", () => {
      pooled.isClosed = true;
      if (this.#free.get(origin)?.includes(pooled) === true) this.discard(pooled);
    });
    return pooled;
  }

  /** Gives back a connection whose answer came whole. */
  give(pooled: PooledClient): void {
    if (pooled.isClosed || pooled.client.destroyed) {
      this.discard(pooled);
      return;
    }
    const free = this.#free.get(pooled.origin);
    if (free === undefined) this.#free.set(pooled.origin, [pooled]);
    else free.push(pooled);
  }

  /** Closes a connection that can or should not be used again. */
  discard(pooled: PooledClient): void {
    const { client, origin } = pooled;
    if (!this.#all.delete(client)) return;
    const free = this.#free.get(origin);
    const at = free?.indexOf(pooled) ?? -1;
    if (at >= 0) free?.splice(at, 1);
    if (free?.length === 0) this.#free.delete(origin);
    client.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    const all = [...this.#all];
    this.#all.clear();
    this.#free.clear();
    await Promise.all(all.map((client) => client.destroy()));
  }
}
