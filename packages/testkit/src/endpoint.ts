import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { testCertificate } from "./tls.ts";

/** One request as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The connection that it came over: 1, 2, 3… in the order of connecting. */
  readonly connection: number;
  readonly at: number;
}

/** What is answered: a status, or anything that is done with the raw response. */
export type Answer = number | ((response: ServerResponse, request: IncomingMessage, socket: Socket) => void);

export interface EndpointOptions {
  readonly tls?: boolean;
  /** Another certificate for the same key. */
  readonly certificate?: string;
  /** Called for each request, after its body has arrived. */
  readonly answer?: (received: Received, count: number) => Answer | Promise<Answer>;
}

/** A real HTTP server that plays an app's endpoint by a script and keeps what arrived. */
export interface Endpoint {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves once at least this many requests have arrived. */
  waitFor(count: number): Promise<void>;
  /** Closes idle connections from the server's side, as servers do. */
  dropConnections(): void;
  close(): Promise<void>;
}

export async function startEndpoint(options: EndpointOptions = {}): Promise<Endpoint> {
  const received: Received[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const connections = new Map<Socket, number>();
  let connected = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      const one: Received = {
        path: request.url ?? "",
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks),
        connection: connections.get(request.socket) ?? 0,
        at: performance.now(),
      };
      received.push(one);
      void Promise.resolve(options.answer?.(one, received.length) ?? 200).then((answer) => {
        if (typeof answer === "number") response.writeHead(answer).end();
        else answer(response, request, request.socket);
      });
      for (const waiter of waiting) if (received.length >= waiter.count) waiter.resolve();
    });
  };
  const server =
    options.tls === true
      ? createTlsServer({ key: testCertificate.key, cert: options.certificate ?? testCertificate.cert }, handle)
      : createServer(handle);
  server.on(options.tls === true ? "secureConnection" : "connection", (socket: Socket) => {
    connected += 1;
    connections.set(socket, connected);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => undefined);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === true ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    received,
    waitFor: (count) =>
      received.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
    dropConnections: () => {
      for (const socket of connections.keys()) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
