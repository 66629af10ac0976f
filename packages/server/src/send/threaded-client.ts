import { hashOf, type Outcome } from "@genhook/core";
import { Worker } from "node:worker_threads";
import type { HttpClient, HttpClientOptions, HttpClientTerms } from "./http-client.ts";
import type { Target } from "./request-head.ts";

export interface ThreadTerms {
  /** At least 1. */
  readonly count: number;
  /** Name servers as `dnsResolve` takes them; `system` asks the machine's own look-up. */
  readonly nameServers: readonly string[] | null | "system";
}

/** What a thread is started with. */
export interface ThreadStart extends HttpClientTerms {
  readonly nameServers: ThreadTerms["nameServers"];
}

/** Requests for a thread, those of one turn of the event loop together. Entries of the lists belong together by position. */
export interface RequestBatch {
  readonly ids: readonly number[];
  /** Scheme, host and port of each. */
  readonly origins: readonly string[];
  /** Bytes of each, head and body, which stand one behind the other in `bytes`. */
  readonly sizes: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How requests ended, those of one turn together. The bodies of answers stand one behind the other in `bytes`. */
export interface OutcomeBatch {
  readonly ids: readonly number[];
  readonly outcomes: readonly Outcome[];
  readonly bodySizes: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A request lives as long as its attempt: not all of it dies young, but little of it is garbage. */
const YOUNG_GENERATION_MB = 12;
const EMPTY = new Uint8Array(0);

/**
 * A client whose connections are in threads of their own. An origin belongs to one thread, so that its connections are found again. What
 * is decided (order, limits, breakers) stays in the calling thread; so does signing, so that no secret leaves it.
 *
 * A thread that fails takes down what it had in flight (`internal_error`: no endpoint is to blame), and another one takes its place.
 */
export class ThreadedClient implements HttpClient {
  readonly #threads: readonly SendThread[];

  constructor(terms: ThreadTerms, options: HttpClientOptions) {
    const { timeoutMs, allowPrivate, refusedNetworks, keepResponses, ca, proxy, connectionLifeMs, onInternalError } = options;
    const start: ThreadStart = {
      timeoutMs,
      allowPrivate,
      keepResponses,
      ca,
      nameServers: terms.nameServers,
      ...(refusedNetworks === undefined ? {} : { refusedNetworks }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(connectionLifeMs === undefined ? {} : { connectionLifeMs }),
    };
    this.#threads = Array.from({ length: terms.count }, () => new SendThread(start, (error) => onInternalError?.(error)));
  }

  post(target: Pick<Target, "key" | "origin">, head: string, body: Buffer, done: (outcome: Outcome) => void): void {
    this.#threads[hashOf(target.key) % this.#threads.length]?.post(target.key, head, body, done);
  }

  abortAll(): void {
    for (const thread of this.#threads) thread.abortAll();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/** One thread, started with its first request. */
class SendThread {
  readonly #start: ThreadStart;
  readonly #onInternalError: (error: Error) => void;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  readonly #flush = (): void => this.#post();
  #worker: Worker | null = null;
  #lastId = 0;
  #ids: number[] = [];
  #origins: string[] = [];
  #heads: string[] = [];
  #bodies: Buffer[] = [];

  constructor(start: ThreadStart, onInternalError: (error: Error) => void) {
    this.#start = start;
    this.#onInternalError = onInternalError;
  }

  post(origin: string, head: string, body: Buffer, done: (outcome: Outcome) => void): void {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, done);
    if (this.#ids.length === 0) queueMicrotask(this.#flush);
    this.#ids.push(this.#lastId);
    this.#origins.push(origin);
    this.#heads.push(head);
    this.#bodies.push(body);
  }

  abortAll(): void {
    this.#worker?.postMessage(null);
    this.#endAll({ kind: "aborted" });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#endAll({ kind: "aborted" });
    await worker?.terminate();
  }

  #post(): void {
    const ids = this.#ids;
    if (ids.length === 0) return;
    const sizes = this.#heads.map((head, index) => head.length + (this.#bodies[index]?.length ?? 0));
    // Handed over whole, so it must be nobody else's: no piece of a pool.
    const bytes = Buffer.from(new ArrayBuffer(sizes.reduce((sum, size) => sum + size, 0)));
    let at = 0;
    for (const [index, head] of this.#heads.entries()) {
      const body = this.#bodies[index] ?? EMPTY;
      at += bytes.write(head, at, "latin1");
      bytes.set(body, at);
      at += body.length;
    }
    const batch: RequestBatch = { ids, origins: this.#origins, sizes, bytes };
    this.#ids = [];
    this.#origins = [];
    this.#heads = [];
    this.#bodies = [];
    this.#worker ??= this.#begin();
    this.#worker.postMessage(batch, [bytes.buffer]);
  }

  #begin(): Worker {
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
    const worker = new Worker(new URL("./client-thread.ts", import.meta.url), { workerData: this.#start, resourceLimits });
    worker.on("message", (batch: OutcomeBatch) => this.#answered(batch));
    worker.on("error", (error: Error) => this.#failed(worker, error));
    worker.on("exit", (code: number) => this.#failed(worker, new Error(`a sending thread ended with code ${code}`)));
    return worker;
  }

  #answered({ ids, outcomes, bodySizes, bytes }: OutcomeBatch): void {
    let at = 0;
    for (const [index, id] of ids.entries()) {
      const size = bodySizes[index] ?? 0;
      const responseBody = bytes.subarray(at, at + size);
      at += size;
      const done = this.#waiting.get(id);
      const outcome = outcomes[index];
      if (done === undefined || outcome === undefined) continue;
      this.#waiting.delete(id);
      if (outcome.kind === "failure" && outcome.error === "internal_error") this.#onInternalError(new Error(outcome.detail));
      done(outcome.kind === "response" ? { ...outcome, responseBody } : outcome);
    }
  }

  #failed(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#onInternalError(error);
    this.#endAll({ kind: "failure", error: "internal_error", detail: error.message, durationMs: 0 });
  }

  #endAll(outcome: Outcome): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#ids = [];
    this.#origins = [];
    this.#heads = [];
    this.#bodies = [];
    for (const done of waiting) done(outcome);
  }
}
