import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * What a stop of Node's server would wait for without a reason, to the end of its grace time: connections over which nothing was ever asked, which
 * browsers and clients open beforehand and Node counts as busy; and connections whose last answer was under way when the stop began, which Node
 * keeps for a next request as always. Answers how to let go of both.
 */
export function watchConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    silent.delete(socket);
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  return () => {
    // What has begun to ask is answered.
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    // Of several answers over one connection the last one ends it.
    for (const [, response] of new Map(Array.from(underWay, (each) => [each.req.socket, each]))) {
      // Told with the answer, where its head has not gone yet.
      if (!response.headersSent) response.setHeader("Connection", "close");
      response.once("close", () => response.req.socket.end());
    }
  };
}
