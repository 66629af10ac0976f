import { figureOf, type Results } from "./results.ts";

type Row = readonly (string | number)[];

/** What one delivery on the embedded file is and costs; null where it was not measured. */
export function deliveryTable(results: Results): string | null {
  const of = (name: string, member?: string): number => figureOf(results, "main", name, member) ?? Number.NaN;
  const { main } = results;
  if (main === undefined) return null;
  const threads = Object.entries((main.figures["CPU µs per delivery by thread"] ?? {}) as Readonly<Record<string, number>>);
  const byThread = threads.sort(([, a], [, b]) => b - a).map(([name, micros]) => `${threadName(name)} ${micros}`);
  const rows: readonly Row[] = [
    ["raw undici, POSTs a second", count(of("raw undici", "perSecond"))],
    ["Genhook, full lives a second", count(of("Genhook", "perSecond"))],
    ["ratio; per CPU second of the sending side", `${of("of raw", "kept").toFixed(2)}; ${of("of raw", "keptPerCpuSecond").toFixed(2)}`],
    ["CPU per delivery, raw / Genhook", `${of("raw undici", "cpuMicros")} µs / ${of("Genhook", "cpuMicros")} µs`],
    ["of it by thread, µs", byThread.join(", ")],
    ["bytes written per delivery", count(of("bytes written per delivery"))],
    ["fsyncs per delivery", of("fsyncs per delivery")],
    ...latencyRows(results),
    ["peak resident memory", `${of("peak resident megabytes")} MB`],
  ];
  return table(["what", "figure"], rows);
}

function latencyRows(results: Results): readonly Row[] {
  const [p50, p99, perSecond] = ["p50Ms", "p99Ms", "perSecond"].map((member) => figureOf(results, "main", "publish to arrival", member));
  if (typeof p50 !== "number" || typeof p99 !== "number" || typeof perSecond !== "number") return [];
  return [[`publish to arrival at ${count(perSecond)} publishes a second, p50 / p99`, `${p50} ms / ${p99} ms`]];
}

/** Genhook and the queues beside each other; null where they were not measured. */
export function againstTable(results: Results): string | null {
  const { against } = results;
  if (against === undefined) return null;
  const ours = figureOf(results, "against", "Genhook, embedded file", "cpuMicros") ?? Number.NaN;
  const rows = Object.entries(against.figures).map(([name, figure]): Row => {
    const { durability, perSecond, cpuMicros } = figure as {
      readonly durability: string;
      readonly perSecond: number;
      readonly cpuMicros: number;
    };
    return [
      name.startsWith("Genhook") ? `**${name}**` : name,
      durability,
      count(perSecond),
      `${cpuMicros} µs`,
      (cpuMicros / ours).toFixed(2),
    ];
  });
  return table(["", "durable", "deliveries a second", "CPU per delivery", "against ours"], rows);
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const THREADS: Readonly<Record<string, string>> = {
  main: "main thread",
  WorkerThread: "store's threads",
  V8Worker: "garbage collection and compiling",
};

/** What a thread does, where its own name does not say it. */
export function threadName(name: string): string {
  return THREADS[name] ?? name;
}
