import { monitorEventLoopDelay } from "node:perf_hooks";
import { checkStore, type Breach } from "@genhook/core";
import { openPostgresCheckReader } from "@genhook/storage";
import { freePort, seededRandom, startEndpoint, startThrowAwayPostgres, type Endpoint, type ThrowAwayPostgres } from "@genhook/testkit";
import type { ClusterAccounted } from "./accounted.ts";
import { after, compare, drained, subscribeAll } from "./crash.ts";
import { judgeNumbers } from "./numbers.ts";
import { startOrderedEndpoint } from "./order.ts";
import { publish, ServerProcess, type Exit } from "./server-process.ts";
import { unlessGivenUp } from "./unless-given-up.ts";

export interface ClusterCrashOptions {
  readonly events: number;
  readonly seed: number;
  readonly nodes: number;
  /** How often the database server is restarted meanwhile, in turns as by a crash and in good order. */
  readonly databaseRestarts: number;
}

export interface ClusterCrashReport extends ClusterAccounted {
  readonly kills: number;
  readonly stops: number;
  readonly freezes: number;
  readonly databaseRestarts: number;
  /** Longest time that this program, endpoints included, did not read what had arrived, ms. What comes in then was sent at different times. */
  readonly stalledMs: number;
}

const RETENTION_MS = 30 * 86_400_000;
const PUBLISHERS = 12;
/** Beside one whose webhook is ordered. */
const ENDPOINTS = 3;
export const ENDPOINT_CONCURRENCY = 6;
const AGAIN_MS = 50;
/** Looks without anything new after which nothing more is awaited: longer than a lease, and than an ordered lane waits after it. */
const ARRIVED_QUIET_MAX = 100;

/** One node of the cluster over its lives: what is done to it, and on which port it can be reached. */
export class Node {
  readonly origin: string;
  readonly #args: readonly string[];
  #process: ServerProcess | null = null;
  #isEnding = false;
  exits = 0;
  /** Whether this life came so far that it listened. */
  isListening = false;

  constructor(port: number, database: string) {
    this.origin = `http://127.0.0.1:${port}`;
    const flags = ["--allow-private-addresses", "--endpoint-concurrency", String(ENDPOINT_CONCURRENCY), "--log-level", "error"];
    this.#args = ["serve", "--port", String(port), "--database", database, "--retry-waits", "200ms,500ms,1s,1s,2s,5s,5s", ...flags];
  }

  /** Of this life. */
  get exited(): Promise<Exit> {
    return this.#process?.exited ?? Promise.resolve({ code: null, signal: null });
  }

  get output(): string {
    return this.#process?.output ?? "";
  }

  /** A stop in good order was asked for. */
  get isStopping(): boolean {
    return this.#isEnding;
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#isEnding = false;
    const process = new ServerProcess(this.#args, { GENHOOK_SEALING_KEY: "22".repeat(32), ...environment });
    this.#process = process;
    void process.exited.then(() => {
      if (!this.#isEnding && this.#process === process) this.exits += 1;
    });
    this.isListening = await process.listening().then(
      () => true,
      () => false,
    );
  }

  stopSoon(): void {
    this.#isEnding = true;
    this.#process?.kill("SIGTERM");
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#isEnding = true;
    this.#process?.kill(signal);
    await this.#process?.exited;
  }

  async freeze(forMs: number): Promise<void> {
    this.#process?.kill("SIGSTOP");
    await after(forMs);
    this.#process?.kill("SIGCONT");
  }
}

/** Publishes through several processes on PostgreSQL while they are killed, stopped, frozen and started, and while PostgreSQL is restarted; then accounts for everything. */
export async function clusterCrash(options: ClusterCrashOptions): Promise<ClusterCrashReport> {
  const random = seededRandom(options.seed);
  const startedAt = performance.now();
  const turns = monitorEventLoopDelay({ resolution: 10 });
  turns.enable();
  const postgres = await startThrowAwayPostgres();
  const inFlight = { now: Array.from({ length: ENDPOINTS }, () => 0), max: 0 };
  const ordered = await startOrderedEndpoint({ delayMs: () => 1 + random() * 5 });
  const counting = Array.from({ length: ENDPOINTS }, (_, index) => countingEndpoint(inFlight, index, random));
  const endpoints = [...(await Promise.all(counting)), ordered];
  const database = await postgres.createDatabase();
  const nodes: Node[] = [];
  for (let n = 0; n < options.nodes; n += 1) nodes.push(new Node(await freePort(), database));
  try {
    await Promise.all(nodes.map((node) => node.start()));
    const numbered = await subscribeAll(nodes[0]?.origin ?? "", endpoints, ordered);
    const published = publishAll(nodes, options.events, random);
    const done = await disturb(nodes, postgres, options, random, published.progress);
    const { accepted, refused } = await published.finished;
    await arrived(endpoints, accepted);
    turns.disable();
    const pending = await drained(nodes[0]?.origin ?? "");
    const misnumbered = await judgeNumbers(nodes[0]?.origin ?? "", numbered, accepted, endpoints[0] as Endpoint);
    const exits = nodes.reduce((sum, node) => sum + node.exits, 0);
    const breaches = await checkDatabase(database);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const counts = { accepted: accepted.length, refused, ...done, misnumbered, pending, exits, breaches, seconds };
    return {
      ...counts,
      ...compare(accepted, endpoints),
      disordered: ordered.disordered,
      inFlightMax: inFlight.max,
      inFlightAllowed: ENDPOINT_CONCURRENCY,
      stalledMs: Math.round(turns.max / 1e6),
    };
  } finally {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    await postgres.stop();
  }
}

/** Answers after a few milliseconds, and counts what is under way: a request ends with its answer, or with its connection. */
export function countingEndpoint(
  inFlight: { readonly now: number[]; max: number },
  index: number,
  random: () => number,
): Promise<Endpoint> {
  return startEndpoint({
    answer: () => (response) => {
      unlessGivenUp(response, () => {
        const now = (inFlight.now[index] ?? 0) + 1;
        inFlight.now[index] = now;
        inFlight.max = Math.max(inFlight.max, now);
        response.once("close", () => (inFlight.now[index] = (inFlight.now[index] ?? 1) - 1));
        setTimeout(() => response.writeHead(200).end(), 1 + random() * 15);
      });
    },
  });
}

interface Publishing {
  readonly progress: () => number;
  readonly finished: Promise<{ readonly accepted: readonly string[]; readonly refused: number }>;
}

function publishAll(nodes: readonly Node[], events: number, random: () => number): Publishing {
  const accepted: string[] = [];
  let refused = 0;
  let next = 0;
  const publisher = async (_: unknown, index: number): Promise<void> => {
    while (next < events) {
      const n = (next += 1);
      for (;;) {
        const id = await publish(nodes[Math.floor(random() * nodes.length)]?.origin ?? "", n, `publisher ${index}`);
        if (id !== null) {
          accepted.push(id);
          break;
        }
        refused += 1;
        await after(AGAIN_MS);
      }
    }
  };
  const all = Promise.all(Array.from({ length: PUBLISHERS }, publisher));
  return { progress: () => accepted.length / events, finished: all.then(() => ({ accepted, refused })) };
}

type Done = Pick<ClusterCrashReport, "kills" | "stops" | "freezes" | "databaseRestarts">;

/** One misfortune after the other until everything is published. */
async function disturb(
  nodes: readonly Node[],
  postgres: ThrowAwayPostgres,
  options: ClusterCrashOptions,
  random: () => number,
  progress: () => number,
): Promise<Done> {
  const done = { kills: 0, stops: 0, freezes: 0, databaseRestarts: 0 };
  while (progress() < 1) {
    await after(300 + random() * 2_000);
    const due = Math.floor(progress() * (options.databaseRestarts + 1));
    if (done.databaseRestarts < Math.min(due, options.databaseRestarts)) {
      await postgres.restart(done.databaseRestarts % 2 === 0 ? "immediate" : "fast");
      done.databaseRestarts += 1;
      continue;
    }
    const node = nodes[Math.floor(random() * nodes.length)] as Node;
    const dice = random();
    if (dice < 0.35) {
      await node.freeze(500 + random() * 14_000);
      done.freezes += 1;
    } else {
      await node.end(dice < 0.75 ? "SIGKILL" : "SIGTERM");
      if (dice < 0.75) done.kills += 1;
      else done.stops += 1;
      await after(random() * 1_500);
      await node.start();
    }
  }
  return done;
}

/** What `genhook check` finds wrong. */
export async function checkDatabase(url: string): Promise<readonly Breach[]> {
  const reader = await openPostgresCheckReader(url);
  try {
    return (await checkStore(reader, { now: Date.now(), retentionMs: RETENTION_MS, breachesMax: 20 })).breaches;
  } finally {
    await reader.close();
  }
}

/** Resolves once every accepted event is at every endpoint, or nothing has arrived for a while. Looks closely only then: it takes long, and endpoints wait. */
async function arrived(endpoints: readonly Endpoint[], accepted: readonly string[]): Promise<void> {
  let quiet = 0;
  let before = -1;
  while (quiet < ARRIVED_QUIET_MAX) {
    const now = endpoints.reduce((sum, endpoint) => sum + endpoint.received.length, 0);
    if (quiet > 0 && quiet % 4 === 0 && compare(accepted, endpoints).lost.length === 0) return;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    await after(250);
  }
}
