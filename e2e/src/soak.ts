import { Agent, request } from "node:http";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "./crash.ts";
import { KEY, makeFolder, pendingAt, ServerProcess, setUp, SHOP } from "./server-process.ts";
import { kindAt, startSoakEndpoints, type SoakEndpoints } from "./soak-endpoints.ts";

export interface SoakReport {
  readonly minutes: number;
  /** Events a second that the server took and delivered at the most, measured before; and how many were published from then on. */
  readonly capacity: number;
  readonly rate: number;
  readonly accepted: number;
  /** Answers that were no 202. */
  readonly refused: number;
  /** Accepted and not taken by their endpoint, because it is dead or a day was over before: what the server says has expired, is a dead letter, is pending still. */
  readonly expired: number;
  readonly deadLetters: number;
  readonly pending: number;
  /** Not taken, and not among those either. Must be none. */
  readonly lost: number;
  /** Deliveries that were taken more than once: their answer was too late for their deadline. */
  readonly repeated: number;
  /** Days past retention that were let go meanwhile, by a clock that gains a day every few seconds. */
  readonly days: number;
  /** Resident memory of the server and size of its data file: at the end of the warm-up and at the end, both on the line that fits best. */
  readonly residentMib: Trend;
  readonly fileMib: Trend;
  /** The most that the log beside the file took: it is used again and again, and never cut while in use. */
  readonly logMibMax: number;
  /** Deliveries that were owed to endpoints that are not dead at a time, at most, after the warm-up. */
  readonly pendingMax: number;
}

export interface Trend {
  readonly from: number;
  readonly to: number;
  /** Least and most of all samples. */
  readonly least: number;
  readonly most: number;
}

export interface SoakOptions {
  readonly minutes: number;
  /** Share of the capacity. */
  readonly share: number;
  readonly calibrateMs: number;
  /** How many days pass meanwhile, by the server's clock. */
  readonly days: number;
}

/** A third: by then days go as they come, and the heap has found its size. What is judged are the other two thirds. */
const WARM_UP_SHARE = 1 / 3;
/** What is still owed when nothing more is published, once nothing of it has arrived for this long, is lost. */
const QUIET_MS = 30_000;
const PUBLISHERS = 32;
/** Retries come soon: a day is short here, and what is owed for longer than it is kept expires. */
const FLAGS = ["--retention", "1d", "--retry-waits", "500ms,500ms,1s,1s,2s,2s,5s"];
const TICK_MS = 50;

interface Sample {
  readonly at: number;
  readonly resident: number;
  readonly file: number;
  readonly log: number;
}

/** Publishes at a share of what the server can take, for minutes, and watches its memory and its files. */
export async function soak({ minutes, share, calibrateMs, days }: SoakOptions): Promise<SoakReport> {
  const folder = makeFolder();
  const durationMs = minutes * 60_000;
  const server = new ServerProcess(["serve", "--port", "0", "--data", folder.path, "--allow-private-addresses", ...FLAGS], {
    NODE_OPTIONS: `--import=${fileURLToPath(new URL("./day-shift.ts", import.meta.url))}`,
    GENHOOK_TEST_DAY_MS: String(Math.round(durationMs / days)),
    GENHOOK_TEST_BEGAN_NS: String(process.hrtime.bigint()),
  });
  let endpoints: SoakEndpoints | null = null;
  let hasEnded = false;
  void server.exited.then(() => (hasEnded = true));
  try {
    const origin = await server.listening();
    endpoints = await startSoakEndpoints(origin, await setUp(origin, []));
    const publisher = new Publisher(origin, endpoints);
    const capacity = await publisher.fullSpeed(calibrateMs);
    await publisher.arrived();
    const rate = Math.max(1, Math.round(capacity * share));
    const samples: Sample[] = [];
    let pendingMax = 0;
    const startedAt = performance.now();
    const paced = publisher.paced(rate, durationMs);
    for (let now = 0; now < durationMs; now = performance.now() - startedAt) {
      await after(Math.min(1_000, durationMs / 60));
      if (hasEnded) throw new Error(`the server has ended:\n${server.output.slice(-4_000)}`);
      samples.push({
        at: now,
        resident: server.residentMib,
        file: sizeMib(folder.path, "genhook.db"),
        log: sizeMib(folder.path, "genhook.db-wal"),
      });
      if (now > durationMs * WARM_UP_SHARE) pendingMax = Math.max(pendingMax, publisher.owed);
    }
    await paced;
    await publisher.arrived();
    const warm = samples.filter(({ at }) => at > durationMs * WARM_UP_SHARE);
    return {
      minutes,
      capacity: Math.round(capacity),
      rate,
      accepted: publisher.accepted,
      refused: publisher.refused,
      ...(await accountFor(origin, server.output, publisher.notTaken)),
      repeated: publisher.repeated,
      days: (server.output.match(/is past retention and was dropped/g) ?? []).length,
      residentMib: trendOf(warm.map(({ at, resident }) => [at, resident])),
      fileMib: trendOf(warm.map(({ at, file }) => [at, file])),
      logMibMax: Math.max(...samples.map(({ log }) => log)),
      pendingMax,
    };
  } finally {
    server.kill("SIGKILL");
    await server.exited;
    await endpoints?.close();
    folder.remove();
  }
}

/** What the server says of events that nobody has taken. */
async function accountFor(
  origin: string,
  output: string,
  notTaken: number,
): Promise<Pick<SoakReport, "expired" | "deadLetters" | "pending" | "lost">> {
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  const sum = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
  const deadLetters = sum(metrics, /^genhook_deliveries_total\{[^}]*state="dead"[^}]*\} (\d+)/gm);
  const expired = sum(output, /"expired":(\d+),"msg":"a day is past retention and was dropped"/g);
  const pending = await pendingAt(origin);
  return { expired, deadLetters, pending, lost: Math.max(0, notTaken - expired - deadLetters - pending) };
}

/** By how much a trend grows over the time that was watched, as a share. */
export function growthOf({ from, to }: Trend): number {
  return (to - from) / from;
}

/** The line that fits best (least squares), at both ends. */
export function trendOf(points: readonly (readonly [at: number, value: number])[]): Trend {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanAt, meanValue] = [mean(([at]) => at), mean(([, value]) => value)];
  const slope = mean(([at, value]) => (at - meanAt) * (value - meanValue)) / mean(([at]) => (at - meanAt) ** 2);
  const valueAt = (at: number): number => Math.round((meanValue + slope * (at - meanAt)) * 10) / 10;
  const values = points.map(([, value]) => value);
  return {
    from: valueAt(points[0]?.[0] ?? 0),
    to: valueAt(points.at(-1)?.[0] ?? 0),
    least: Math.min(...values),
    most: Math.max(...values),
  };
}

function sizeMib(folder: string, name: string): number {
  const path = join(folder, name);
  return existsSync(path) ? Math.round((statSync(path).size / 1_048_576) * 10) / 10 : 0;
}

class Publisher {
  readonly #origin: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: PUBLISHERS });
  readonly #arrivedIds = new Set<string>();
  readonly #owed = new Set<string>();
  readonly #owedToDead = new Set<string>();
  #arrived = 0;
  #next = 0;
  #underWay = 0;
  accepted = 0;
  refused = 0;
  repeated = 0;

  constructor(origin: string, endpoints: SoakEndpoints) {
    this.#origin = origin;
    endpoints.onTaken = (id) => {
      if (this.#arrivedIds.has(id)) this.repeated += 1;
      else this.#arrived += 1;
      this.#arrivedIds.add(id);
      this.#owed.delete(id);
    };
  }

  /** Accepted and not arrived, but for what is owed to dead endpoints. */
  get owed(): number {
    return this.#owed.size;
  }

  /** Resolves once all has arrived, or nothing more does. */
  async arrived(): Promise<void> {
    for (let [before, quietMs] = [-1, 0]; this.owed > 0 && quietMs < QUIET_MS; quietMs = this.#arrived === before ? quietMs + TICK_MS : 0) {
      before = this.#arrived;
      await after(TICK_MS);
    }
  }

  get notTaken(): number {
    return this.#owed.size + this.#owedToDead.size;
  }

  /** Events a second, publishing as much as is taken: those that arrive in the last two thirds of the time, as the first call for a warm server. */
  async fullSpeed(forMs: number): Promise<number> {
    const startedAt = performance.now();
    const until = async (): Promise<void> => {
      while (performance.now() - startedAt < forMs) await this.#publish();
    };
    const publishing = Promise.all(Array.from({ length: PUBLISHERS }, until));
    await after(forMs / 3);
    const from = { at: performance.now(), arrived: this.#arrived };
    await publishing;
    return ((this.#arrived - from.arrived) / (performance.now() - from.at)) * 1_000;
  }

  /** So many a second; what cannot be sent in its time because answers are awaited is sent later. */
  async paced(perSecond: number, forMs: number): Promise<void> {
    const startedAt = performance.now();
    let sent = 0;
    const answers = new Set<Promise<void>>();
    for (let now = 0; now < forMs; now = performance.now() - startedAt) {
      for (const due = (now / 1_000) * perSecond; sent < due && this.#underWay < PUBLISHERS * 4; sent += 1) {
        const answer = this.#publish().finally(() => answers.delete(answer));
        answers.add(answer);
      }
      await after(TICK_MS);
    }
    await Promise.all(answers);
    this.#agent.destroy();
  }

  #publish(): Promise<void> {
    const n = (this.#next += 1);
    const { name, topic } = kindAt(n);
    const body = JSON.stringify({ shop: SHOP, topic, payload: { order: { id: n, note: "x".repeat(500) } } });
    const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    this.#underWay += 1;
    return new Promise((resolve) => {
      const end = (id: string | undefined): void => {
        this.#underWay -= 1;
        if (id === undefined) this.refused += 1;
        else {
          this.accepted += 1;
          if (!this.#arrivedIds.has(id)) (name === "dead" ? this.#owedToDead : this.#owed).add(id);
        }
        resolve();
      };
      const sent = request(`${this.#origin}/platform/v1/events`, { method: "POST", headers, agent: this.#agent }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => end(response.statusCode === 202 ? (JSON.parse(text) as { event: { id: string } }).event.id : undefined));
      });
      sent.on("error", () => end(undefined));
      sent.end(body);
    });
  }
}
