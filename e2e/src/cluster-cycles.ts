import type { Breach, Store } from "@genhook/core";
import { openPostgresStore } from "@genhook/storage";
import {
  freePort,
  seededRandom,
  startEndpoint,
  startThrowAwayPostgres,
  withClient,
  type Endpoint,
  type ThrowAwayPostgres,
} from "@genhook/testkit";
import type { ClusterAccounted } from "./accounted.ts";
import { checkDatabase, countingEndpoint, ENDPOINT_CONCURRENCY, Node } from "./cluster-crash.ts";
import { after, compare, drained, subscribeAll } from "./crash.ts";
import {
  chooseKill,
  choosePoint,
  countKill,
  killing,
  NO_KILL,
  POSTGRES_KILL_POINTS,
  type GoesOn,
  type KillCounts,
  type KillPoint,
} from "./kill-points.ts";
import { judgeNumbers, type Numbered } from "./numbers.ts";
import { startOrderedEndpoint, type OrderedEndpoint } from "./order.ts";
import { judgeOldData, putOldData, type OldData } from "./old-data.ts";
import { publish, setUp } from "./server-process.ts";

export interface ClusterCyclesReport extends ClusterAccounted {
  readonly cycles: number;
  /** Where the kills were: `anywhere` at a random moment, the others inside what they are called after. */
  readonly kills: KillCounts;
  /** What should have expired or been erased, and was not. Must be nothing. */
  readonly notGone: readonly string[];
  readonly checks: number;
}

const NODES = 3;
/**
 * Beside one whose webhook is ordered. The shards of a killed process are nobody's for most of a lease, and lives are shorter than that: of few endpoints,
 * most processes would own none and settle nothing.
 */
const ENDPOINTS = 12;
const PUBLISHERS = 4;
const PUBLISH_EVERY_MS = 40;
const RETENTION_DAYS = 30;
/**
 * How long a process may take to come to its kill point once it listens, before it is killed from outside. For retention and erasure it has to
 * become the owner of one certain shard, which a killed process may have for another lease.
 */
const REACH_MS: Readonly<Record<KillPoint["needs"], number>> = { nothing: 12_000, "new data": 12_000, "old data": 25_000, "a stop": 8_000 };
const ANYWHERE_MAX_MS = 3_000;
const CHECK_EVERY = 50;

/** Kills the processes of a cluster with SIGKILL under load, each again and again, most of them at a kill point; then accounts for every event that was answered 202. */
export async function clusterCycles(cycles: number, seed: number, goesOn: GoesOn = () => true): Promise<ClusterCyclesReport> {
  const random = seededRandom(seed);
  const postgres = await startThrowAwayPostgres();
  const inFlight = { now: Array.from({ length: ENDPOINTS }, () => 0), max: 0 };
  const ordered = await startOrderedEndpoint({ delayMs: () => 1 + random() * 5 });
  const counting = Array.from({ length: ENDPOINTS }, (_, index) => countingEndpoint(inFlight, index, random));
  const endpoints = [...(await Promise.all(counting)), ordered];
  const run = new Cycles({ cycles, goesOn }, random, postgres, { endpoints, ordered }, await postgres.createDatabase());
  try {
    return {
      ...(await run.toEnd()),
      disordered: ordered.disordered,
      inFlightMax: inFlight.max,
      inFlightAllowed: ENDPOINT_CONCURRENCY,
    };
  } finally {
    await run.close();
  }
}

class Cycles {
  readonly #cycles: number;
  readonly #goesOn: GoesOn;
  readonly #random: () => number;
  readonly #postgres: ThrowAwayPostgres;
  readonly #endpoints: readonly Endpoint[];
  readonly #ordered: OrderedEndpoint;
  readonly #database: string;
  readonly #accepted: string[] = [];
  readonly #kills: Record<string, { inside: number; missed: number }> = {};
  readonly #gone: OldData = { expired: [], erased: [] };
  readonly #breaches: Breach[] = [];
  #nodes: readonly Node[] = [];
  #cycle = 0;
  #refused = 0;
  #next = 0;
  #exits = 0;
  #checks = 0;
  #isOver = false;

  constructor(
    length: { readonly cycles: number; readonly goesOn: GoesOn },
    random: () => number,
    postgres: ThrowAwayPostgres,
    receivers: { readonly endpoints: readonly Endpoint[]; readonly ordered: OrderedEndpoint },
    database: string,
  ) {
    this.#cycles = length.cycles;
    this.#goesOn = length.goesOn;
    this.#random = random;
    this.#postgres = postgres;
    this.#endpoints = receivers.endpoints;
    this.#ordered = receivers.ordered;
    this.#database = database;
  }

  async toEnd(): Promise<Omit<ClusterCyclesReport, "disordered" | "inFlightMax" | "inFlightAllowed">> {
    const startedAt = performance.now();
    this.#nodes = await Promise.all(Array.from({ length: NODES }, async () => new Node(await freePort(), this.#database)));
    const origin = this.#nodes[0]?.origin ?? "";
    await this.#nodes[0]?.start();
    const numbered = await subscribeAll(origin, this.#endpoints, this.#ordered);
    await this.#nodes[0]?.end("SIGTERM");
    const publishers = Array.from({ length: PUBLISHERS }, (_, index) => this.#publishOn(`publisher ${index}`));
    await Promise.all(this.#nodes.map((node) => this.#liveOn(node)));
    this.#isOver = true;
    await Promise.all(this.#nodes.map((node) => node.start(killing(NO_KILL))));
    await Promise.all(publishers);
    return { ...(await this.#account(origin, numbered)), seconds: Math.round((performance.now() - startedAt) / 1_000) };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#nodes.map((node) => node.end("SIGKILL")));
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
    await this.#postgres.stop();
  }

  async #account(
    origin: string,
    numbered: Numbered,
  ): Promise<Omit<ClusterCyclesReport, "disordered" | "inFlightMax" | "inFlightAllowed" | "seconds">> {
    let pending = await drained(origin);
    // What had to wait for the leases of killed processes.
    for (let look = 0; look < 4 && pending > 0; look += 1) pending = await drained(origin);
    const misnumbered = await judgeNumbers(origin, numbered, this.#accepted, this.#endpoints[0] as Endpoint);
    const notGone = await this.#withStore((store) => this.#allGone(store));
    await this.#check();
    const counts = { cycles: this.#cycle, accepted: this.#accepted.length, refused: this.#refused, kills: this.#kills, exits: this.#exits };
    const { lost, repeated } = compare(this.#accepted, this.#endpoints);
    return { ...counts, lost, repeated, misnumbered, notGone, pending, checks: this.#checks, breaches: this.#breaches };
  }

  /** Retention and erasure take their time beside all that is delivered. */
  async #allGone(store: Store): Promise<readonly string[]> {
    let notGone = await judgeOldData(store, this.#gone, RETENTION_DAYS);
    for (let look = 0; look < 90 && notGone.length > 0; look += 1) {
      await after(1_000);
      notGone = await judgeOldData(store, this.#gone, RETENTION_DAYS);
    }
    return notGone;
  }

  /** Each event under its key until it is accepted. */
  async #publishOn(orderKey: string): Promise<void> {
    while (!this.#isOver) {
      const n = (this.#next += 1);
      for (;;) {
        const id = await publish(this.#nodes[Math.floor(this.#random() * NODES)]?.origin ?? "", n, orderKey);
        if (id !== null) {
          this.#accepted.push(id);
          break;
        }
        this.#refused += 1;
        await after(PUBLISH_EVERY_MS);
      }
      await after(PUBLISH_EVERY_MS);
    }
  }

  /** One process's lives: every third is ended at a random moment, the others at the kill points. */
  async #liveOn(node: Node): Promise<void> {
    while (this.#cycle < this.#cycles && this.#goesOn(this.#cycle, this.#kills)) {
      const n = (this.#cycle += 1);
      if (n % CHECK_EVERY === 0) await this.#check();
      const point = n % 3 === 0 ? null : choosePoint(POSTGRES_KILL_POINTS, this.#kills, this.#random);
      if (point === null) {
        await node.start();
        await after(this.#random() * ANYWHERE_MAX_MS);
        await node.end("SIGKILL");
        countKill(this.#kills, "anywhere", true);
      } else if (point.needs === "new data") await this.#killOnNewData(point);
      else await this.#killAt(node, point);
    }
  }

  async #killAt(node: Node, point: KillPoint): Promise<void> {
    if (point.needs === "old data") await this.#withStore((store) => putOldData(store, this.#gone, RETENTION_DAYS, this.#random));
    await node.start(killing(chooseKill(point, this.#random)));
    if (point.needs === "a stop") {
      await after(this.#random() * ANYWHERE_MAX_MS);
      node.stopSoon();
    }
    countKill(this.#kills, point.name, await this.#endedInside(node, REACH_MS[point.needs]));
  }

  async #endedInside(node: Node, withinMs: number): Promise<boolean> {
    const exit = await Promise.race([node.exited, after(withinMs)]);
    if (exit === undefined) {
      await node.end("SIGKILL");
      return false;
    }
    // A stop may be quicker than its kill.
    if (exit.signal !== "SIGKILL" && (exit.code !== 0 || !node.isStopping)) this.#exits += 1;
    return exit.signal === "SIGKILL";
  }

  /** A database of its own, of whose schema the kill leaves nothing or all: the next process makes it and works. */
  async #killOnNewData(point: KillPoint): Promise<void> {
    const database = await this.#postgres.createDatabase();
    const node = new Node(await freePort(), database);
    await node.start(killing(chooseKill(point, this.#random)));
    if (node.isListening) await node.end("SIGKILL");
    countKill(this.#kills, point.name, !node.isListening);
    await node.start();
    if (!node.isListening) throw new Error(`a new database does not work:\n${node.output}`);
    const endpoint = await startEndpoint();
    try {
      await setUp(node.origin, [`${endpoint.url}/hooks`]);
      let id: string | null = null;
      while (id === null) id = await publish(node.origin, 1);
      while (compare([id], [endpoint]).lost.length > 0) await after(20);
    } finally {
      await node.end("SIGKILL");
      await endpoint.close();
      await withClient(this.#postgres.url, (client) => client.query(`DROP DATABASE ${new URL(database).pathname.slice(1)} WITH (FORCE)`));
    }
  }

  async #check(): Promise<void> {
    this.#checks += 1;
    this.#breaches.push(...(await checkDatabase(this.#database)).slice(0, 20 - this.#breaches.length));
  }

  async #withStore<Value>(work: (store: Store) => Promise<Value>): Promise<Value> {
    const store = await openPostgresStore({ url: this.#database });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
}
