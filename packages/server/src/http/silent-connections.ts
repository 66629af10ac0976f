import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections over which nothing was ever asked: browsers and clients open some beforehand. Node counts them as busy, so a stop would wait its
 * whole grace time for them. Answers how to close those that are there.
 */
export function watchSilentConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("request", ({ socket }) => silent.delete(socket));
  return () => {
    // What has begun to ask is answered.
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
  };
}
