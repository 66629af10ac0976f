import type { StatisticsPoint, StatisticsQuery } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";
import { addStat, parseLatency } from "./stat-writer.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Points of a time range, from minutes and, where those were summed, hours. */
export function readStatistics(connection: Connection, query: StatisticsQuery): StatisticsPoint[] {
  const points = new Map<number, StatisticsPoint>();
  const conditions = ["at >= ?", "at < ?"];
  const values: (number | string)[] = [query.from, query.to];
  if (query.shop !== null) {
    conditions.push("shop = ?");
    values.push(query.shop);
  }
  if (query.app !== null) {
    conditions.push("app = ?");
    values.push(query.app);
  }
  if (query.topic !== null) {
    conditions.push("topic = ?");
    values.push(query.topic);
  }
  for (const resolution of [MINUTE_MS, HOUR_MS]) {
    const rows = connection.all(`SELECT * FROM stat WHERE resolution = ? AND ${conditions.join(" AND ")}`, resolution, ...values);
    for (const row of rows) addTo(points, query, row);
  }
  return [...points.values()].sort((a, b) => a.at - b.at);
}

/** Moves some minutes older than `before` into their hours; true when none is left. In the writer's thread, in a transaction of the caller. */
export function sumStep(connection: Connection, before: number, rowsMax: number): boolean {
  const bound = before - (before % HOUR_MS);
  const rows = connection.all("SELECT * FROM stat WHERE resolution = ? AND at < ? LIMIT ?", MINUTE_MS, bound, rowsMax);
  for (const row of rows) {
    const at = number(row["at"]);
    const shop = number(row["shop"]);
    const app = number(row["app"]);
    const topic = text(row["topic"]);
    const latency = text(row["latency"]);
    addStat(connection, HOUR_MS, {
      at: at - (at % HOUR_MS),
      shop,
      app,
      topic,
      ...counts(row),
      latency: latency === "" ? null : parseLatency(latency),
    });
    connection.run(
      "DELETE FROM stat WHERE resolution = ? AND at = ? AND shop = ? AND app = ? AND topic = ?",
      MINUTE_MS,
      at,
      shop,
      app,
      topic,
    );
  }
  return rows.length < rowsMax;
}

function counts(row: Row): Pick<StatisticsPoint, "published" | "delivered" | "failed" | "dead" | "cancelled"> {
  return {
    published: number(row["published"]),
    delivered: number(row["delivered"]),
    failed: number(row["failed"]),
    dead: number(row["dead"]),
    cancelled: number(row["cancelled"]),
  };
}

function addTo(points: Map<number, StatisticsPoint>, query: StatisticsQuery, row: Row): void {
  const at = query.from + Math.floor((number(row["at"]) - query.from) / query.stepMs) * query.stepMs;
  const more = counts(row);
  const latency = parseLatency(text(row["latency"]));
  const before = points.get(at);
  points.set(at, {
    at,
    published: (before?.published ?? 0) + more.published,
    delivered: (before?.delivered ?? 0) + more.delivered,
    failed: (before?.failed ?? 0) + more.failed,
    dead: (before?.dead ?? 0) + more.dead,
    cancelled: (before?.cancelled ?? 0) + more.cancelled,
    latency: latency.map((count, index) => count + (before?.latency[index] ?? 0)),
  });
}
