import { LATENCY_BOUNDS_MS, type LogRow, type Statistics, type StatisticsPoint, type StatisticsQuery } from "@genhook/core";

const MINUTE_MS = 60_000;

interface Entry {
  readonly at: number;
  readonly shop: number;
  readonly app: number;
  readonly topic: string;
  point: StatisticsPoint;
}

/** Counts by minute; there is nothing to sum, because nothing here lives for days. */
export class MemoryStatistics implements Statistics {
  readonly #entries = new Map<string, Entry>();

  published(at: number, shop: number, topic: string): void {
    this.#add(at, shop, 0, topic, { published: 1 });
  }

  ended(row: LogRow, topic: string, latencyMs: number): void {
    const { at, shop, app } = row;
    if (row.state === "delivered") {
      const index = LATENCY_BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
      const latency = emptyLatency();
      latency[index < 0 ? LATENCY_BOUNDS_MS.length : index] = 1;
      this.#add(at, shop, app, topic, { delivered: 1, latency });
      return;
    }
    this.#add(at, shop, app, topic, {
      failed: row.kind === "attempt" ? 1 : 0,
      dead: row.state === "dead" ? 1 : 0,
      cancelled: row.state === "cancelled" ? 1 : 0,
    });
  }

  read(query: StatisticsQuery): Promise<readonly StatisticsPoint[]> {
    const points = new Map<number, StatisticsPoint>();
    for (const { at, shop, app, topic, point } of this.#entries.values()) {
      if (at < query.from || at >= query.to) continue;
      if ((query.shop ?? shop) !== shop || (query.app ?? app) !== app || (query.topic ?? topic) !== topic) continue;
      const step = query.from + Math.floor((at - query.from) / query.stepMs) * query.stepMs;
      points.set(step, plus(points.get(step) ?? empty(step), point));
    }
    return Promise.resolve([...points.values()].sort((a, b) => a.at - b.at));
  }

  sumStep(): Promise<boolean> {
    return Promise.resolve(true);
  }

  #add(at: number, shop: number, app: number, topic: string, more: Partial<StatisticsPoint>): void {
    const minute = at - (at % MINUTE_MS);
    const key = `${minute} ${shop} ${app} ${topic}`;
    const entry = this.#entries.get(key) ?? { at: minute, shop, app, topic, point: empty(minute) };
    entry.point = plus(entry.point, { ...empty(minute), ...more });
    this.#entries.set(key, entry);
  }
}

function emptyLatency(): number[] {
  return LATENCY_BOUNDS_MS.map(() => 0).concat(0);
}

function empty(at: number): StatisticsPoint {
  return { at, published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, latency: emptyLatency() };
}

function plus(a: StatisticsPoint, b: StatisticsPoint): StatisticsPoint {
  return {
    at: a.at,
    published: a.published + b.published,
    delivered: a.delivered + b.delivered,
    failed: a.failed + b.failed,
    dead: a.dead + b.dead,
    cancelled: a.cancelled + b.cancelled,
    latency: a.latency.map((count, index) => count + (b.latency[index] ?? 0)),
  };
}
