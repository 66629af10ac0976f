import type { Socket } from "node:net";
import { AnswerReader } from "./answer-reader.ts";
import { failureOf, type Failure, type Phase } from "./attempt-failure.ts";
import type { Dial, Origin } from "./dial.ts";

/** What waits for a connection's answer. */
export interface Rider {
  /** As much of the answer as is ever read is there, in the connection's reader. */
  answered(): void;
  failed(failure: Failure): void;
}

export interface ConnectionTerms {
  readonly dial: Dial;
  /** Monotonic ms; from then on its host is looked up and vetted again before anything else is sent there. */
  readonly expiresAt: number;
  /** The other side has closed it, or said something unasked, while nobody waited for an answer. */
  readonly onIdleEnd: (connection: Connection) => void;
}

/** Larger requests are not copied into one piece. */
const ONE_PIECE_MAX_BYTES = 32_768;

/**
 * Where a request is put together, head and body, so that it goes out in one write; shared by all connections. A socket that could not pass
 * all of it on at once still reads from it: it then keeps this one, and the next request gets another.
 */
let onePiece: Buffer = Buffer.allocUnsafeSlow(ONE_PIECE_MAX_BYTES);

/**
 * A connection of HTTP/1.1 to one origin, for one request at a time; it is made with its first request. States: not dialled, dialling,
 * waiting for an answer, idle, closed. Whatever it does comes as one call to its rider, unless the rider has left before.
 */
export class Connection {
  readonly originKey: string;
  readonly expiresAt: number;
  /** Monotonic ms; while idle: when it is closed, as nobody needed it. */
  idleUntil = 0;
  /** The answer to the last request; begun again by whoever keeps the connection for the next one. */
  readonly reader: AnswerReader = new AnswerReader();
  readonly #origin: Origin;
  readonly #terms: ConnectionTerms;
  #socket: Socket | null = null;
  #cancelDial: (() => void) | null = null;
  #rider: Rider | null = null;
  #requests = 0;
  #isClosed = false;

  constructor(originKey: string, origin: Origin, terms: ConnectionTerms) {
    this.originKey = originKey;
    this.expiresAt = terms.expiresAt;
    this.#origin = origin;
    this.#terms = terms;
  }

  /** How far the rider's attempt has come. */
  get phase(): Phase {
    if (this.#socket === null) return "connecting";
    return this.reader.hasHead ? "reading" : "waiting";
  }

  /** The last request went out over a connection that had been used before, and nobody answered. */
  get wasDeadBefore(): boolean {
    return this.#requests > 1 && !this.reader.isHeard;
  }

  /** The answer is whole, and the connection can take another request. */
  get isReusable(): boolean {
    return !this.#isClosed && this.reader.isKeptAlive && this.#socket?.writable === true && this.#socket.writableLength === 0;
  }

  /** Sends a request: `head` in Latin-1 with its empty line, and the body, or both in `body` behind an empty head. The rider hears how it ends, not before this has returned. */
  send(head: string, body: Buffer, rider: Rider): void {
    this.#rider = rider;
    if (this.#socket !== null) {
      this.#write(this.#socket, head, body);
      return;
    }
    this.#cancelDial = this.#terms.dial(this.#origin, (result) => {
      this.#cancelDial = null;
      if (result instanceof Error) {
        this.#isClosed = true;
        this.#fail(failureOf(result, "connecting"));
        return;
      }
      this.#follow(result);
      this.#write(result, head, body);
    });
  }

  /** Ends it, whatever it is doing; its rider hears nothing more. */
  destroy(): void {
    this.#isClosed = true;
    this.#rider = null;
    this.#cancelDial?.();
    this.#cancelDial = null;
    this.#socket?.destroy();
  }

  #follow(socket: Socket): void {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#heard(chunk));
    socket.on("end", () => this.#ended());
    socket.on("error", (error: Error) => this.#broke(error));
    socket.on("close", () => this.#ended());
  }

  #write(socket: Socket, head: string, body: Buffer): void {
    this.#requests += 1;
    if (head === "") {
      socket.write(body);
      return;
    }
    const bytes = head.length + body.length;
    if (bytes > ONE_PIECE_MAX_BYTES) {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
      return;
    }
    onePiece.write(head, "latin1");
    onePiece.set(body, head.length);
    socket.write(onePiece.subarray(0, bytes));
    if (socket.writableLength > 0) onePiece = Buffer.allocUnsafeSlow(ONE_PIECE_MAX_BYTES);
  }

  #heard(chunk: Buffer): void {
    if (this.#rider === null) {
      this.#endIdle();
      return;
    }
    const progress = this.reader.read(chunk);
    if (progress === "more") return;
    if (typeof progress === "string") this.#answer();
    else this.#fail(progress);
  }

  #ended(): void {
    this.#isClosed = true;
    if (this.#rider === null) {
      this.#endIdle();
      return;
    }
    const progress = this.reader.end();
    if (progress === "whole") this.#answer();
    else this.#fail(progress);
  }

  #broke(error: Error): void {
    this.#isClosed = true;
    if (this.#rider !== null && this.reader.end() !== "whole") this.#fail(failureOf(error, this.phase));
    else this.#ended();
  }

  #answer(): void {
    const rider = this.#rider;
    this.#rider = null;
    rider?.answered();
  }

  #fail(failure: Failure): void {
    const rider = this.#rider;
    this.#rider = null;
    rider?.failed(failure);
  }

  #endIdle(): void {
    this.#isClosed = true;
    this.#terms.onIdleEnd(this);
  }
}
