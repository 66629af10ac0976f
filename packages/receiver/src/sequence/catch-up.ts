import type { ApiVersion } from "../generated/topics.ts";
import { CatchUpError, readCatchUp, type CaughtUp } from "./catch-up-answer.ts";

export interface CatchUpAccess<Version extends ApiVersion = ApiVersion> {
  /** `my-shop.genmystore.com`. */
  readonly shopDomain: string;
  /** Where the App API is reached, if not at the shop's domain: `http://127.0.0.1:8080`. */
  readonly baseUrl?: string | undefined;
  /** The app's event version. */
  readonly apiVersion: Version;
  /** The installation's token, with `write_apps` or `read_apps`. */
  readonly accessToken: string;
  /** Events per call; 100 unless given. */
  readonly limit?: number | undefined;
  /** Calls that may fail in a row before it is given up; 5 unless given. Waits between them grow from 1 s to 30 s, or are what `Retry-After` says. */
  readonly failuresMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Reads an answer's text; `JSON.parse` unless given. */
  readonly parse?: ((text: string) => unknown) | undefined;
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Waits; timers of the runtime unless given. */
  readonly sleep?: ((delayMs: number) => Promise<void>) | undefined;
}

export interface CatchUpOptions<Version extends ApiVersion = ApiVersion> extends CatchUpAccess<Version> {
  readonly webhookId: string;
  /** The last number that is known; 0 for everything that is kept. */
  readonly after: number;
  /** True: goes on for ever, each call waiting up to 30 s for the next event. Otherwise it ends with the newest one. */
  readonly follow?: boolean | undefined;
}

/** Events per call: a page of ordinary payloads is then some hundred KB. */
export const LIMIT = 100;
const FAILURES_MAX = 5;
const WAIT_SECONDS = 30;
/** What a call may take besides the wait that it asks for, ms. */
const CALL_MS = 15_000;
const DELAY_MS_MAX = 30_000;

/**
 * Every event of a numbered webhook after a number, in order: none skipped, none twice; also those of which nothing is left but the number.
 * Throws `CatchUpError`: `expired` (with the oldest number that is kept), `refused`, `unavailable`, `malformed`.
 */
export async function* catchUp<const Version extends ApiVersion>(
  options: CatchUpOptions<Version>,
): AsyncGenerator<CaughtUp<Version>, void> {
  const { limit = LIMIT, follow = false } = options;
  let { after } = options;
  while (options.signal?.aborted !== true) {
    const called = await callPatiently(options, after, limit);
    if (called === null) return;
    const { entries, last } = readCatchUp(called.answer, { ...options, after });
    yield* entries;
    after += entries.length;
    // A page ends by bytes as well, so a short one is not the last one.
    if (!follow && (after >= last || entries.length === 0)) return;
  }
}

/** Null when the caller has had enough. */
async function callPatiently(options: CatchUpOptions, after: number, limit: number): Promise<{ readonly answer: unknown } | null> {
  const { failuresMax = FAILURES_MAX, sleep = wait, signal } = options;
  for (let failures = 1; ; failures += 1) {
    const outcome = await call(options, after, limit);
    if (signal?.aborted === true) return null;
    if ("answer" in outcome) return outcome;
    if (failures >= failuresMax) throw new CatchUpError("unavailable", `${outcome.problem}, ${failures} times in a row.`);
    await Promise.race([sleep(outcome.delayMs ?? Math.min(DELAY_MS_MAX, 1_000 * 2 ** (failures - 1))), aborted(signal)]);
  }
}

type Outcome = { readonly answer: unknown } | { readonly problem: string; readonly delayMs: number | null };

/** Throws what trying again cannot help against. */
async function call(options: CatchUpOptions, after: number, limit: number): Promise<Outcome> {
  const {
    shopDomain,
    baseUrl = `https://${shopDomain}`,
    apiVersion,
    accessToken,
    webhookId,
    follow,
    signal,
    fetch = globalThis.fetch,
  } = options;
  const query = `after=${after}&limit=${limit}${follow === true ? `&wait=${WAIT_SECONDS}s` : ""}`;
  const url = `${baseUrl.replace(/\/$/, "")}/api/${apiVersion}/app/webhooks/${encodeURIComponent(webhookId)}/events?${query}`;
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const deadline = setTimeout(stop, CALL_MS + (follow === true ? WAIT_SECONDS * 1_000 : 0));
  signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(url, {
      headers: { "X-Genstore-Access-Token": accessToken, Accept: "application/json" },
      signal: controller.signal,
    });
    const text = await response.text();
    return judge(response, parseJson(text, options.parse));
  } catch (error) {
    if (error instanceof CatchUpError) throw error;
    return { problem: `The call to ${baseUrl} failed (${causeOf(error)})`, delayMs: null };
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", stop);
  }
}

/** `fetch` says "fetch failed"; what failed stands in its cause: a name that is not known, a connection that was refused. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return String(error);
  // Where a name has several addresses and none answers, the message is empty.
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return [cause.message, code, String(error)].find((text) => text !== "") ?? "";
}

function judge(response: Response, body: unknown): Outcome {
  const { status } = response;
  if (status === 200) return { answer: body };
  const { error, code, oldest } = (body ?? {}) as { readonly error?: unknown; readonly code?: unknown; readonly oldest?: unknown };
  const said = `The App API answered ${status} (${JSON.stringify([code, error])})`;
  if (status === 410) throw new CatchUpError("expired", said, Number.isSafeInteger(oldest) ? Number(oldest) : null);
  if (status === 429 || status >= 500) {
    const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
    return { problem: said, delayMs: seconds >= 0 ? seconds * 1_000 : null };
  }
  throw new CatchUpError("refused", `${said}.`);
}

function parseJson(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
