import { API_HEADERS } from "../headers.ts";
import { CURRENT_VERSION } from "../versions.ts";
import { ApiError, readApiError } from "./api-error.ts";
import { readNextToken } from "./links.ts";
import { OPERATIONS, type Operations } from "./operations.ts";
import { DEFAULT_RETRY, readRetryAfter, waitBeforeRetry, type RetryOptions } from "./retry.ts";

export type OperationName = keyof Operations;
/** Calls whose answers come in pages. */
export type PagedName = { [Name in OperationName]: Operations[Name] extends { entry: unknown } ? Name : never }[OperationName];
export type Input<Name extends OperationName> = Operations[Name]["input"];
export type Answer<Name extends OperationName> = Operations[Name]["answer"];
export type Entry<Name extends PagedName> = Operations[Name] extends { entry: infer One } ? One : never;

export type Credentials =
  | { readonly kind: "platform"; readonly key: string }
  | { readonly kind: "app"; readonly accessToken: string }
  /** App-wide access. */
  | { readonly kind: "apps"; readonly token: string }
  /** Whatever the browser adds by itself. */
  | { readonly kind: "none" };

export interface ClientOptions {
  /** `http://host:port`, without a path. */
  readonly origin: string;
  readonly credentials: Credentials;
  readonly retry?: RetryOptions;
  /** How long one attempt of a call may take, ms; 30,000 unless given. */
  readonly timeoutMs?: number;
  /** Told before each wait of a retry. */
  readonly onRetry?: (error: ApiError, waitMs: number) => void;
  readonly fetch?: typeof fetch;
  /** Reads an answer's JSON; `JSON.parse` unless given. Throws what is no JSON. */
  readonly parse?: (text: string) => unknown;
  /** Resolves after so many ms; rejects when the signal ends it. */
  readonly sleep?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Uniform over [0, 1). */
  readonly random?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For a call that its method does not make repeatable, but its content does (a publish with an idempotency key). */
  readonly isIdempotent?: boolean;
}

/** A call in its plainest form. */
export interface PlainCall extends CallOptions {
  readonly method: string;
  /** Beginning with `/`, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly mediaType: string; readonly content: string | Uint8Array<ArrayBuffer> };
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly answer: unknown;
}

/** What may be given to a call by name: `params` of the path, `query`, `body`. */
interface LooseInput {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

/** The input may be left out where nothing of it is needed. */
type InputArguments<Name extends OperationName> =
  Input<Name> extends { readonly params: unknown } | { readonly body: unknown }
    ? [input: Input<Name>, options?: CallOptions]
    : [input?: Input<Name>, options?: CallOptions];

const TIMEOUT_MS = 30_000;
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "PUT", "DELETE"]);

/**
 * Calls the APIs. Everything that does not succeed throws an `ApiError`. `429` and `503` are tried again, as late as `Retry-After` says,
 * where that can do no harm: idempotent calls, and anything that the rate limit turned away before it was looked at.
 */
export class ApiClient {
  readonly origin: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.origin = options.origin.replace(/\/+$/, "");
    this.#options = options;
  }

  async call<Name extends OperationName>(name: Name, ...[input, options]: InputArguments<Name>): Promise<Answer<Name>> {
    return (await this.send(plainCall(name, (input ?? {}) as LooseInput, options))).answer as Answer<Name>;
  }

  /** One page after the other, each as it was answered; the first by what is given, the others by the server's links. */
  async *pages<Name extends PagedName>(name: Name, ...[input, options]: InputArguments<Name>): AsyncGenerator<Answer<Name>, void> {
    const given = (input ?? {}) as LooseInput;
    let query = given.query ?? {};
    for (;;) {
      const { headers, answer } = await this.send(plainCall(name, { ...given, query }, options));
      yield answer as Answer<Name>;
      const pageToken = readNextToken(headers.get("Link"));
      if (pageToken === null) return;
      query = { limit: query["limit"], pageToken };
    }
  }

  /** The entries of all pages; a page is asked for when its first entry is wanted. */
  async *entries<Name extends PagedName>(name: Name, ...[input, options]: InputArguments<Name>): AsyncGenerator<Entry<Name>, void> {
    const member = OPERATIONS[name].entries ?? "";
    for await (const page of this.pages(name, ...([input, options] as unknown as InputArguments<Name>))) {
      yield* (page as unknown as Readonly<Record<string, readonly Entry<Name>[]>>)[member] ?? [];
    }
  }

  /** Any call, also one with a body of another media type. */
  async send(call: PlainCall): Promise<PlainAnswer> {
    const { retry = DEFAULT_RETRY, onRetry, sleep = sleepFor, random = Math.random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        if (!(error instanceof ApiError) || !mayRepeat(call, error, retry)) throw error;
        const waitMs = waitBeforeRetry(attempt, error.retryAfterMs, retry, random());
        if (waitMs === null) throw error;
        onRetry?.(error, waitMs);
        await sleep(waitMs, call.signal);
      }
    }
  }

  async #attempt(call: PlainCall): Promise<PlainAnswer> {
    const { origin } = this;
    const { response, text } = await this.#fetch(call);
    let answer: unknown = null;
    try {
      answer = (this.#options.parse ?? JSON.parse)(text);
    } catch {
      if (response.ok)
        throw new ApiError("not_genhook", `${origin} answered ${response.status} without JSON.`, { status: response.status });
    }
    if (response.ok) return { status: response.status, headers: response.headers, answer };
    throw readApiError(answer, {
      status: response.status,
      origin,
      retryAfterMs: readRetryAfter(response.headers.get("Retry-After"), Date.now()),
      requestId: response.headers.get(API_HEADERS.requestId),
    });
  }

  /** One clock over the whole answer: what ends in the middle of it has not been answered. */
  async #fetch(call: PlainCall): Promise<{ readonly response: Response; readonly text: string }> {
    const { fetch: fetchNow = fetch, timeoutMs = TIMEOUT_MS, credentials } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetchNow(`${this.origin}${call.path}${queryText(call.query ?? {})}`, {
        method: call.method,
        headers: {
          Accept: "application/json",
          ...credentialHeaders(credentials),
          ...(call.body === undefined ? {} : { "Content-Type": call.body.mediaType }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: call.body.content }),
        signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
      });
      return { response, text: await response.text() };
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      if (timeout.aborted) throw new ApiError("timed_out", `${this.origin} did not answer within ${timeoutMs / 1_000} s.`);
      throw new ApiError("unreachable", `Nothing answers at ${this.origin}: ${causeOf(error)}.`);
    }
  }
}

function plainCall(name: OperationName, input: LooseInput, options: CallOptions = {}): PlainCall {
  const { method, path } = OPERATIONS[name];
  const params: Readonly<Record<string, string | number>> = { version: CURRENT_VERSION, ...input.params };
  return {
    method,
    path: path.replaceAll(/:(\w+)/g, (_: string, param: string) => encodeURIComponent(String(params[param] ?? ""))),
    ...(input.query === undefined ? {} : { query: input.query }),
    ...(input.body === undefined ? {} : { body: { mediaType: "application/json", content: JSON.stringify(input.body) } }),
    ...options,
  };
}

function mayRepeat(call: PlainCall, error: ApiError, { isLossRetried = false }: RetryOptions): boolean {
  if (error.code === "rate_limited") return true;
  const isIdempotent = call.isIdempotent ?? IDEMPOTENT.has(call.method);
  if (!isIdempotent) return false;
  return error.status === 429 || error.status === 503 || (isLossRetried && isLoss(error));
}

/** Whether nobody knows what became of a call: no answer came, or a server or what stands before it failed. */
export function isLoss(error: ApiError): boolean {
  return error.status === 0 || error.status >= 500;
}

function credentialHeaders(credentials: Credentials): Readonly<Record<string, string>> {
  switch (credentials.kind) {
    case "platform":
      return { Authorization: `Bearer ${credentials.key}` };
    case "app":
      return { [API_HEADERS.accessToken]: credentials.accessToken };
    case "apps":
      return { Authorization: `Bearer ${credentials.token}` };
    case "none":
      return {};
  }
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
}

function sleepFor(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, delayMs);
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}
