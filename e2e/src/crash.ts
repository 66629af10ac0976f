import { checkStore, type Breach } from "@genhook/core";
import { openSqliteCheckReader, openSqliteStore } from "@genhook/storage";
import { freePort, seededRandom, startEndpoint, type Endpoint } from "@genhook/testkit";
import type { Accounted } from "./accounted.ts";
import {
  chooseKill,
  choosePoint,
  countKill,
  killing,
  SQLITE_KILL_POINTS,
  type GoesOn,
  type KillCounts,
  type KillPoint,
} from "./kill-points.ts";
import { judgeNumbers, subscribeNumbered, type Numbered } from "./numbers.ts";
import { judgeOldData, putOldData, type OldData } from "./old-data.ts";
import { startOrderedEndpoint, subscribeOrdered, type OrderedEndpoint } from "./order.ts";
import { makeFolder, pendingAt, publish, ServerProcess, setUp } from "./server-process.ts";

export interface CrashReport extends Accounted {
  readonly cycles: number;
  /** Publishes whose answer a kill cut off: kills inside publish. */
  readonly cutOff: number;
  /** Where the kills were: `anywhere` at a random moment, the others inside what they are called after. */
  readonly kills: KillCounts;
  /** Requests that the ordered webhook got before the last start. */
  readonly orderedMeanwhile: number;
  /** What should have expired or been erased, and was not. Must be nothing. */
  readonly notGone: readonly string[];
  /** How often a file was looked through, as a kill had left it. */
  readonly checks: number;
}

const PUBLISHERS = 16;
/** Beside one whose webhook is ordered. */
const ENDPOINTS = 2;
/** Each so many kills wait until something ordered was sent: after a crash an ordered lane waits out the requests of the former process first. */
const ORDERED_EVERY = 6;
const ORDERED_MIN = 20;
const KILL_AFTER_MAX_MS = 400;
const ACCEPTED_MIN = 20;
const LOOKS_MAX = 2_000;
/** How long a server may take to come to its kill point once it listens, before it is killed from outside. */
const REACH_MS = 8_000;
/** Time that looking through files may take before only every tenth kill is followed by it: files grow. */
const CHECKS_MAX_MS = 60_000;
const RETENTION_DAYS = 30;
const FLAGS = ["--allow-private-addresses", "--attempt-timeout", "1s", "--retry-waits", "100ms,200ms,500ms,1s,1s,1s,1s"];

/**
 * Kills a server with SIGKILL under load, again and again on the same data, then accounts for every event that was answered 202. `goesOn` is asked
 * before each cycle.
 */
export async function crash(cycles: number, seed: number, goesOn: GoesOn = () => true): Promise<CrashReport> {
  const run = await Crash.begin(seed);
  try {
    await run.prepare();
    let made = 0;
    for (; made < cycles && goesOn(made, run.kills); made += 1) await run.cycle(made);
    return { cycles: made, ...(await run.account()) };
  } finally {
    await run.close();
  }
}

/** One data file, and what has become of it so far. */
class Crash {
  readonly #random: () => number;
  readonly #folder = makeFolder();
  readonly #plain: readonly Endpoint[];
  readonly #ordered: OrderedEndpoint;
  readonly #port: string;
  readonly #accepted: string[] = [];
  readonly #kills: Record<string, { inside: number; missed: number }> = {};
  readonly #checked = { checks: 0, breaches: [] as Breach[], spentMs: 0 };
  readonly #gone: OldData = { expired: [], erased: [] };
  #numbered: Numbered | null = null;
  #cutOff = 0;
  #next = 0;

  constructor(random: () => number, plain: readonly Endpoint[], ordered: OrderedEndpoint, port: number) {
    this.#random = random;
    this.#plain = plain;
    this.#ordered = ordered;
    this.#port = String(port);
  }

  static async begin(seed: number): Promise<Crash> {
    const endpoints = await Promise.all(Array.from({ length: ENDPOINTS }, () => startEndpoint()));
    return new Crash(seededRandom(seed), endpoints, await startOrderedEndpoint(), await freePort());
  }

  get kills(): KillCounts {
    return this.#kills;
  }

  get #endpoints(): readonly Endpoint[] {
    return [...this.#plain, this.#ordered];
  }

  /** Who gets what; the server that does this is stopped in good order. */
  async prepare(): Promise<void> {
    const server = this.#start();
    this.#numbered = await subscribeAll(await server.listening(), this.#endpoints, this.#ordered);
    server.kill("SIGTERM");
    await server.exited;
  }

  /** Every third kill comes at a random moment, the others at the kill points. */
  async cycle(n: number): Promise<void> {
    const point = n % 3 === 0 ? null : choosePoint(SQLITE_KILL_POINTS, this.#kills, this.#random);
    if (point === null) await this.#killAnywhere(n);
    else if (point.needs === "new data") await this.#killOnNewData(point);
    else await this.#killAt(point);
    if (this.#checked.spentMs < CHECKS_MAX_MS || n % 10 === 0) await checkFile(this.#folder.path, this.#checked);
  }

  async account(): Promise<Omit<CrashReport, "cycles">> {
    const [first] = this.#plain;
    const orderedMeanwhile = this.#ordered.received.length;
    const server = this.#start();
    const origin = await server.listening();
    const pending = await drained(origin);
    const misnumbered =
      this.#numbered === null || first === undefined ? [] : await judgeNumbers(origin, this.#numbered, this.#accepted, first);
    server.kill("SIGTERM");
    await server.exited;
    await checkFile(this.#folder.path, this.#checked);
    const store = await openSqliteStore({ folder: this.#folder.path });
    const notGone = await judgeOldData(store, this.#gone, RETENTION_DAYS);
    await store.close();
    const { checks, breaches } = this.#checked;
    const counts = { accepted: this.#accepted.length, cutOff: this.#cutOff, kills: this.#kills, orderedMeanwhile };
    const { disordered } = this.#ordered;
    return { ...counts, ...compare(this.#accepted, this.#endpoints), misnumbered, disordered, notGone, pending, checks, breaches };
  }

  async close(): Promise<void> {
    for (const endpoint of this.#endpoints) await endpoint.close();
    this.#folder.remove();
  }

  #start(environment: Readonly<Record<string, string>> = {}, folder: string = this.#folder.path): ServerProcess {
    return new ServerProcess(["serve", "--port", this.#port, "--data", folder, ...FLAGS], environment);
  }

  /** Publishes until the server is killed: then no answer comes. */
  #load(origin: string): Promise<unknown> {
    return Promise.all(
      Array.from({ length: PUBLISHERS }, async (_, publisher) => {
        for (;;) {
          const id = await publish(origin, (this.#next += 1), `publisher ${publisher}`);
          if (id === null) break;
          this.#accepted.push(id);
        }
        this.#cutOff += 1;
      }),
    );
  }

  async #acceptedMore(count: number, isOver: () => boolean = () => false): Promise<void> {
    const wanted = this.#accepted.length + count;
    for (let look = 0; this.#accepted.length < wanted && look < LOOKS_MAX && !isOver(); look += 1) await after(5);
  }

  async #killAnywhere(n: number): Promise<void> {
    const server = this.#start();
    const load = this.#load(await server.listening());
    // Every other kill waits until something was accepted, however slow the machine is; the others may meet a server that has hardly begun.
    if (n % 2 === 1) await this.#acceptedMore(ACCEPTED_MIN);
    if (n % ORDERED_EVERY === 3) await this.#ordered.waitFor(this.#ordered.received.length + ORDERED_MIN);
    await after(20 + this.#random() * KILL_AFTER_MAX_MS);
    server.kill("SIGKILL");
    await server.exited;
    await load;
    countKill(this.#kills, "anywhere", true);
  }

  async #killAt(point: KillPoint): Promise<void> {
    if (point.needs === "old data") {
      const store = await openSqliteStore({ folder: this.#folder.path });
      await putOldData(store, this.#gone, RETENTION_DAYS, this.#random);
      await store.close();
    }
    const server = this.#start(killing(chooseKill(point, this.#random)));
    const origin = await server.listening().catch(() => null);
    const load = origin === null ? null : this.#load(origin);
    if (origin !== null && point.needs === "a stop") {
      await this.#acceptedMore(ACCEPTED_MIN);
      server.kill("SIGTERM");
    }
    countKill(this.#kills, point.name, await endedInside(server));
    await load;
  }

  /** A file of its own, of which the kill leaves a beginning or nothing: the next server makes it whole and works. */
  async #killOnNewData(point: KillPoint): Promise<void> {
    const folder = makeFolder();
    try {
      const first = this.#start(killing(chooseKill(point, this.#random)), folder.path);
      const isStarted = await first.listening().then(
        () => true,
        () => false,
      );
      if (isStarted) first.kill("SIGKILL");
      countKill(this.#kills, point.name, (await endedInside(first)) && !isStarted);
      const second = this.#start({}, folder.path);
      const origin = await second.listening();
      await setUp(
        origin,
        this.#plain.map(({ url }) => `${url}/hooks`),
      );
      const id = await publish(origin, 1);
      const pending = await drained(origin);
      second.kill("SIGTERM");
      await second.exited;
      if (id === null || pending > 0 || compare([id], this.#plain).lost.length > 0) throw new Error("a new file does not work");
      await checkFile(folder.path, this.#checked);
    } finally {
      folder.remove();
    }
  }
}

/** Whether a server with a kill point came to it; otherwise it is killed from here. */
async function endedInside(server: ServerProcess): Promise<boolean> {
  let wasKilledHere = false;
  const timer = setTimeout(() => {
    wasKilledHere = true;
    server.kill("SIGKILL");
  }, REACH_MS);
  const { signal } = await server.exited;
  clearTimeout(timer);
  return signal === "SIGKILL" && !wasKilledHere;
}

/** One webhook for each endpoint, of which the first one's is numbered and one may be ordered; and one in pull mode. */
export async function subscribeAll(
  origin: string,
  [first, ...others]: readonly Endpoint[],
  ordered: OrderedEndpoint | null = null,
): Promise<Numbered> {
  const plain = others.filter((endpoint) => endpoint !== ordered);
  const token = await setUp(
    origin,
    plain.map((endpoint) => `${endpoint.url}/hooks`),
  );
  if (ordered !== null) await subscribeOrdered(origin, token, `${ordered.url}/hooks`);
  return subscribeNumbered(origin, token, `${first?.url}/hooks`);
}

/** What `genhook check` does, on the file as it was left. */
async function checkFile(folder: string, checked: { checks: number; breaches: Breach[]; spentMs: number }): Promise<void> {
  const startedAt = performance.now();
  const reader = openSqliteCheckReader(folder);
  const { breaches } = await checkStore(reader, { now: Date.now(), retentionMs: RETENTION_DAYS * 86_400_000, breachesMax: 20 });
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
