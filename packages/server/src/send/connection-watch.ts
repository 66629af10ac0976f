import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** A request that waits to be told which connection it went out over. */
export interface Traveller {
  sentOver(connection: FollowedConnection): void;
  /** More came back than any honest answer has; the connection is of no further use. */
  heardTooMuch(): void;
}

/**
 * Bytes that may come back for one request, whatever they are. An attempt reads 64 KiB of a body, which in chunks of one byte takes six
 * times as much; what goes on beyond that is interim answers, line breaks or chunk extensions without end, which nothing else bounds.
 */
const ANSWER_BYTES_MAX = 524_288;

const ZERO = 0x30;
const ONE = 0x31;
const TWO = 0x32;
const CR = 0x0d;
const LF = 0x0a;
/** Where the digits of the status stand in `HTTP/1.1 200`. */
const STATUS_AT = 9;

/**
 * One connection, followed from the outside of undici. Knows what undici does not say: whether the connection was used before, and
 * whether any byte has come back since the last request.
 *
 * It also renumbers a `100 Continue` into `102 Processing`. Nobody asked for it (no request has an `Expect`), yet servers send it, and
 * RFC 9110 15.2 wants it skipped; undici skips every `1xx` but takes a `100` for an error. Rejected: a parser or a client of our own for
 * the sake of one digit.
 */
export class FollowedConnection {
  #requests = 0;
  #traveller: Traveller | null = null;
  /** Bytes that came back since the last request. */
  #heardBytes = 0;
  /** Bytes of the status line seen. */
  #at = 0;
  #status = 0;
  /** Line ends in a row, in the head of an interim answer. */
  #lineEnds = 0;
  #part: "status" | "interim" | "final" = "status";

  constructor(socket: Socket) {
    const read = socket.read.bind(socket);
    // undici takes all its bytes by read().
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (chunk instanceof Uint8Array && chunk.length > 0) this.#heard(chunk);
      return chunk;
    };
  }

  /** A request is being written. */
  requestBegins(traveller: Traveller): void {
    this.#requests += 1;
    this.#traveller = traveller;
    this.#heardBytes = 0;
    this.#part = "status";
    this.#at = 0;
    this.#status = 0;
  }

  /** The last request went over a connection that had been used before. */
  get isReused(): boolean {
    return this.#requests > 1;
  }

  /** Something came back since the last request began. */
  get isAnswered(): boolean {
    return this.#heardBytes > 0;
  }

  #heard(chunk: Uint8Array): void {
    this.#heardBytes += chunk.length;
    if (this.#heardBytes > ANSWER_BYTES_MAX) this.#traveller?.heardTooMuch();
    for (let index = 0; index < chunk.length && this.#part !== "final"; index += 1) {
      const byte = chunk[index] ?? 0;
      if (this.#part === "interim") this.#inHead(byte);
      else this.#inStatusLine(byte, chunk, index);
    }
  }

  #inStatusLine(byte: number, chunk: Uint8Array, index: number): void {
    // llhttp passes over line breaks before an answer.
    if (this.#at === 0 && (byte === CR || byte === LF)) return;
    const digit = this.#at - STATUS_AT;
    this.#at += 1;
    if (digit < 0) return;
    this.#status = this.#status * 10 + (byte - ZERO);
    if (digit === 0 && byte !== ONE) this.#part = "final";
    if (digit < 2) return;
    if (this.#status === 100) chunk[index] = TWO;
    this.#part = this.#status === 101 ? "final" : "interim";
    this.#lineEnds = 0;
  }

  #inHead(byte: number): void {
    if (byte === LF) this.#lineEnds += 1;
    else if (byte !== CR) this.#lineEnds = 0;
    if (this.#lineEnds < 2) return;
    this.#part = "status";
    this.#at = 0;
    this.#status = 0;
  }
}

/**
 * Tells requests which connection they go out over. undici starts a request and writes its headers in one go, and says so, with the
 * socket, on a diagnostics channel; the request that was started last is the one whose headers are written.
 */
export class ConnectionWatch {
  readonly #followed = new WeakMap<object, FollowedConnection>();
  #expected: Traveller | null = null;
  readonly #seen = (message: unknown): void => {
    // Somebody else's request: other senders and fetch() speak on the same channel.
    if (this.#expected === null) return;
    const { socket } = message as { readonly socket: Socket };
    let connection = this.#followed.get(socket);
    if (connection === undefined) {
      connection = new FollowedConnection(socket);
      this.#followed.set(socket, connection);
    }
    connection.requestBegins(this.#expected);
    this.#expected.sentOver(connection);
    this.#expected = null;
  };

  constructor() {
    subscribe("undici:client:sendHeaders", this.#seen);
  }

  expect(traveller: Traveller): void {
    this.#expected = traveller;
  }

  close(): void {
    unsubscribe("undici:client:sendHeaders", this.#seen);
  }
}
