import { checkStore, type Breach } from "@genhook/core";
import { openSqliteCheckReader } from "@genhook/storage";
import { freePort, seededRandom, startEndpoint, type Endpoint } from "@genhook/testkit";
import { judgeNumbers, subscribeNumbered, type Numbered } from "./numbers.ts";
import { startOrderedEndpoint, subscribeOrdered, type OrderedEndpoint } from "./order.ts";
import { makeFolder, pendingAt, publish, ServerProcess, setUp } from "./server-process.ts";

export interface CrashReport {
  readonly cycles: number;
  /** Publishes that were answered 202. */
  readonly accepted: number;
  /** Publishes whose answer a kill cut off: kills inside publish. */
  readonly cutOff: number;
  /** Deliveries that arrived more than once: kills between sending and settling. */
  readonly repeated: number;
  /** Accepted events that did not arrive at every endpoint. Must be none. */
  readonly lost: readonly string[];
  /** What is wrong with the numbers of numbered webhooks. Must be nothing. */
  readonly misnumbered: readonly string[];
  /** What arrived out of the order of its key at the ordered webhook. Must be nothing. */
  readonly disordered: readonly string[];
  /** Requests that the ordered webhook got before the last start. */
  readonly orderedMeanwhile: number;
  /** Still owed at the end. Must be 0. */
  readonly pending: number;
  /** How often the file was looked through, as a kill had left it. */
  readonly checks: number;
  /** What was not in order then. Must be none. */
  readonly breaches: readonly Breach[];
}

const PUBLISHERS = 16;
/** Beside one whose webhook is ordered. */
const ENDPOINTS = 2;
/** Each so many kills wait until something ordered was sent: after a crash an ordered lane waits out the requests of the former process first. */
const ORDERED_EVERY = 4;
const ORDERED_MIN = 20;
const KILL_AFTER_MAX_MS = 400;
const ACCEPTED_MIN = 20;
const LOOKS_MAX = 2_000;
/** Time that looking through files may take before only every tenth kill is followed by it: files grow. */
const CHECKS_MAX_MS = 20_000;
const RETENTION_MS = 30 * 86_400_000;

/** Kills a server with SIGKILL under load, again and again on the same data, then accounts for every event that was answered 202. */
export async function crash(cycles: number, seed: number): Promise<CrashReport> {
  const random = seededRandom(seed);
  const folder = makeFolder();
  const ordered = await startOrderedEndpoint();
  const endpoints = [...(await Promise.all(Array.from({ length: ENDPOINTS }, () => startEndpoint()))), ordered];
  const port = String(await freePort());
  const start = (): ServerProcess =>
    new ServerProcess([
      "serve",
      "--port",
      port,
      "--data",
      folder.path,
      "--allow-private-addresses",
      "--attempt-timeout",
      "1s",
      "--retry-waits",
      "100ms,200ms,500ms,1s,1s,1s,1s",
    ]);
  const accepted: string[] = [];
  const checked = { checks: 0, breaches: [] as Breach[], spentMs: 0 };
  let numbered: Numbered | null = null;
  let cutOff = 0;
  let next = 0;
  try {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const server = start();
      const origin = await server.listening();
      numbered ??= await subscribeAll(origin, endpoints, ordered);
      const publishers = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
        // Ends with the kill: then no answer comes.
        for (;;) {
          const id = await publish(origin, (next += 1), `publisher ${publisher}`);
          if (id === null) break;
          accepted.push(id);
        }
        cutOff += 1;
      });
      // Every other kill waits until something was accepted, however slow the machine is; the others may meet a server that has hardly begun.
      const wanted = cycle % 2 === 1 ? accepted.length + ACCEPTED_MIN : 0;
      for (let look = 0; accepted.length < wanted && look < LOOKS_MAX; look += 1) await after(5);
      if (cycle % ORDERED_EVERY === ORDERED_EVERY - 1) await ordered.waitFor(ordered.received.length + ORDERED_MIN);
      await after(20 + random() * KILL_AFTER_MAX_MS);
      server.kill("SIGKILL");
      await server.exited;
      await Promise.all(publishers);
      if (checked.spentMs < CHECKS_MAX_MS || cycle % 10 === 0) await checkFile(folder.path, checked);
    }
    const orderedMeanwhile = ordered.received.length;
    const server = start();
    const origin = await server.listening();
    const pending = await drained(origin);
    const misnumbered = numbered === null ? [] : await judgeNumbers(origin, numbered, accepted, endpoints[0] as Endpoint);
    server.kill("SIGTERM");
    await server.exited;
    await checkFile(folder.path, checked);
    const { checks, breaches } = checked;
    const { disordered } = ordered;
    const counts = { cycles, accepted: accepted.length, cutOff, ...compare(accepted, endpoints), orderedMeanwhile, pending, checks };
    return { ...counts, misnumbered, disordered, breaches };
  } finally {
    for (const endpoint of endpoints) await endpoint.close();
    folder.remove();
  }
}

/** One webhook for each endpoint, of which the first one's is numbered and one is ordered; and one in pull mode. */
export async function subscribeAll(origin: string, [first, ...others]: readonly Endpoint[], ordered: OrderedEndpoint): Promise<Numbered> {
  const plain = others.filter((endpoint) => endpoint !== ordered);
  const token = await setUp(
    origin,
    plain.map((endpoint) => `${endpoint.url}/hooks`),
  );
  await subscribeOrdered(origin, token, `${ordered.url}/hooks`);
  return subscribeNumbered(origin, token, `${first?.url}/hooks`);
}

/** What `genhook check` does, on the file as it was left. */
async function checkFile(folder: string, checked: { checks: number; breaches: Breach[]; spentMs: number }): Promise<void> {
  const startedAt = performance.now();
  const reader = openSqliteCheckReader(folder);
  const { breaches } = await checkStore(reader, { now: Date.now(), retentionMs: RETENTION_MS, breachesMax: 20 });
  await reader.close();
  checked.checks += 1;
  checked.breaches.push(...breaches);
  checked.spentMs += performance.now() - startedAt;
}

/** How much is still owed once nothing moves any more. */
export async function drained(origin: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let quiet = 0; quiet < 300 && least > 0; quiet += 1) {
    const pending = await pendingAt(origin);
    if (pending < least) quiet = 0;
    least = Math.min(least, pending);
    if (pending > 0) await after(100);
  }
  return least;
}

/** What of the accepted events did not arrive everywhere, and how many deliveries came more than once. */
export function compare(
  accepted: readonly string[],
  endpoints: readonly Endpoint[],
): { readonly lost: readonly string[]; readonly repeated: number } {
  const lost = new Set<string>();
  let repeated = 0;
  for (const endpoint of endpoints) {
    const counts = new Map<string, number>();
    for (const { headers } of endpoint.received) {
      const id = headers["x-genstore-event-id"] ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const id of accepted) if (!counts.has(id)) lost.add(id);
    for (const count of counts.values()) if (count > 1) repeated += 1;
  }
  return { lost: [...lost], repeated };
}

export function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
