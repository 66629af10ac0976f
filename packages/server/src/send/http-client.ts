import { RETRY_AFTER_MAX_MS, retryAfterUntil, type KeepResponses, type Outcome } from "@genhook/core";
import type { Failure } from "./attempt-failure.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { Connection, Rider } from "./connection.ts";
import { guardedDial, type Resolve } from "./guarded-dial.ts";
import type { IpBlock } from "./ip-ranges.ts";
import { keptHeaders } from "./kept-response.ts";
import { proxiedDial } from "./proxied-dial.ts";
import type { Target } from "./request-head.ts";

/** What a client does, wherever its connections are. */
export interface HttpClient {
  /**
   * Sends one request: its head, to the empty line, and its body (or both in `body`, behind an empty head). Whatever happens is an outcome:
   * `done` is called exactly once, not before this has returned.
   */
  post(target: Pick<Target, "key" | "origin">, head: string, body: Buffer, done: (outcome: Outcome) => void): void;
  /** Cuts off everything in flight; each ends with `aborted`. */
  abortAll(): void;
  /** The same, and closes connections. Nothing may be sent afterwards. */
  close(): Promise<void>;
}

/** What can be handed to another thread. */
export interface HttpClientTerms {
  /** One clock over look-up, connecting, TLS, headers and body, ms. */
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  readonly refusedNetworks?: readonly IpBlock[];
  readonly keepResponses: KeepResponses;
  readonly ca: readonly string[] | null;
  /** Everything goes through this HTTP proxy; names are then resolved by it alone. */
  readonly proxy?: string;
  /** How long a connection may be used before its host is looked up and vetted again, ms; a minute where not given. */
  readonly connectionLifeMs?: number;
}

export interface HttpClientOptions extends HttpClientTerms {
  readonly resolve?: Resolve;
  /** Told of what is ours to mend: the attempt ends with `internal_error`. */
  readonly onInternalError?: (error: unknown) => void;
}

/** A connection lives this long at most; then its host is looked up and vetted again. */
const CONNECTION_LIFE_MS = 60_000;
/** An unused connection is closed after this: shorter than what usual servers wait, so that they rarely close first. */
const IDLE_MS = 4_000;

/** A client whose connections are in this thread: HTTP/1.1, one request at a time on each, kept for the next one to the same origin. */
export class LocalClient implements HttpClient {
  readonly #options: HttpClientOptions;
  readonly #pool: ConnectionPool;
  /** In the order in which they were started, which is that of their deadlines. */
  readonly #flights = new Set<Flight>();
  readonly #land = (flight: Flight): void => void this.#flights.delete(flight);
  #deadline: NodeJS.Timeout | null = null;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { proxy } = options;
    const dial = proxy === undefined ? guardedDial(options) : proxiedDial({ ...options, proxy });
    this.#pool = new ConnectionPool({ dial, lifeMs: options.connectionLifeMs ?? CONNECTION_LIFE_MS, idleMs: IDLE_MS });
  }

  post(target: Pick<Target, "key" | "origin">, head: string, body: Buffer, done: (outcome: Outcome) => void): void {
    const flight = new Flight(this.#options, this.#pool, target, this.#land, done);
    this.#flights.add(flight);
    this.#deadline ??= this.#watchFrom(flight);
    flight.begin(head, body);
  }

  abortAll(): void {
    for (const flight of this.#flights) flight.abort();
  }

  close(): Promise<void> {
    this.abortAll();
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    this.#pool.close();
    return Promise.resolve();
  }

  /** One timer for all attempts, as all have the same time: it goes off when the oldest's is over. */
  #watchFrom(oldest: Flight): NodeJS.Timeout {
    const leftMs = oldest.startedAt + this.#options.timeoutMs - performance.now();
    return setTimeout(() => this.#endLate(), Math.max(1, Math.ceil(leftMs)));
  }

  #endLate(): void {
    this.#deadline = null;
    const startedBy = performance.now() - this.#options.timeoutMs;
    for (const flight of this.#flights) {
      if (flight.startedAt > startedBy) {
        this.#deadline = this.#watchFrom(flight);
        return;
      }
      flight.timedOut();
    }
  }
}

/**
 * One attempt, over one connection, or two where the first turns out to be dead. Whatever comes first ends it: the answer, an error, the
 * deadline, or an abort; everything later is ignored.
 */
class Flight implements Rider {
  readonly startedAt: number = performance.now();
  readonly #options: HttpClientOptions;
  readonly #pool: ConnectionPool;
  readonly #target: Pick<Target, "key" | "origin">;
  readonly #land: (flight: Flight) => void;
  readonly #done: (outcome: Outcome) => void;
  #connection: Connection | null = null;
  /** What is sent once more where a reused connection turns out to be dead; null from then on. */
  #request: { readonly head: string; readonly body: Buffer } | null = null;

  constructor(
    options: HttpClientOptions,
    pool: ConnectionPool,
    target: Pick<Target, "key" | "origin">,
    land: (flight: Flight) => void,
    done: (outcome: Outcome) => void,
  ) {
    this.#options = options;
    this.#pool = pool;
    this.#target = target;
    this.#land = land;
    this.#done = done;
  }

  begin(head: string, body: Buffer): void {
    this.#request = { head, body };
    this.#connection = this.#pool.take(this.#target.key, this.#target.origin);
    this.#connection.send(head, body, this);
  }

  answered(): void {
    const connection = this.#connection;
    if (connection === null) return;
    const { reader } = connection;
    const { status, body } = reader;
    const isKept = status < 200 || status > 299 || this.#options.keepResponses === "all";
    const responseHeaders = isKept ? keptHeaders(reader.headerLines) : "";
    const retryAfter = longestRetryAfter(reader.retryAfters);
    this.#connection = null;
    this.#pool.give(connection);
    this.#end({ kind: "response", status, durationMs: this.#elapsedMs(), retryAfter, responseHeaders, responseBody: body });
  }

  failed(failure: Failure): void {
    const connection = this.#leave();
    const request = this.#request;
    if (request !== null && connection?.wasDeadBefore === true && failure.error === "connection_lost") {
      // The server had closed the idle connection: nobody answered, so the same attempt goes once more, over a new one.
      this.#request = null;
      this.#connection = this.#pool.open(this.#target.key, this.#target.origin);
      this.#connection.send(request.head, request.body, this);
      return;
    }
    if (failure.error === "internal_error") this.#options.onInternalError?.(new Error(failure.detail));
    this.#end({ kind: "failure", ...failure, durationMs: this.#elapsedMs() });
  }

  timedOut(): void {
    const where = PHASES[this.#connection?.phase ?? "connecting"];
    this.#leave();
    const detail = `no complete answer within ${this.#options.timeoutMs} ms, ${where}`;
    this.#end({ kind: "failure", error: "timeout", detail, durationMs: this.#elapsedMs() });
  }

  abort(): void {
    this.#leave();
    this.#end({ kind: "aborted" });
  }

  /** Without an answer: the connection is of no further use. */
  #leave(): Connection | null {
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) this.#pool.discard(connection);
    return connection;
  }

  #end(outcome: Outcome): void {
    this.#land(this);
    this.#done(outcome);
  }

  #elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}

const PHASES = { connecting: "while connecting", waiting: "while waiting for headers", reading: "while reading the body" } as const;

/** Of several headers the one that asks for the longest wait: whoever stands in between may have added one. */
function longestRetryAfter(values: readonly string[]): string | null {
  if (values.length < 2) return values[0] ?? null;
  const now = Date.now();
  const waitMs = (text: string): number => (retryAfterUntil(text, now, RETRY_AFTER_MAX_MS) ?? now) - now;
  return values.reduce((longest, each) => (waitMs(each) > waitMs(longest) ? each : longest));
}
