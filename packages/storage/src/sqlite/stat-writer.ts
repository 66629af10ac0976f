import { LATENCY_BOUNDS_MS } from "@genhook/core";
import { text } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";

const MINUTE_MS = 60_000;

interface Counts {
  published: number;
  delivered: number;
  failed: number;
  dead: number;
  cancelled: number;
  latency: number[] | null;
}

interface Delta extends Counts {
  readonly at: number;
  readonly shop: number;
  readonly app: number;
  readonly topic: string;
}

/** What a transaction counts of a scope: everything, an app, a topic. */
interface SumDelta extends Counts {
  readonly at: number;
  readonly scope: string;
}

const COUNTS = "published, delivered, failed, dead, cancelled, latency";
const ADD_UP = `ON CONFLICT DO UPDATE SET published = published + excluded.published, delivered = delivered + excluded.delivered,
    failed = failed + excluded.failed, dead = dead + excluded.dead, cancelled = cancelled + excluded.cancelled,
    latency = iif(excluded.latency = '', latency, excluded.latency)`;
const READ = "SELECT latency FROM stat WHERE resolution = ? AND at = ? AND shop = ? AND app = ? AND topic = ?";
const ADD = `INSERT INTO stat (resolution, at, shop, app, topic, ${COUNTS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_UP}`;
const READ_SUM = "SELECT latency FROM stat_sum WHERE scope = ? AND resolution = ? AND at = ?";
const ADD_SUM = `INSERT INTO stat_sum (scope, resolution, at, ${COUNTS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_UP}`;

/**
 * Collects what a transaction counts and adds it at its end, one statement per (minute, shop, app, topic). With one writer an upsert has
 * nobody to wait for, so the rows are summed as they come; adapters with many writers insert and sum later.
 *
 * A day of a platform is a row per shop, app, topic and minute: a million soon, and a plot over all of them read them all (15 s). So the sums over
 * everything, over an app and over a topic are kept beside them: few more rows for a transaction, because many deliveries share them.
 */
export class StatWriter {
  readonly #connection: Connection;
  readonly #deltas = new Map<string, Delta>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  published(at: number, shop: number, topic: string): void {
    this.#delta(at, shop, 0, topic).published += 1;
  }

  /** An attempt's row, or the end of a delivery without one. `latencyMs` counts when it was delivered. */
  ended(row: { at: number; shop: number; app: number; kind: string; state: string }, topic: string, latencyMs: number): void {
    const delta = this.#delta(row.at, row.shop, row.app, topic);
    if (row.kind === "attempt" && row.state !== "delivered") delta.failed += 1;
    if (row.state === "dead") delta.dead += 1;
    if (row.state === "cancelled") delta.cancelled += 1;
    if (row.state !== "delivered") return;
    delta.delivered += 1;
    delta.latency ??= LATENCY_BOUNDS_MS.map(() => 0).concat(0);
    const index = latencyClass(latencyMs);
    delta.latency[index] = (delta.latency[index] ?? 0) + 1;
  }

  /** Writes what was collected; inside the transaction that it belongs to. */
  flush(): void {
    if (this.#deltas.size === 0) return;
    for (const delta of this.#deltas.values()) addStat(this.#connection, MINUTE_MS, delta);
    for (const sum of sumsOf(this.#deltas.values())) addSum(this.#connection, MINUTE_MS, sum);
    this.clear();
  }

  /** Forgets what a transaction that failed has collected. */
  clear(): void {
    this.#deltas.clear();
  }

  #delta(at: number, shop: number, app: number, topic: string): Delta {
    const minute = at - (at % MINUTE_MS);
    const key = `${minute} ${shop} ${app} ${topic}`;
    let delta = this.#deltas.get(key);
    if (delta === undefined) this.#deltas.set(key, (delta = { at: minute, shop, app, topic, ...nothing() }));
    return delta;
  }
}

function nothing(): Counts {
  return { published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, latency: null };
}

function sumsOf(deltas: Iterable<Delta>): Iterable<SumDelta> {
  const sums = new Map<string, SumDelta>();
  for (const delta of deltas) {
    const { at, app, topic } = delta;
    // What is published is nobody's yet, so no app's.
    for (const scope of ["", `topic ${topic}`, ...(app === 0 ? [] : [`app ${app}`])]) {
      const key = `${at} ${scope}`;
      let sum = sums.get(key);
      if (sum === undefined) sums.set(key, (sum = { at, scope, ...nothing() }));
      addCounts(sum, delta);
    }
  }
  return sums.values();
}

function addCounts(sum: Counts, { published, delivered, failed, dead, cancelled, latency }: Counts): void {
  sum.published += published;
  sum.delivered += delivered;
  sum.failed += failed;
  sum.dead += dead;
  sum.cancelled += cancelled;
  if (latency !== null) sum.latency = latency.map((count, index) => count + (sum.latency?.[index] ?? 0));
}

/** Adds to a sum of a resolution (ms per row). */
export function addSum(connection: Connection, resolution: number, sum: SumDelta): void {
  const { at, scope, published, delivered, failed, dead, cancelled } = sum;
  const latency = addLatency(sum.latency, () => connection.get(READ_SUM, scope, resolution, at));
  connection.run(ADD_SUM, scope, resolution, at, published, delivered, failed, dead, cancelled, latency);
}

/** Adds to the row of a resolution (ms per row). */
export function addStat(connection: Connection, resolution: number, delta: Delta): void {
  const { at, shop, app, topic, published, delivered, failed, dead, cancelled } = delta;
  const latency = addLatency(delta.latency, () => connection.get(READ, resolution, at, shop, app, topic));
  connection.run(ADD, resolution, at, shop, app, topic, published, delivered, failed, dead, cancelled, latency);
}

export function parseLatency(latency: string): number[] {
  return latency === "" ? LATENCY_BOUNDS_MS.map(() => 0).concat(0) : latency.split(" ").map(Number);
}

/** Empty where there is nothing to add: the row keeps what it has, and need not be read. */
function addLatency(more: readonly number[] | null, readBefore: () => Row | undefined): string {
  if (more === null) return "";
  const before = readBefore();
  return parseLatency(before === undefined ? "" : text(before["latency"]))
    .map((count, index) => count + (more[index] ?? 0))
    .join(" ");
}

function latencyClass(latencyMs: number): number {
  const index = LATENCY_BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
  return index < 0 ? LATENCY_BOUNDS_MS.length : index;
}
