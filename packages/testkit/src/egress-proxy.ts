import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, isIP, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { testCertificate } from "./tls.ts";

export interface EgressProxyOptions {
  readonly tls?: boolean;
  /** `user:password` that it asks for. */
  readonly credentials?: string;
  /** Names that only the proxy knows, each with the port on this machine that it leads to. Literals are dialled as they are. */
  readonly names?: Readonly<Record<string, number>>;
  /** Every name leads to the same port of this machine. */
  readonly isEveryNameHere?: boolean;
  /** Answered instead of a tunnel. */
  readonly refuse?: (authority: string) => number | "hang" | "close" | null;
  /** A header of such an answer, `name: value`. */
  readonly refusalHeader?: string;
}

/** A real HTTP proxy that makes tunnels (CONNECT) by a script, and keeps what it was asked. */
export interface EgressProxy {
  readonly url: string;
  /** What each CONNECT asked for, `host:port`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startEgressProxy(options: EgressProxyOptions = {}): Promise<EgressProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = options.tls === true ? createTlsServer({ key: testCertificate.key, cert: testCertificate.cert }) : createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const authority = request.url ?? "";
    asked.push(authority);
    client.on("error", () => undefined);
    const refused = refusalOf(options, request);
    if (refused === "hang") return;
    if (refused === "close") {
      client.destroy();
      return;
    }
    if (refused !== null) {
      const header = options.refusalHeader === undefined ? "" : `${options.refusalHeader}\r\n`;
      client.end(`HTTP/1.1 ${refused} No Such Luck\r\n${header}Content-Length: 2\r\n\r\nno`);
      return;
    }
    const url = new URL(`http://${authority}`);
    const named = options.names?.[url.hostname];
    const isHere = named !== undefined || (options.isEveryNameHere === true && isIP(url.hostname.replace(/^\[|\]$/g, "")) === 0);
    let isOpen = false;
    const target = connect(named ?? (url.port === "" ? 80 : Number(url.port)), isHere ? "127.0.0.1" : url.hostname, () => {
      isOpen = true;
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.write(head);
      target.pipe(client).pipe(target);
    });
    sockets.add(target);
    // Inside a tunnel a proxy says nothing more: what becomes of one side becomes of the other.
    target.on("error", () => (isOpen ? client.destroy() : client.end("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")));
    client.on("close", () => target.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const credentials = options.credentials === undefined ? "" : `${options.credentials}@`;
  return {
    url: `${options.tls === true ? "https" : "http"}://${credentials}127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function refusalOf(options: EgressProxyOptions, request: IncomingMessage): number | "hang" | "close" | null {
  if (options.credentials !== undefined) {
    const expected = `Basic ${Buffer.from(options.credentials).toString("base64")}`;
    if (request.headers["proxy-authorization"] !== expected) return 407;
  }
  return options.refuse?.(request.url ?? "") ?? null;
}
