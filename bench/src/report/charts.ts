import { barChart, type Bar } from "./bar-chart.ts";
import { figureOf, type Bench, type Results } from "./results.ts";
import { threadName } from "./tables.ts";

/** A drawing by its file's name; null where what it shows was not measured. */
export const CHARTS: Readonly<Record<string, (results: Results) => string | null>> = {
  "cpu-against": cpuAgainst,
  "cpu-by-thread": cpuByThread,
  kept: keptChart,
  latency: latencyChart,
  "of-raw": ofRawChart,
  "fan-out": fanOutChart,
};

const CONTENDERS = ["raw undici", "Genhook, embedded file", "Genhook, PostgreSQL", "graphile-worker", "bullmq", "pg-boss"] as const;

function cpuAgainst(results: Results): string | null {
  const groups = CONTENDERS.flatMap((label) => {
    const micros = figureOf(results, "against", label, "cpuMicros");
    if (micros === null) return [];
    const durability = String((results.against?.figures[label] as { readonly durability?: string } | undefined)?.durability);
    const tone = label.startsWith("Genhook") ? "ours" : label === "raw undici" ? "plain" : "other";
    return [{ label, bars: [{ label, value: micros, text: `${micros} µs, ${durability}`, tone }] } as const];
  });
  if (groups.length === 0) return null;
  return barChart({
    title: "CPU per delivery of everything that works for it",
    description: `CPU time per delivery: ${groups.map(({ label, bars }) => `${label} ${bars[0].text}`).join("; ")}. Shorter is better.`,
    unit: "microseconds, all processes and the store's; shorter is better",
    groups,
  });
}

function cpuByThread(results: Results): string | null {
  const threads = results.main?.figures["CPU µs per delivery by thread"] as Readonly<Record<string, number>> | undefined;
  if (threads === undefined) return null;
  const sorted = Object.entries(threads).sort(([, a], [, b]) => b - a);
  return barChart({
    title: "Where the microseconds of one delivery go",
    description: sorted.map(([name, micros]) => `${threadName(name)} ${micros} µs`).join("; "),
    unit: "microseconds of CPU per delivery, by thread",
    groups: sorted.map(([name, micros]) => ({
      label: threadName(name),
      bars: [{ label: name, value: micros, text: `${micros} µs`, tone: "ours" }],
    })),
  });
}

const KEPT: readonly { readonly bench: Bench; readonly figure: string; readonly label: string; readonly aim: number }[] = [
  { bench: "size", figure: "with deliveries pending for dead endpoints", label: "file: 1,000,000 pending for dead endpoints", aim: 0.95 },
  { bench: "size", figure: "with many webhooks", label: "file: 100,000 webhooks", aim: 0.9 },
  {
    bench: "fairness",
    figure: "healthy deliveries with one dead and one slow endpoint of 100",
    label: "file: 1 dead and 1 slow of 100 endpoints",
    aim: 0.9,
  },
  { bench: "postgres", figure: "kept with rows held", label: "PostgreSQL: 300,000 rows held", aim: 0.95 },
  { bench: "postgres", figure: "kept with many webhooks", label: "PostgreSQL: 100,000 webhooks", aim: 0.9 },
  { bench: "postgres", figure: "kept under a pinned horizon", label: "PostgreSQL: horizon pinned", aim: 0.7 },
];

function keptChart(results: Results): string | null {
  const groups = KEPT.flatMap(({ bench, figure, label, aim }) => {
    const [perSecond, perCpuSecond] = [figureOf(results, bench, figure, "kept"), figureOf(results, bench, figure, "keptPerCpuSecond")];
    if (perSecond === null || perCpuSecond === null) return [];
    const bars: readonly Bar[] = [
      { label: "deliveries a second", value: perSecond, text: perSecond.toFixed(2), tone: "ours" },
      { label: "deliveries per CPU second", value: perCpuSecond, text: perCpuSecond.toFixed(2), tone: "other" },
    ];
    return [{ label, bars, aim }];
  });
  if (groups.length === 0) return null;
  return barChart({
    title: "How much of its speed Genhook keeps",
    description: groups
      .map(({ label, bars, aim }) => `${label}: ${bars.map(({ label: name, text }) => `${text} of ${name}`).join(", ")}, aim ${aim}`)
      .join("; "),
    unit: "share of what it does without, measured in turns; the dashed line is the aim",
    groups,
    max: 1.2,
  });
}

const TROUBLES: readonly { readonly figure: string; readonly label: string }[] = [
  { figure: "healthy latency with one dead and one slow endpoint of 100", label: "1 dead and 1 slow of 100 endpoints" },
  { figure: "latency of the others with one shop at 99 times what each of them has", label: "one shop with 99 times as much as any other" },
  { figure: "latency of one half while the other half answers 503", label: "half of the endpoints answer 503" },
  { figure: "latency of one half while the other half gets what was kept for it", label: "they recover, and get what was kept" },
];

function latencyChart(results: Results): string | null {
  const groups = TROUBLES.flatMap(({ figure, label }) => {
    const bar = (member: string, name: string, tone: Bar["tone"]): Bar[] => {
      const value = figureOf(results, "fairness", figure, member);
      return value === null ? [] : [{ label: name, value, text: `${value.toFixed(1)} ms`, tone }];
    };
    const bars = [
      ...bar("p50Ms", "p50", "ours"),
      ...bar("p50MsWithout", "p50 without the trouble", "plain"),
      ...bar("p99Ms", "p99", "ours"),
      ...bar("p99MsWithout", "p99 without the trouble", "plain"),
    ];
    return bars.length === 4 ? [{ label, bars }] : [];
  });
  if (groups.length === 0) return null;
  return barChart({
    title: "What healthy endpoints notice of others' trouble",
    description: groups
      .map(({ label, bars }) => `${label}: ${bars.map(({ label: name, text }) => `${name} ${text}`).join(", ")}`)
      .join("; "),
    unit: "publish to arrival at healthy endpoints, milliseconds; shorter is better",
    groups,
  });
}

const OF_RAW: readonly { readonly bench: Bench; readonly figure: string; readonly label: string }[] = [
  { bench: "size", figure: "payload of 1 KB", label: "payload of 1 KB" },
  { bench: "size", figure: "payload of 50 KB", label: "payload of 50 KB" },
  { bench: "size", figure: "payload of 1 MB", label: "payload of 1 MB" },
  { bench: "size", figure: "TLS, connections kept", label: "TLS, connections kept" },
  { bench: "size", figure: "TLS, connections new", label: "TLS, a new connection each" },
  { bench: "postgres", figure: "against raw POSTs: postgres, 1", label: "PostgreSQL, 1 process" },
  { bench: "postgres", figure: "against raw POSTs: postgres, 2", label: "PostgreSQL, 2 processes" },
  { bench: "postgres", figure: "against raw POSTs: postgres, 4", label: "PostgreSQL, 4 processes" },
];

function ofRawChart(results: Results): string | null {
  const groups = OF_RAW.flatMap(({ bench, figure, label }) => {
    const [value, perSecond] = [figureOf(results, bench, figure, "kept"), figureOf(results, bench, figure, "perSecond")];
    if (value === null || perSecond === null) return [];
    const bar = { label, value, text: `${value.toFixed(2)} (${perSecond.toLocaleString("en")}/s)`, tone: "ours" } as const;
    return [{ label, bars: [bar] }];
  });
  if (groups.length === 0) return null;
  return barChart({
    title: "Deliveries against bare undici POSTs",
    description: groups.map(({ label, bars }) => `${label} ${bars[0]?.text}`).join("; "),
    unit: "share of what undici sends alone, measured in turns; longer is better",
    groups,
  });
}

function fanOutChart(results: Results): string | null {
  const groups = ["1", "10", "1000"].flatMap((fanOut) => {
    const [micros, perSecond] = [
      figureOf(results, "size", `fan-out ${fanOut}`, "cpuMicros"),
      figureOf(results, "size", `fan-out ${fanOut}`, "perSecond"),
    ];
    if (micros === null || perSecond === null) return [];
    const label = `each event for ${Number(fanOut).toLocaleString("en")} webhook${fanOut === "1" ? "" : "s"}`;
    return [{ label, bars: [{ label, value: micros, text: `${micros} µs (${perSecond.toLocaleString("en")}/s)`, tone: "ours" } as const] }];
  });
  if (groups.length === 0) return null;
  return barChart({
    title: "CPU per delivery by fan-out",
    description: groups.map(({ label, bars }) => `${label} ${bars[0]?.text}`).join("; "),
    unit: "microseconds of Genhook's CPU per delivery; shorter is better",
    groups,
  });
}
