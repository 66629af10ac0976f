import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { testCertificate } from "./tls.ts";

/** Where a request stands among the others. */
export interface Turn {
  /** 1, 2, 3… over all connections. */
  readonly request: number;
  /** 1, 2, 3… on this connection. */
  readonly onConnection: number;
  readonly connection: number;
}

export interface RawEndpointOptions {
  /** TLS, with these options beside the test certificate and its key; null for plain TCP. */
  readonly tls?: TlsOptions | null;
  /** A connection was made; before TLS, where there is TLS. */
  readonly onConnection?: (socket: Socket, connection: number) => void;
  /** The head of a request has arrived; its body may still be on its way. */
  readonly onHead?: (socket: Socket, turn: Turn) => void;
  /** A whole request has arrived, by its Content-Length. */
  readonly onRequest?: (socket: Socket, turn: Turn) => void;
}

/** A server that writes bytes instead of HTTP, for answers that no HTTP server would give. Counts what came and what is open. */
export interface RawEndpoint {
  readonly port: number;
  /** Heads of requests that arrived. */
  readonly requests: number;
  readonly connections: number;
  /** Bytes that were handed to the connections, the closed ones included. */
  readonly bytesWritten: number;
  /** Resolves once no connection is open. */
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

export async function startRawEndpoint(options: RawEndpointOptions): Promise<RawEndpoint> {
  const open = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const counts = { requests: 0, connections: 0, bytesWritten: 0 };
  const follow = (socket: Socket): void => {
    counts.connections += 1;
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      counts.bytesWritten += socket.bytesWritten;
      open.delete(socket);
      if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    options.onConnection?.(socket, counts.connections);
  };
  const serve = (socket: Socket): void => {
    const connection = counts.connections;
    let onConnection = 0;
    socket.on("error", () => undefined);
    readRequests(socket, {
      onHead: () => {
        counts.requests += 1;
        onConnection += 1;
        options.onHead?.(socket, { request: counts.requests, onConnection, connection });
      },
      onRequest: () => options.onRequest?.(socket, { request: counts.requests, onConnection, connection }),
    });
  };
  const server = makeServer(options.tls ?? null, follow, serve);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get requests() {
      return counts.requests;
    },
    get connections() {
      return counts.connections;
    },
    get bytesWritten() {
      return counts.bytesWritten + [...open].reduce((sum, socket) => sum + socket.bytesWritten, 0);
    },
    allClosed: () =>
      open.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function makeServer(tls: TlsOptions | null, follow: (socket: Socket) => void, serve: (socket: Socket) => void): Server {
  if (tls === null) {
    return createTcpServer((socket) => {
      follow(socket);
      serve(socket);
    });
  }
  const server = createTlsServer({ key: testCertificate.key, cert: testCertificate.cert, ...tls }, serve);
  server.on("connection", follow);
  server.on("tlsClientError", () => undefined);
  return server;
}

/** Cuts the bytes of a connection into requests: a head, and a body of as many bytes as the head announces. */
function readRequests(socket: Socket, told: { readonly onHead: () => void; readonly onRequest: () => void }): void {
  let head = "";
  let bodyLeft: number | null = null;
  socket.on("data", (data) => {
    let rest = data.toString("latin1");
    while (rest !== "" || bodyLeft === 0) {
      if (bodyLeft === null) {
        head += rest;
        rest = "";
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        rest = head.slice(end + 4);
        bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        head = "";
        told.onHead();
      } else {
        const taken = Math.min(bodyLeft, rest.length);
        bodyLeft -= taken;
        rest = rest.slice(taken);
        if (bodyLeft > 0) return;
        bodyLeft = null;
        told.onRequest();
      }
    }
  });
}
