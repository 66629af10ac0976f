import type { Socket } from "node:net";
import type { RawEndpointOptions } from "../raw-endpoint.ts";

/** One way in which an endpoint may behave, and what an attempt must make of it. */
export interface ZooEntry {
  readonly name: string;
  /** What the endpoint does, for the page. */
  readonly does: string;
  /** What the attempt ends with: a status, or a word of the contract's table (` or ` between two, where timing decides). With several attempts, the last one's. */
  readonly outcome: string;
  /** `deadline`: nothing but the attempt's own clock ends it. */
  readonly ends: "at once" | "deadline";
  /** Attempts made one after the other, 1 where not given; the outcome is the last one's, the others get `200`. */
  readonly attempts?: number;
  /** Requests that may arrive over all attempts; as many as attempts where not given, null where timing decides. */
  readonly requests?: number | null;
  /** How many variants there are (1 where not given); each is tried. */
  readonly variants?: number;
  /** The address without its port; `http://127.0.0.1` where not given. Names lead to 127.0.0.1 as well. */
  readonly reachedAt?: string;
  /** Until when the endpoint is left alone, seconds from now; null for not at all. Checked where given. */
  readonly pauseSeconds?: number | null;
  /** Payload bytes, where their number matters. */
  readonly payloadBytes?: number;
  /** The connection may be kept for the next attempt. */
  readonly isKept?: boolean;
  readonly options: (variant: number, canaryPort: number) => RawEndpointOptions;
}

export interface ZooGroup {
  readonly title: string;
  readonly entries: readonly ZooEntry[];
}

/** Answers each request with these bytes. */
export function saying(text: string): () => RawEndpointOptions {
  const bytes = Buffer.from(text, "latin1");
  return () => ({ onRequest: (socket) => socket.write(bytes) });
}

/** Answers each request with these bytes and ends the connection in good order. */
export function sayingAndClosing(text: string): () => RawEndpointOptions {
  const bytes = Buffer.from(text, "latin1");
  return () => ({ onRequest: (socket) => socket.end(bytes) });
}

/** Writes a beginning, then the same piece for as long as the connection takes it. */
export function flooding(beginning: string, piece: Buffer | string): () => RawEndpointOptions {
  // Large writes: the flood must be limited by the sender, not by the test's own turns.
  const one = Buffer.from(piece);
  const block = Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(65_536 / one.length)) }, () => one));
  return () => ({
    onRequest: (socket) => {
      socket.write(beginning);
      flood(socket, block);
    },
  });
}

function flood(socket: Socket, block: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on("drain", more);
  more();
}

/** Writes one piece after the other, `everyMs` apart, for ever; stops with the connection. */
export function dripping(beginning: string, piece: string, everyMs: number): () => RawEndpointOptions {
  return () => ({
    onRequest: (socket) => {
      socket.write(beginning);
      const timer = setInterval(() => socket.write(piece), everyMs);
      socket.on("close", () => clearInterval(timer));
    },
  });
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
