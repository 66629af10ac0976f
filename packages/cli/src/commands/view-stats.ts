import type { Answer } from "@genhook/contract/client";
import { Table, type Column } from "../output/table.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { formatSpan, showTime, type TimeStyle } from "../output/time.ts";

type Stats = Answer<"getStats">;
type Point = Stats["series"][number];
type CountName = "published" | "delivered" | "failed" | "dead" | "cancelled";

const COUNTS: readonly CountName[] = ["published", "delivered", "failed", "dead", "cancelled"];

/** Counts over time, their sum, and what is owed now. */
export function viewStats(stats: Stats, terminal: Terminal, style: TimeStyle): void {
  const { series, now } = stats;
  if (series.length === 0) printLine(terminal, "Nothing happened in this time.");
  else {
    const columns: readonly Column<Point>[] = [
      { title: "AT", text: (point) => showTime(point.at, style), isKey: true },
      ...COUNTS.map((name): Column<Point> => ({
        title: name.toUpperCase(),
        text: (point) => point[name].toLocaleString("en"),
        isNumber: true,
        isKey: name === "published" || name === "delivered",
        colour: (point) => (name === "dead" && point.dead > 0 ? "red" : null),
      })),
      { title: "P50", text: (point) => latency(point.p50Ms), isNumber: true },
      { title: "P99", text: (point) => latency(point.p99Ms), isNumber: true },
    ];
    for (const line of new Table(columns, terminal).lines(series)) printLine(terminal, line);
    printLine(
      terminal,
      paint(terminal, "dim", `sum: ${COUNTS.map((name) => `${sum(series, name).toLocaleString("en")} ${name}`).join(", ")}`),
    );
  }
  printLine(terminal);
  const oldest = now.oldestPendingAt === null ? "" : `, the oldest due ${showTime(now.oldestPendingAt, style)}`;
  const held = now.held === 0 ? "" : `; ${now.held.toLocaleString("en")} of them held`;
  printLine(terminal, `now: ${count(now.pending, "delivery", "deliveries")} pending${oldest}${held}`);
}

function sum(series: readonly Point[], name: CountName): number {
  return series.reduce((total, point) => total + point[name], 0);
}

function latency(latencyMs: number | null): string {
  return latencyMs === null ? "–" : `≤ ${formatSpan(latencyMs)}`;
}
