import { parseArgs } from "node:util";
import { clusterCrash } from "./cluster-crash.ts";
import { clusterCycles } from "./cluster-cycles.ts";
import { crash } from "./crash.ts";
import type { KillCounts } from "./kill-points.ts";

/** `npm run crash -- --store sqlite --cycles 500 --seed 7`, the same with `--store postgres`, or `--store postgres --events 100000 --nodes 3`. */
const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    cycles: { type: "string" },
    events: { type: "string", default: "100000" },
    nodes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const seed = Number(values.seed);
const cycles = Number(values.cycles ?? 100);
let isInterrupted = false;
process.once("SIGINT", () => {
  isInterrupted = true;
});

/** Says how far it is; Ctrl-C ends the cycles, and what was done until then is accounted for. */
function goesOn(made: number, kills: KillCounts): boolean {
  if (made > 0 && made % 25 === 0) console.error(`${made} of ${cycles} cycles, kills ${JSON.stringify(kills)}`);
  return !isInterrupted;
}

if (values.store === "sqlite") {
  console.log(`crash, sqlite: ${cycles} cycles, seed ${seed}`);
  const report = await crash(cycles, seed, goesOn);
  finish(report, [report.misnumbered, report.disordered, report.notGone], report.pending);
} else if (values.store === "postgres" && values.cycles !== undefined) {
  console.log(`crash, postgres: ${cycles} cycles, seed ${seed}`);
  const report = await clusterCycles(cycles, seed, goesOn);
  finish(report, [report.misnumbered, report.disordered, report.notGone], report.pending + report.exits);
  if (report.inFlightMax > report.inFlightAllowed) process.exitCode = 1;
} else if (values.store === "postgres") {
  console.log(`crash, postgres: ${values.events} events through ${values.nodes} processes, seed ${seed}`);
  const report = await clusterCrash({ events: Number(values.events), nodes: Number(values.nodes), seed, databaseRestarts: 2 });
  finish(report, [report.misnumbered, report.disordered], report.pending + report.exits);
  if (report.inFlightMax > report.inFlightAllowed) process.exitCode = 1;
} else {
  console.error(`--store must be sqlite or postgres, not "${values.store}"`);
  process.exitCode = 2;
}

interface Judged {
  readonly lost: readonly string[];
  readonly breaches: readonly object[];
}

function finish(report: Judged, wrong: readonly (readonly string[])[], left: number): void {
  console.log(JSON.stringify({ ...report, lost: report.lost.length }, null, 2));
  process.exitCode = report.lost.length + report.breaches.length + wrong.flat().length + left === 0 ? 0 : 1;
}
