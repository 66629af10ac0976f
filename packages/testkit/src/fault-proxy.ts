import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isSwallowing: boolean;
}

interface Swallowing {
  readonly bytes: string;
  readonly done: () => void;
}

/** A TCP proxy on a loopback port of its own that does to connections what networks do. */
export class FaultProxy {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  readonly #swallowings: Swallowing[] = [];
  readonly #counted = new Map<string, number>();
  #target: number;
  #isStalled = false;

  private constructor(target: number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** In front of another port. */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(this.port);
    return through.href;
  }

  /** Where connections that are made from now on lead. */
  leadTo(port: number): void {
    this.#target = port;
  }

  /** Ends every connection at once, by a reset. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** From now on nothing is carried in either direction, on connections old and new, and nobody is told. */
  stall(): void {
    this.#isStalled = true;
    for (const { client, server } of this.#pairs) for (const socket of [client, server]) socket.pause();
  }

  /**
   * The next request with these bytes in it reaches the server; in the place of its answer comes the end of the connection. Resolves when that
   * has happened.
   */
  swallowAnswerTo(bytes: string): Promise<void> {
    return new Promise((done) => {
      this.#swallowings.push({ bytes, done });
    });
  }

  /** Counts requests with these bytes in them from now on; answers how many there were. */
  countRequests(bytes: string): () => number {
    this.#counted.set(bytes, 0);
    return () => this.#counted.get(bytes) ?? 0;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => {
      this.#listener.close(resolve);
    });
  }

  #accept(client: Socket): void {
    const server = connect({ host: "127.0.0.1", port: this.#target });
    const pair: Pair = { client, server, isSwallowing: false };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.on("error", () => this.#end(pair));
      socket.on("close", () => this.#end(pair));
    }
    client.on("data", (chunk) => {
      const found = this.#swallowings.findIndex(({ bytes }) => chunk.includes(bytes));
      for (const [bytes, count] of this.#counted) if (chunk.includes(bytes)) this.#counted.set(bytes, count + 1);
      if (found >= 0) this.#swallow(pair, this.#swallowings.splice(found, 1));
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (!pair.isSwallowing) client.write(chunk);
    });
    // A socket with a listener for data flows from then on.
    if (this.#isStalled) this.stall();
  }

  #swallow(pair: Pair, [swallowing]: readonly Swallowing[]): void {
    pair.isSwallowing = true;
    pair.server.once("data", () => {
      this.#end(pair);
      swallowing?.done();
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    for (const socket of [pair.client, pair.server]) socket.resetAndDestroy();
  }
}
