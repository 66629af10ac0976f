import { StoreError } from "../store-error.ts";
import { parentPort, Worker, type Transferable } from "node:worker_threads";

/** Functions that a thread carries out for others; arguments and answers are cloned. */
// oxlint-disable-next-line typescript/no-explicit-any -- the parameters of any function: `unknown` would refuse every typed one
export type Operations = Record<string, (...args: any[]) => unknown>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** SQLite's result codes (sqlite.org/rescode.html) that say "not now" rather than "not this": full, busy, I/O, cannot open, read-only. */
const PASSING_CODES: ReadonlySet<number> = new Set([5, 6, 8, 10, 13, 14]);

/** A store thread's garbage is small and dies young; V8's own default would hold 48 MB for it, three times over. */
const YOUNG_GENERATION_MB = 6;

/** The calling side of a thread. */
export class ThreadCalls<Offered extends Operations> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: StoreError | null = null;
  #isClosing = false;

  constructor(url: URL, workerData: unknown, onFatal: (error: Error) => void) {
    this.#worker = new Worker(url, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } });
    this.#worker.on("message", (answer: Answer) => this.#answered(answer));
    this.#worker.on("error", (error: Error) => this.#fail(error, onFatal));
    this.#worker.on("exit", (code: number) => {
      if (!this.#isClosing) this.#fail(new Error(`a store thread ended with code ${code}`), onFatal);
    });
  }

  call<Name extends keyof Offered & string>(
    name: Name,
    args: Parameters<Offered[Name]>,
    transfer: readonly Transferable[] = [],
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#isClosing) return Promise.reject(new StoreError("store_unavailable", "the store is closed"));
    this.#lastId += 1;
    const call: Call = { id: this.#lastId, name, args };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage(call, [...transfer]);
    });
  }

  /** Calls made before are answered, then the thread ends. */
  async close(): Promise<void> {
    if (this.#isClosing || this.#failure !== null) return;
    const closed = this.call("close", [] as unknown as Parameters<Offered["close"]>);
    this.#isClosing = true;
    await closed.catch(() => undefined);
    await this.#worker.terminate();
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) waiting.resolve(answer.value);
    else waiting.reject(new StoreError(answer.error.code, answer.error.message));
  }

  #fail(error: Error, onFatal: (error: Error) => void): void {
    if (this.#failure !== null) return;
    this.#failure = new StoreError("store_unavailable", `the store has failed: ${error.message}`);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
    onFatal(error);
  }
}

/** The serving side: one call after the other, each answered once. `buffersOf`: what of an answer is handed over and not copied. */
export function serve(operations: Operations, buffersOf: (answer: unknown) => readonly ArrayBuffer[] = () => []): void {
  const port = parentPort;
  if (port === null) throw new Error("this file runs in a worker thread");
  port.on("message", (call: Call) => {
    try {
      const value = operations[call.name]?.(...call.args);
      port.postMessage({ id: call.id, value } satisfies Answer, [...buffersOf(value)]);
    } catch (error) {
      port.postMessage({ id: call.id, error: describe(error) } satisfies Answer);
    }
  });
}

function describe(error: unknown): { message: string; code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: "statement_failed" };
  const resultCode = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : null;
  if (resultCode !== null && PASSING_CODES.has(resultCode)) return { message: error.message, code: "store_unavailable" };
  return { message: error.message, code: "statement_failed" };
}
