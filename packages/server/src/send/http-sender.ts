import type { IncomingHttpHeaders } from "node:http";
import { RETRY_AFTER_MAX_MS, retryAfterUntil, type AttemptRequest, type KeepResponses, type Outcome, type Sender } from "@genhook/core";
import type { Client, Dispatcher } from "undici";
import type { SecretVault } from "../secrets/secret-vault.ts";
import { failureOf, type Phase } from "./attempt-failure.ts";
import { ConnectionWatch, type FollowedConnection, type Traveller } from "./connection-watch.ts";
import { headersOf, type WebhookIdForm } from "./delivery-headers.ts";
import { proxiedConnect } from "./proxied-connect.ts";
import { guardedConnect, type Resolve } from "./guarded-connect.ts";
import type { IpBlock } from "./ip-ranges.ts";
import { ClientPool, type PooledClient } from "./client-pool.ts";
import { BODY_READ_BYTES, BodyStart, keptHeaders } from "./kept-response.ts";

export interface HttpSenderOptions {
  readonly secrets: Pick<SecretVault, "liveSecrets">;
  /** One clock over look-up, connecting, TLS, headers and body, ms. */
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  readonly webhookId: WebhookIdForm;
  readonly keepResponses: KeepResponses;
  /** Whether endpoints are told the trace that an event belongs to. */
  readonly sendsTraceparent?: boolean;
  readonly ca: readonly string[] | null;
  readonly resolve?: Resolve;
  /** Everything goes through this HTTP proxy; `resolve` is then asked nothing. */
  readonly proxy?: string;
  readonly refusedNetworks?: readonly IpBlock[];
  /** How long a connection may be used before its host is looked up and vetted again, ms; a minute where not given. */
  readonly connectionLifeMs?: number;
  /** Told of what is ours to mend: the attempt ends with `internal_error`. */
  readonly onInternalError?: (error: unknown) => void;
}

/** A connection lives this long at most; then its host is looked up and vetted again. */
const CONNECTION_LIFE_MS = 60_000;
/** An unused connection is closed after this: shorter than what usual servers wait, so that they rarely close first. */
const IDLE_MS = 4_000;
/** Header bytes of an answer. */
const ANSWER_HEADERS_MAX_BYTES = 16_384;
const TARGETS_MAX = 10_000;

const ABORT = new Error("the attempt has ended");

interface Target {
  readonly origin: string;
  readonly path: string;
}

/** Sends attempts over HTTP/1.1 connections (undici) that are kept for the next attempt to the same origin. */
export class HttpSender implements Sender {
  readonly #options: HttpSenderOptions;
  readonly #pool: ClientPool;
  readonly #flights = new Set<Flight>();
  readonly #targets = new Map<string, Target>();
  readonly #watch = new ConnectionWatch();
  /**
   * undici frees a connection one turn of the event loop after its answer. Outcomes are told just behind that, so that what their slots
   * start next finds the connection free instead of opening another.
   */
  #landed: (() => void)[] = [];
  readonly #land = (): void => {
    setImmediate(() => {
      const landed = this.#landed;
      this.#landed = [];
      for (const tell of landed) tell();
    });
  };

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    const lifeMs = options.connectionLifeMs ?? CONNECTION_LIFE_MS;
    const client: Client.Options = {
      connect: options.proxy === undefined ? guardedConnect(options) : proxiedConnect({ ...options, proxy: options.proxy }),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: lifeMs,
      maxHeaderSize: ANSWER_HEADERS_MAX_BYTES,
      // The attempt's own clock is the only one.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#pool = new ClientPool({ client, lifeMs });
  }

  send(request: AttemptRequest, done: (outcome: Outcome) => void): void {
    const { secrets, webhookId, sendsTraceparent } = this.#options;
    const headers = (): string[] => headersOf(request, secrets.liveSecrets(request.app), webhookId, sendsTraceparent);
    this.post(request.address, headers, request.event.payload, done);
  }

  /** The same for any other request made on a tenant's behalf. Headers: names and values in turn, made inside so that a failure is an outcome. */
  post(address: string, makeHeaders: () => string[], body: Uint8Array, done: (outcome: Outcome) => void): void {
    const flight = new Flight(this.#options, this.#watch, this.#pool, (outcome) => {
      this.#flights.delete(flight);
      this.#landed.push(() => {
        flight.leaveConnection();
        done(outcome);
      });
      if (this.#landed.length === 1) queueMicrotask(this.#land);
    });
    this.#flights.add(flight);
    try {
      const { origin, path } = this.#targetOf(address);
      flight.begin(origin, { path, method: "POST", headers: makeHeaders(), body: asBuffer(body) });
    } catch (error) {
      this.#options.onInternalError?.(error);
      flight.fail({ error: "internal_error", detail: error instanceof Error ? error.message : String(error) });
    }
  }

  abortAll(): void {
    for (const flight of this.#flights) flight.abort();
  }

  async close(): Promise<void> {
    this.#watch.close();
    await this.#pool.close();
  }

  #targetOf(address: string): Target {
    let target = this.#targets.get(address);
    if (target === undefined) {
      const url = new URL(address);
      target = { origin: url.origin, path: url.pathname + url.search };
      if (this.#targets.size >= TARGETS_MAX) this.#targets.clear();
      this.#targets.set(address, target);
    }
    return target;
  }
}

/**
 * One attempt. States: waiting for a connection, sent and waiting for headers, reading, ended. Whatever comes first ends it: the answer,
 * an error, the deadline, or an abort; everything later is ignored.
 */
class Flight implements Traveller {
  readonly #options: HttpSenderOptions;
  readonly #watch: ConnectionWatch;
  readonly #pool: ClientPool;
  readonly #done: (outcome: Outcome) => void;
  readonly #startedAt = performance.now();
  readonly #deadline: NodeJS.Timeout;
  readonly #body = new BodyStart();
  #controller: Dispatcher.DispatchController | null = null;
  #connection: FollowedConnection | null = null;
  #pooled: PooledClient | null = null;
  /** What is sent once more where a reused connection turns out to be dead; null from then on. */
  #request: Dispatcher.DispatchOptions | null = null;
  /** The answer was read to its end: the connection may be used again. */
  #isWhole = false;
  #isEnded = false;
  #status = 0;
  #retryAfter: string | null = null;
  #headers = "";
  /** Where the attempt stands, for naming a failure. */
  phase: Phase = "connecting";

  constructor(options: HttpSenderOptions, watch: ConnectionWatch, pool: ClientPool, done: (outcome: Outcome) => void) {
    this.#options = options;
    this.#watch = watch;
    this.#pool = pool;
    this.#done = done;
    this.#deadline = setTimeout(() => this.#timedOut(), options.timeoutMs);
  }

  begin(origin: string, request: Dispatcher.DispatchOptions): void {
    this.#request = request;
    this.#pooled = this.#pool.take(origin);
    this.#pooled.client.dispatch(request, new FlightHandler(this));
  }

  /** Once the connection is free again as far as undici is concerned. */
  leaveConnection(): void {
    const pooled = this.#pooled;
    this.#pooled = null;
    if (pooled === null) return;
    if (this.#isWhole) this.#pool.give(pooled);
    else this.#pool.discard(pooled);
  }

  started(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isEnded) {
      controller.abort(ABORT);
      return;
    }
    this.phase = "waiting";
    this.#watch.expect(this);
  }

  sentOver(connection: FollowedConnection): void {
    this.#connection = connection;
  }

  heardTooMuch(): void {
    const error = this.phase === "reading" ? "malformed_response" : "headers_too_large";
    this.fail({ error, detail: "the answer has no end" });
    this.#controller?.abort(ABORT);
  }

  headers(status: number, headers: IncomingHttpHeaders): void {
    // An interim answer (1xx) is none yet.
    if (this.#isEnded || status < 200) return;
    this.phase = "reading";
    this.#status = status;
    const isKept = status < 200 || status > 299 || this.#options.keepResponses === "all";
    this.#headers = isKept ? keptHeaders(headers) : "";
    this.#retryAfter = longestRetryAfter(headers["retry-after"]);
  }

  data(chunk: Buffer): void {
    if (this.#isEnded) return;
    this.#body.add(chunk);
    if (this.#body.seen < BODY_READ_BYTES) return;
    this.#answered();
    this.#controller?.abort(ABORT);
  }

  complete(): void {
    if (this.#isEnded) return;
    this.#isWhole = true;
    this.#answered();
  }

  errored(error: Error): void {
    if (this.#isEnded) return;
    const failure = failureOf(error, this.phase);
    const request = this.#request;
    const isUnheard = this.#connection?.isReused === true && !this.#connection.isAnswered;
    if (this.phase === "waiting" && isUnheard && request !== null && this.#pooled !== null && failure.error === "connection_lost") {
      // The server had closed the idle connection: nobody answered, so the same attempt goes once more, over a new one.
      const { origin } = this.#pooled;
      this.#pool.discard(this.#pooled);
      this.#request = null;
      this.#controller = null;
      this.#connection = null;
      this.phase = "connecting";
      this.#pooled = this.#pool.open(origin);
      this.#pooled.client.dispatch(request, new FlightHandler(this));
      return;
    }
    if (failure.error === "internal_error") this.#options.onInternalError?.(error);
    this.fail(failure);
  }

  abort(): void {
    this.#end({ kind: "aborted" });
    this.#controller?.abort(ABORT);
  }

  fail(failure: { readonly error: Extract<Outcome, { kind: "failure" }>["error"]; readonly detail: string }): void {
    this.#end({ kind: "failure", ...failure, durationMs: this.#elapsedMs() });
  }

  #answered(): void {
    this.#end({
      kind: "response",
      status: this.#status,
      durationMs: this.#elapsedMs(),
      retryAfter: this.#retryAfter,
      responseHeaders: this.#headers,
      responseBody: this.#body.bytes,
    });
  }

  #timedOut(): void {
    const where = { connecting: "while connecting", waiting: "while waiting for headers", reading: "while reading the body" }[this.phase];
    this.fail({ error: "timeout", detail: `no complete answer within ${this.#options.timeoutMs} ms, ${where}` });
    this.#controller?.abort(ABORT);
  }

  #end(outcome: Outcome): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#deadline);
    this.#done(outcome);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

/** What undici calls; a class, so that every attempt shares one set of functions. */
class FlightHandler implements Dispatcher.DispatchHandler {
  readonly #flight: Flight;

  constructor(flight: Flight) {
    this.#flight = flight;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#flight.started(controller);
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    this.#flight.fail({ error: "upgrade_refused", detail: "101 Switching Protocols" });
    controller.abort(ABORT);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#flight.headers(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#flight.data(chunk);
  }

  onResponseEnd(): void {
    this.#flight.complete();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#flight.errored(error);
  }
}

/** Of several headers the one that asks for the longest wait: whoever stands in between may have added one. */
function longestRetryAfter(header: unknown): string | null {
  const values = (Array.isArray(header) ? header : [header]).filter((value): value is string => typeof value === "string");
  const now = Date.now();
  const waitMs = (text: string): number => (retryAfterUntil(text, now, RETRY_AFTER_MAX_MS) ?? now) - now;
  return values.reduce<string | null>((longest, each) => (longest === null || waitMs(each) > waitMs(longest) ? each : longest), null);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
