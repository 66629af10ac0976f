import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A stretch of network in front of a server that can be cut. */
export interface CutProxy {
  readonly port: number;
  /** Ends all connections at once, without a goodbye. */
  cut(): void;
  close(): void;
}

export async function startCutProxy(port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((inward) => {
    const outward = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      server.close();
      cut();
    },
  };
}
