import { LATENCY_BOUNDS_MS } from "@genhook/core";
import { text } from "../columns.ts";
import type { Connection } from "./connection.ts";

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

const READ = "SELECT latency FROM stat WHERE resolution = ? AND at = ? AND shop = ? AND app = ? AND topic = ?";
const ADD = `INSERT INTO stat (resolution, at, shop, app, topic, published, delivered, failed, dead, cancelled, latency)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET published = published + excluded.published, delivered = delivered + excluded.delivered,
    failed = failed + excluded.failed, dead = dead + excluded.dead, cancelled = cancelled + excluded.cancelled, latency = excluded.latency`;

const READ_SUM = "SELECT latency FROM stat_sum WHERE scope = ? AND resolution = ? AND at = ?";
const ADD_SUM = `INSERT INTO stat_sum (scope, resolution, at, published, delivered, failed, dead, cancelled, latency)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET published = published + excluded.published, delivered = delivered + excluded.delivered,
    failed = failed + excluded.failed, dead = dead + excluded.dead, cancelled = cancelled + excluded.cancelled, latency = excluded.latency`;

/** The scope of sums that answers what was asked for; null where only the rows by themselves do. */
export function scopeOf(app: number | null, topic: string | null): string | null {
  if (app !== null && topic !== null) return null;
  return app !== null ? `app ${app}` : topic !== null ? `topic ${topic}` : "";
}

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
  readonly #sums = new Map<string, SumDelta>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  published(at: number, shop: number, topic: string): void {
    for (const each of this.#countersOf(at, shop, 0, topic)) each.published += 1;
  }

  /** An attempt's row, or the end of a delivery without one. `latencyMs` counts when it was delivered. */
  ended(row: { at: number; shop: number; app: number; kind: string; state: string }, topic: string, latencyMs: number): void {
    for (const each of this.#countersOf(row.at, row.shop, row.app, topic)) {
      if (row.kind === "attempt" && row.state !== "delivered") each.failed += 1;
      if (row.state === "dead") each.dead += 1;
      if (row.state === "cancelled") each.cancelled += 1;
      if (row.state !== "delivered") continue;
      each.delivered += 1;
      each.latency ??= LATENCY_BOUNDS_MS.map(() => 0).concat(0);
      const index = latencyClass(latencyMs);
      each.latency[index] = (each.latency[index] ?? 0) + 1;
    }
  }

  /** Writes what was collected; inside the transaction that it belongs to. */
  flush(): void {
    for (const delta of this.#deltas.values()) addStat(this.#connection, MINUTE_MS, delta);
    for (const sum of this.#sums.values()) addSum(this.#connection, MINUTE_MS, sum);
    this.clear();
  }

  /** Forgets what a transaction that failed has collected. */
  clear(): void {
    this.#deltas.clear();
    this.#sums.clear();
  }

  /** Everything that one more counts for. What is published is nobody's yet, so no app's. */
  #countersOf(at: number, shop: number, app: number, topic: string): readonly Counts[] {
    const minute = at - (at % MINUTE_MS);
    const scopes = ["", `topic ${topic}`, ...(app === 0 ? [] : [`app ${app}`])];
    return [this.#delta(minute, shop, app, topic), ...scopes.map((scope) => this.#sum(minute, scope))];
  }

  #sum(minute: number, scope: string): SumDelta {
    const key = `${minute} ${scope}`;
    let sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, (sum = { at: minute, scope, ...nothing() }));
    return sum;
  }

  #delta(minute: number, shop: number, app: number, topic: string): Delta {
    const key = `${minute} ${shop} ${app} ${topic}`;
    let delta = this.#deltas.get(key);
    if (delta === undefined) this.#deltas.set(key, (delta = { at: minute, shop, app, topic, ...nothing() }));
    return delta;
  }
}

function nothing(): Counts {
  return { published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, latency: null };
}

/** Adds to a sum of a resolution (ms per row). */
export function addSum(connection: Connection, resolution: number, sum: SumDelta): void {
  const { at, scope, published, delivered, failed, dead, cancelled } = sum;
  const before = connection.get(READ_SUM, scope, resolution, at);
  const latency = addLatency(before === undefined ? "" : text(before["latency"]), sum.latency);
  connection.run(ADD_SUM, scope, resolution, at, published, delivered, failed, dead, cancelled, latency);
}

/** Adds to the row of a resolution (ms per row). */
export function addStat(connection: Connection, resolution: number, delta: Delta): void {
  const { at, shop, app, topic } = delta;
  const before = connection.get(READ, resolution, at, shop, app, topic);
  const latency = addLatency(before === undefined ? "" : text(before["latency"]), delta.latency);
  connection.run(
    ADD,
    resolution,
    at,
    shop,
    app,
    topic,
    delta.published,
    delta.delivered,
    delta.failed,
    delta.dead,
    delta.cancelled,
    latency,
  );
}

export function parseLatency(latency: string): number[] {
  return latency === "" ? LATENCY_BOUNDS_MS.map(() => 0).concat(0) : latency.split(" ").map(Number);
}

function addLatency(before: string, more: readonly number[] | null): string {
  if (more === null) return before;
  return parseLatency(before)
    .map((count, index) => count + (more[index] ?? 0))
    .join(" ");
}

function latencyClass(latencyMs: number): number {
  const index = LATENCY_BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
  return index < 0 ? LATENCY_BOUNDS_MS.length : index;
}
