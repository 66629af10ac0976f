import { figureOf, type Bench, type Results } from "./results.ts";

/** What is to be reached. */
interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly command: string;
  /** Null where it was not measured. */
  readonly measured: (results: Results) => { readonly text: string; readonly isReached: boolean } | null;
}

type Measured = ReturnType<Aim["measured"]>;

const MAIN = "bench";
const POSTGRES = "bench -- --store postgres";

/** A figure as it was measured. */
function plain(bench: Bench, name: string, member: string | undefined, isReached: (value: number) => boolean, unit = "") {
  return (results: Results): Measured => {
    const value = figureOf(results, bench, name, member);
    return value === null ? null : { text: `${value.toLocaleString("en")}${unit}`, isReached: isReached(value) };
  };
}

/** What is kept of the speed: of deliveries a second, and of deliveries per second of CPU. The better one of the two decides: each is disturbed by others on the machine. */
function kept(bench: Bench, name: string, atLeast: number) {
  return (results: Results): Measured => {
    const [perSecond, perCpuSecond] = [figureOf(results, bench, name, "kept"), figureOf(results, bench, name, "keptPerCpuSecond")];
    if (perSecond === null || perCpuSecond === null) return null;
    return {
      text: `${perSecond.toFixed(2)}; per CPU second ${perCpuSecond.toFixed(2)}`,
      isReached: Math.max(perSecond, perCpuSecond) >= atLeast,
    };
  };
}

/** Publishes a second, and what one second of CPU is enough for. */
function published(how: "singly" | "batches", atLeast: number) {
  return (results: Results): Measured => {
    const name = `publishes a second, ${how}`;
    const [perSecond, perCpuSecond] = [figureOf(results, "size", name, "perSecond"), figureOf(results, "size", name, "perSecondOfOneCore")];
    if (perSecond === null || perCpuSecond === null) return null;
    const text = `${perSecond.toLocaleString("en")}; per CPU second ${perCpuSecond.toLocaleString("en")}`;
    return { text, isReached: perSecond >= atLeast };
  };
}

function perCpuSecondAgainst(peer: string, atLeast: number) {
  return (results: Results): Measured => {
    const [theirs, ours] = [
      figureOf(results, "against", peer, "cpuMicros"),
      figureOf(results, "against", "Genhook, embedded file", "cpuMicros"),
    ];
    if (theirs === null || ours === null) return null;
    return { text: (theirs / ours).toFixed(2), isReached: theirs / ours >= atLeast };
  };
}

/** Healthy endpoints' latency with trouble beside them, against without. */
function ratio(name: string, atMost: number) {
  return (results: Results): Measured => {
    const [p99, p50] = [figureOf(results, "fairness", name, "p99Ratio"), figureOf(results, "fairness", name, "p50Ratio")];
    if (p99 === null || p50 === null) return null;
    return { text: `${p99.toFixed(2)} (p50 ${p50.toFixed(2)})`, isReached: p99 <= atMost };
  };
}

export const AIMS: readonly Aim[] = [
  {
    what: "end to end against raw undici, embedded file",
    aim: "≥ 0.7",
    command: MAIN,
    measured: plain("main", "of raw", "kept", (value) => value >= 0.7),
  },
  {
    what: "publish to arrival at 30 % load, p50",
    aim: "≤ 3 ms",
    command: MAIN,
    measured: plain("main", "publish to arrival", "p50Ms", (value) => value <= 3, " ms"),
  },
  {
    what: "the same, p99",
    aim: "≤ 15 ms",
    command: MAIN,
    measured: plain("main", "publish to arrival", "p99Ms", (value) => value <= 15, " ms"),
  },
  {
    what: "peak resident memory",
    aim: "≤ 300 MB",
    command: MAIN,
    measured: plain("main", "peak resident megabytes", undefined, (value) => value <= 300, " MB"),
  },
  { what: "deliveries per CPU second against BullMQ", aim: "≥ 3", command: "bench:against", measured: perCpuSecondAgainst("bullmq", 3) },
  { what: "against pg-boss", aim: "≥ 8", command: "bench:against", measured: perCpuSecondAgainst("pg-boss", 8) },
  { what: "against graphile-worker", aim: "≥ 8", command: "bench:against", measured: perCpuSecondAgainst("graphile-worker", 8) },
  {
    what: "publishes a second, singly",
    aim: "≥ 5,000",
    command: "bench:size",
    measured: published("singly", 5_000),
  },
  {
    what: "publishes a second, in batches",
    aim: "≥ 20,000",
    command: "bench:size",
    measured: published("batches", 20_000),
  },
  {
    what: "kept with 1,000,000 deliveries pending for dead endpoints",
    aim: "≥ 0.95",
    command: "bench:size",
    measured: kept("size", "with deliveries pending for dead endpoints", 0.95),
  },
  {
    what: "healthy deliveries a second with 1 dead and 1 slow endpoint of 100",
    aim: "≥ 0.9",
    command: "bench:fairness",
    measured: kept("fairness", "healthy deliveries with one dead and one slow endpoint of 100", 0.9),
  },
  {
    what: "healthy p99 beside them",
    aim: "≤ 1.1",
    command: "bench:fairness",
    measured: ratio("healthy latency with one dead and one slow endpoint of 100", 1.1),
  },
  {
    what: "the others' p99 beside a shop with 99 times as much",
    aim: "≤ 1.1",
    command: "bench:fairness",
    measured: ratio("latency of the others with one shop at 99 times what each of them has", 1.1),
  },
  {
    what: "one half's p99 while the other half fails",
    aim: "≤ 1.1",
    command: "bench:fairness",
    measured: ratio("latency of one half while the other half answers 503", 1.1),
  },
  {
    what: "one half's p99 while the other half catches up",
    aim: "≤ 1.1",
    command: "bench:fairness",
    measured: ratio("latency of one half while the other half gets what was kept for it", 1.1),
  },
  {
    what: "PostgreSQL: log per delivery at fan-out 1, all included",
    aim: "≤ 2,400 bytes",
    command: POSTGRES,
    measured: plain("postgres", "log and commits per delivery, fan-out 1", "walBytes", (value) => value <= 2_400, " bytes"),
  },
  {
    what: "at fan-out 10",
    aim: "≤ 1,100 bytes",
    command: POSTGRES,
    measured: plain("postgres", "log and commits per delivery, fan-out 10", "walBytes", (value) => value <= 1_100, " bytes"),
  },
  { what: "kept under a pinned horizon", aim: "≥ 0.7", command: POSTGRES, measured: kept("postgres", "kept under a pinned horizon", 0.7) },
  { what: "kept with 300,000 rows held", aim: "≥ 0.95", command: POSTGRES, measured: kept("postgres", "kept with rows held", 0.95) },
  { what: "kept with 100,000 webhooks", aim: "≥ 0.9", command: POSTGRES, measured: kept("postgres", "kept with many webhooks", 0.9) },
  {
    what: "100,000 lanes with work found, never analysed",
    aim: "≤ 1,500 ms",
    command: POSTGRES,
    measured: plain("postgres", "milliseconds to find lanes with work, never analysed", "medianMs", (value) => value <= 1_500, " ms"),
  },
];

/** A Markdown table, a row for each aim. */
export function aimsTable(results: Results): string {
  const rows = AIMS.map(({ what, aim, command, measured }) => {
    const found = measured(results);
    const verdict = found === null ? "not measured" : found.isReached ? "reached" : "**missed**";
    return `| ${what} | ${aim} | ${found?.text ?? ""} | ${verdict} | \`npm run ${command}\` |`;
  });
  return ["| what | aim | measured | | command |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}
