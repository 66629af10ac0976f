import { LATENCY_BOUNDS_MS } from "@genhook/core";
import { text } from "../columns.ts";
import type { Connection } from "./connection.ts";

const MINUTE_MS = 60_000;

interface Delta {
  readonly at: number;
  readonly shop: number;
  readonly app: number;
  readonly topic: string;
  published: number;
  delivered: number;
  failed: number;
  dead: number;
  cancelled: number;
  latency: number[] | null;
}

const READ = "SELECT latency FROM stat WHERE resolution = ? AND at = ? AND shop = ? AND app = ? AND topic = ?";
const ADD = `INSERT INTO stat (resolution, at, shop, app, topic, published, delivered, failed, dead, cancelled, latency)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET published = published + excluded.published, delivered = delivered + excluded.delivered,
    failed = failed + excluded.failed, dead = dead + excluded.dead, cancelled = cancelled + excluded.cancelled, latency = excluded.latency`;

/**
 * Collects what a transaction counts and adds it at its end, one statement per (minute, shop, app, topic). With one writer an upsert has
 * nobody to wait for, so the rows are summed as they come; adapters with many writers insert and sum later.
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
    for (const delta of this.#deltas.values()) addStat(this.#connection, MINUTE_MS, delta);
    this.#deltas.clear();
  }

  /** Forgets what a transaction that failed has collected. */
  clear(): void {
    this.#deltas.clear();
  }

  #delta(at: number, shop: number, app: number, topic: string): Delta {
    const minute = at - (at % MINUTE_MS);
    const key = `${minute} ${shop} ${app} ${topic}`;
    let delta = this.#deltas.get(key);
    if (delta === undefined) {
      delta = { at: minute, shop, app, topic, published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, latency: null };
      this.#deltas.set(key, delta);
    }
    return delta;
  }
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
