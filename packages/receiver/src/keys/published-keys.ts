import { base64, fromBase64 } from "../bytes.ts";

export interface PublishedKeysOptions {
  /** How long an answer is used, ms; 5 min unless given, which is what the sender allows. */
  readonly freshMs?: number | undefined;
  /** How long the last answer is used while no new one can be had, ms; 1 h unless given. */
  readonly staleMs?: number | undefined;
  readonly fetch?: ((url: string, init: { readonly signal: AbortSignal }) => Promise<Response>) | undefined;
  /** Wall time, ms; the system's unless given. */
  readonly now?: (() => number) | undefined;
}

const FRESH_MS = 300_000;
const STALE_MS = 3_600_000;
/** A request waits for the answer, and its sender waits 5 s in all. */
const ASK_MS = 3_000;
/** While the last answer can be used, a failing address is not asked by every request. */
const PAUSE_MS = 10_000;

interface Entry {
  readonly keys: readonly string[];
  readonly at: number;
}

/**
 * The public keys that an app's deliveries are signed with, as `signingSecret` of a receiver: nothing secret has to be kept, and replaced keys are
 * found by themselves, because a key is published before it signs. `url` is `https://…/.well-known/webhook-keys/{clientId}`, a JSON Web Key
 * Set (RFC 7517) of Ed25519 keys (RFC 8037). It is asked when the first request comes, and then again when an answer is no longer fresh.
 */
export function publishedKeys(url: string, options: PublishedKeysOptions = {}): () => Promise<readonly string[]> {
  const { freshMs = FRESH_MS, staleMs = STALE_MS, fetch = globalThis.fetch, now = Date.now } = options;
  let last: Entry | null = null;
  let asking: Promise<Entry> | null = null;
  let failedAt = -Infinity;
  const ask = async (): Promise<Entry> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
    // No key set: there are no keys, and those of before are not good any more.
    if (response.status === 404 || response.status === 410) return { keys: [], at: now() };
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    return { keys: readKeySet(await response.json()), at: now() };
  };
  return async () => {
    const age = last === null ? Infinity : now() - last.at;
    if (age >= freshMs && (age >= staleMs || now() - failedAt >= PAUSE_MS)) {
      asking ??= ask().finally(() => {
        asking = null;
      });
      try {
        last = await asking;
      } catch (error) {
        failedAt = now();
        if (last === null || age >= staleMs) throw error;
      }
    }
    if (last === null || last.keys.length === 0) throw new Error(`${url} has no Ed25519 keys`);
    return last.keys;
  };
}

/** The `whpk_` forms of a key set's Ed25519 keys; others are skipped. Throws where it is no key set. */
function readKeySet(answer: unknown): readonly string[] {
  const keys = (answer as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError("The answer is no JSON Web Key Set");
  return (keys as { readonly kty?: unknown; readonly crv?: unknown; readonly x?: unknown }[])
    .filter((key) => key.kty === "OKP" && key.crv === "Ed25519" && typeof key.x === "string")
    .map(({ x }) => `whpk_${base64(fromBase64(String(x).replaceAll("-", "+").replaceAll("_", "/")) ?? new Uint8Array())}`);
}
