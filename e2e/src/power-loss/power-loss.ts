import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkStore, dayOfTime, type Breach, type CheckReader, type EventFacts } from "@genhook/core";
import { openSqliteCheckReader, openSqliteStore } from "@genhook/storage";
import { seededRandom, startEndpoint, type Endpoint } from "@genhook/testkit";
import { after, compare, drained, subscribeAll } from "../crash.ts";
import { judgeOldData, putOldData, type OldData } from "../old-data.ts";
import { makeFolder, publish, ServerProcess } from "../server-process.ts";
import { Disk, type Left } from "./disk.ts";
import { buildRecorder, readSteps, recording, type Step } from "./recording.ts";

export interface PowerLossOptions {
  /** Events that are published in each of the two lives. */
  readonly events: number;
  readonly seed: number;
  /** Of the moments just before a sync, every how many-th the power is cut at; 1 for all. */
  readonly every: number;
  /** Power cuts that a real server is started after, in each life. */
  readonly starts: number;
  /** A disk that says of its log that it is synced, and does not do it: then events must be found lost. */
  readonly isLying?: boolean;
}

export interface PowerLossReport {
  readonly accepted: number;
  /** Writes, cuts and the like that were recorded, and how many of them were syncs. */
  readonly steps: number;
  readonly syncs: number;
  readonly cuts: number;
  /** Events answered 202 before a cut that were gone after it. Must be none. */
  readonly lost: readonly string[];
  /** Numbers that an endpoint had been told before a cut and that were others after it. Must be none. */
  readonly renumbered: readonly string[];
  /** What was not in order. Must be nothing. */
  readonly breaches: readonly Breach[];
  /** What was wrong with servers that were started after a cut. Must be nothing. */
  readonly failures: readonly string[];
  readonly starts: number;
}

interface Life {
  readonly disk: Disk;
  readonly steps: readonly Step[];
  readonly listeningNs: bigint;
}

const PUBLISHERS = 8;
const ENDPOINTS = 2;
const RETENTION_DAYS = 30;
const FLAGS = ["--allow-private-addresses", "--retry-waits", "100ms,200ms,500ms,1s,1s,1s,1s", "--log-level", "warn"];

/** Records what a server does to its files in two lives, then cuts the power at its syncs and looks at what is left. */
export async function losePower(options: PowerLossOptions): Promise<PowerLossReport> {
  const run = new PowerLoss(options, await Promise.all(Array.from({ length: ENDPOINTS }, () => startEndpoint())));
  try {
    return await run.toEnd();
  } finally {
    await run.close();
  }
}

class PowerLoss {
  readonly #options: PowerLossOptions;
  readonly #endpoints: readonly Endpoint[];
  readonly #random: () => number;
  readonly #root = makeFolder();
  readonly #library: string;
  readonly #accepted: { readonly id: string; readonly atNs: bigint }[] = [];
  readonly #lost = new Set<string>();
  readonly #renumbered = new Set<string>();
  readonly #breaches: Breach[] = [];
  readonly #failures: string[] = [];
  readonly #gone: OldData = { expired: [], erased: [] };
  #next = 0;
  #cuts = 0;
  #starts = 0;

  constructor(options: PowerLossOptions, endpoints: readonly Endpoint[]) {
    this.#options = options;
    this.#endpoints = endpoints;
    this.#random = seededRandom(options.seed);
    this.#library = buildRecorder(this.#root.path);
  }

  async toEnd(): Promise<PowerLossReport> {
    const data = join(this.#root.path, "data");
    mkdirSync(data);
    // From an empty folder: the schema is made, the key, everything.
    const first = await this.#live(data, async (origin) => {
      await subscribeAll(origin, this.#endpoints);
    });
    const store = await openSqliteStore({ folder: data });
    await putOldData(store, this.#gone, RETENTION_DAYS, this.#random);
    await store.close();
    const second = await this.#live(data);
    for (const life of [first, second]) await this.#replay(life);
    const steps = [...first.steps, ...second.steps];
    return {
      accepted: this.#accepted.length,
      steps: steps.length,
      syncs: steps.filter(({ kind }) => kind === "synced").length,
      cuts: this.#cuts,
      lost: [...this.#lost],
      renumbered: [...this.#renumbered],
      breaches: this.#breaches,
      failures: this.#failures,
      starts: this.#starts,
    };
  }

  async close(): Promise<void> {
    for (const endpoint of this.#endpoints) await endpoint.close();
    this.#root.remove();
  }

  /** A server's life from its start to a stop in good order, recorded. */
  async #live(data: string, prepare: (origin: string) => Promise<void> = () => Promise.resolve()): Promise<Life> {
    const record = makeFolder();
    try {
      const disk = new Disk(data, (name) => this.#options.isLying === true && name.endsWith("-wal"));
      const server = this.#start(data, recording(this.#library, data, record.path));
      const origin = await server.listening();
      const listeningNs = process.hrtime.bigint();
      await prepare(origin);
      await this.#publishAll(origin);
      await drained(origin);
      server.kill("SIGTERM");
      await server.exited;
      return { disk, steps: readSteps(record.path), listeningNs };
    } finally {
      record.remove();
    }
  }

  async #publishAll(origin: string): Promise<void> {
    const last = this.#next + this.#options.events;
    const publisher = async (): Promise<void> => {
      while (this.#next < last) {
        const id = await publish(origin, (this.#next += 1));
        if (id !== null) this.#accepted.push({ id, atNs: process.hrtime.bigint() });
      }
    };
    await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
  }

  #start(data: string, environment: Readonly<Record<string, string>> = {}): ServerProcess {
    return new ServerProcess(["serve", "--port", "0", "--data", data, ...FLAGS], environment);
  }

  /** Cuts the power just before each chosen sync is begun, in each way. */
  async #replay({ disk, steps, listeningNs }: Life): Promise<void> {
    const folder = join(this.#root.path, "left");
    const syncs = steps.filter(({ kind }) => kind === "synced").length;
    const startEvery = Math.max(1, Math.floor(syncs / Math.max(1, this.#options.starts)));
    let sync = 0;
    for (const step of steps) {
      if (step.kind === "synced") {
        sync += 1;
        if (sync % this.#options.every === 0) {
          for (const left of ["nothing", "everything", "some"] satisfies Left[]) {
            disk.cut(left, this.#random, folder);
            await this.#judge(folder, step.atNs, step.atNs > listeningNs);
          }
        }
        if (sync % startEvery === 1 && this.#options.starts > 0) {
          disk.cut(this.#random() < 0.5 ? "nothing" : "some", this.#random, folder);
          await this.#startAfter(folder, step.atNs);
        }
      }
      disk.do(step);
    }
  }

  #acceptedBefore(atNs: bigint): readonly string[] {
    return this.#accepted.filter((event) => event.atNs < atNs).map(({ id }) => id);
  }

  async #judge(folder: string, atNs: bigint, hasSchema: boolean): Promise<void> {
    this.#cuts += 1;
    // What a start does first: makes the schema, where that was cut off.
    if (!hasSchema) await (await openSqliteStore({ folder })).close();
    const reader = openSqliteCheckReader(folder);
    const found = new Set<string>();
    const { breaches } = await checkStore(noting(reader, found), {
      now: Date.now(),
      retentionMs: RETENTION_DAYS * 86_400_000,
      breachesMax: 5,
    });
    await reader.close();
    this.#breaches.push(...breaches.slice(0, 20 - this.#breaches.length));
    for (const id of this.#acceptedBefore(atNs)) if (!found.has(id)) this.#lost.add(id);
    // What a lying disk has damaged cannot be read to its end.
    if (!breaches.some(({ kind }) => kind === "damaged")) this.#compareNumbers(folder, atNs);
  }

  #compareNumbers(folder: string, atNs: bigint): void {
    const database = new DatabaseSync(join(folder, "genhook.db"), { readOnly: true });
    const numbers = new Map(
      database
        .prepare(
          "SELECT lower(hex(s.event)) AS event, s.n FROM sequence s JOIN subscription u ON u.id = s.subscription AND u.body LIKE '%/hooks%'",
        )
        .all()
        .map(({ event, n }) => [String(event), String(n)] as const),
    );
    database.close();
    const shiftNs = process.hrtime.bigint() - BigInt(Math.round(performance.now() * 1e6));
    for (const { headers, at } of this.#endpoints[0]?.received ?? []) {
      const [event, told] = [headers["x-genstore-event-id"] ?? "", headers["x-genstore-sequence"]];
      if (BigInt(Math.round(at * 1e6)) + shiftNs >= atNs || told === undefined) continue;
      const kept = numbers.get(event.replaceAll("-", ""));
      if (kept !== told) this.#renumbered.add(`${event} was told ${told}, and is ${kept}`);
    }
  }

  /** What is left is not only sound: a server works on, and delivers what is owed. */
  async #startAfter(folder: string, atNs: bigint): Promise<void> {
    this.#starts += 1;
    const server = this.#start(folder);
    try {
      const origin = await server.listening();
      const pending = await drained(origin);
      if (pending > 0) this.#failures.push(`${pending} deliveries are not made`);
      const { lost } = compare(this.#acceptedBefore(atNs), this.#endpoints);
      if (lost.length > 0) this.#failures.push(`${lost.length} accepted events did not arrive`);
      await kept(folder);
      server.kill("SIGTERM");
      await server.exited;
      const store = await openSqliteStore({ folder });
      this.#failures.push(...(await judgeOldData(store, this.#gone, RETENTION_DAYS)));
      await store.close();
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
    } finally {
      server.kill("SIGKILL");
      await server.exited;
    }
  }
}

/** Resolves once retention and erasure have nothing left to do, or a minute is over. */
async function kept(folder: string): Promise<void> {
  const database = new DatabaseSync(join(folder, "genhook.db"), { readOnly: true });
  const first = dayOfTime(Date.now()) - RETENTION_DAYS;
  const left = database.prepare(`SELECT count(*) AS n FROM (SELECT event FROM erasure
    UNION ALL SELECT name FROM sqlite_master WHERE name GLOB 'event_[0-9]*' AND CAST(substr(name, 7) AS INTEGER) < ${first})`);
  for (let look = 0; look < 600 && Number(left.get()?.["n"]) > 0; look += 1) await after(100);
  database.close();
}

/** The same reader, which notes the events that it finds. */
function noting(reader: CheckReader, found: Set<string>): CheckReader {
  return {
    damage: () => reader.damage(),
    days: () => reader.days(),
    events: async function* events(day: number): AsyncGenerator<readonly EventFacts[]> {
      for await (const batch of reader.events(day)) {
        for (const { id, event } of batch) if (event !== null) found.add(id);
        yield batch;
      }
    },
    strayTasks: () => reader.strayTasks(),
    references: () => reader.references(),
    directory: () => reader.directory(),
    history: () => reader.history(),
    sequences: () => reader.sequences(),
    counts: () => reader.counts(),
    sumDifferences: () => reader.sumDifferences(),
    close: () => reader.close(),
  };
}
