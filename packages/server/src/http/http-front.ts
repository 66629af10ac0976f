import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { watchConnections } from "./stopping-connections.ts";
import { makeHttpServer, type HttpServerOptions } from "./http-server.ts";

export interface HttpFrontOptions extends HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Null: one port for everything. */
  readonly platformPort: number | null;
}

/** One port for everything, or one for apps and one for operators: neither then knows the other's paths. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #main: FastifyInstance;
  readonly #platform: FastifyInstance | null;
  readonly #letGo: readonly (() => void)[];

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    const isSplit = options.platformPort !== null;
    this.#main = makeHttpServer(options, isSplit ? "public" : "all");
    this.#platform = isSplit ? makeHttpServer(options, "platform") : null;
    this.#letGo = this.#servers.map(({ server }) => watchConnections(server));
  }

  /** Listens on all ports, or on none: rejects with the error of the port that could not be opened. */
  async listen(): Promise<void> {
    const { host, port, platformPort } = this.#options;
    await this.#main.listen({ host, port });
    if (this.#platform === null || platformPort === null) return;
    try {
      await this.#platform.listen({ host, port: platformPort });
    } catch (error) {
      await this.#main.close();
      throw error;
    }
  }

  get origin(): string {
    return this.#originOf(this.#main);
  }

  /** Where the caller of either port reaches the one that app developers use. */
  appOriginOf(request: IncomingMessage): string {
    const { callerUrl } = this.#options.access;
    const origin = callerUrl.originOf(request);
    if (this.#platform === null || callerUrl.isPublicKnown) return origin;
    // The same host by its other port.
    const url = new URL(origin === "" ? this.origin : origin);
    url.port = new URL(this.origin).port;
    return url.origin;
  }

  get platformOrigin(): string {
    return this.#originOf(this.#platform ?? this.#main);
  }

  /** Waits for answers under way, then closes what is left. */
  async close(graceMs: number): Promise<void> {
    const servers = this.#servers;
    const timer = setTimeout(() => {
      for (const each of servers) each.server.closeAllConnections();
    }, graceMs);
    const closed = Promise.all(servers.map((each) => each.close()));
    for (const letGo of this.#letGo) letGo();
    await closed;
    clearTimeout(timer);
  }

  get #servers(): readonly FastifyInstance[] {
    return this.#platform === null ? [this.#main] : [this.#main, this.#platform];
  }

  #originOf(server: FastifyInstance): string {
    const { host } = this.#options;
    const address = server.server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }
}
