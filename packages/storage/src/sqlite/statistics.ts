import type { StatisticsPoint, StatisticsQuery } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, Row, SqlValue } from "./connection.ts";
import { scopeOf } from "../statistics-scope.ts";
import { addStat, addSum, parseLatency } from "./stat-writer.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Points of a time range, from minutes and, where those were summed, hours. */
export function readStatistics(connection: Connection, query: StatisticsQuery): StatisticsPoint[] {
  const points = new Map<number, StatisticsPoint>();
  const { table, conditions, values } = narrow(query);
  // One snapshot: between two, minutes may become an hour, and count twice or not at all.
  connection.snapshot(() => {
    for (const resolution of [MINUTE_MS, HOUR_MS]) {
      const rows = connection.all(`SELECT * FROM ${table} WHERE resolution = ? AND ${conditions.join(" AND ")}`, resolution, ...values);
      for (const row of rows) addTo(points, query, row);
    }
  });
  return [...points.values()].sort((a, b) => a.at - b.at);
}

/** Where what was asked for is read: from sums over everything, an app or a topic, or else from the rows by themselves. */
function narrow({ from, to, shop, app, topic }: StatisticsQuery): {
  readonly table: string;
  readonly conditions: readonly string[];
  readonly values: readonly SqlValue[];
} {
  const scope = shop === null ? scopeOf(app, topic) : null;
  if (scope !== null) return { table: "stat_sum", conditions: ["scope = ?", "at >= ?", "at < ?"], values: [scope, from, to] };
  const given = Object.entries({ shop, app, topic }).filter((entry): entry is [string, number | string] => entry[1] !== null);
  return {
    // Left to itself SQLite goes through everybody's rows of the time.
    table: shop === null ? "stat" : "stat INDEXED BY stat_place",
    conditions: ["at >= ?", "at < ?", ...given.map(([name]) => `${name} = ?`)],
    values: [from, to, ...given.map(([, value]) => value)],
  };
}

/** Moves some minutes older than `before` into their hours; true when none is left. In the writer's thread, in a transaction of the caller. */
export function sumStep(connection: Connection, before: number, rowsMax: number): boolean {
  const bound = before - (before % HOUR_MS);
  const rows = connection.all("SELECT * FROM stat WHERE resolution = ? AND at < ? LIMIT ?", MINUTE_MS, bound, rowsMax);
  for (const row of rows) {
    const [at, shop, app, topic] = [number(row["at"]), number(row["shop"]), number(row["app"]), text(row["topic"])];
    addStat(connection, HOUR_MS, { at: at - (at % HOUR_MS), shop, app, topic, ...counts(row), latency: latencyOf(row) });
    connection.run(
      "DELETE FROM stat WHERE resolution = ? AND at = ? AND shop = ? AND app = ? AND topic = ?",
      MINUTE_MS,
      at,
      shop,
      app,
      topic,
    );
  }
  if (rows.length >= rowsMax) return false;
  // The resolution is written out, so that the index over minutes alone is used.
  const sums = connection.all(`SELECT * FROM stat_sum WHERE resolution = ${MINUTE_MS} AND at < ? LIMIT ?`, bound, rowsMax);
  for (const row of sums) {
    const [at, scope] = [number(row["at"]), text(row["scope"])];
    addSum(connection, HOUR_MS, { at: at - (at % HOUR_MS), scope, ...counts(row), latency: latencyOf(row) });
    connection.run("DELETE FROM stat_sum WHERE scope = ? AND resolution = ? AND at = ?", scope, MINUTE_MS, at);
  }
  return sums.length < rowsMax;
}

function latencyOf(row: Row): number[] | null {
  const latency = text(row["latency"]);
  return latency === "" ? null : parseLatency(latency);
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
