import { parseArgs } from "node:util";
import { clusterCrash, type ClusterCrashReport } from "./cluster-crash.ts";
import { crash, type CrashReport } from "./crash.ts";

/** `npm run crash -- --store sqlite --cycles 100 --seed 7`, or `--store postgres --events 100000 --nodes 3`. */
const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    cycles: { type: "string", default: "100" },
    events: { type: "string", default: "100000" },
    nodes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const seed = Number(values.seed);
if (values.store === "sqlite") {
  console.log(`crash, sqlite: ${values.cycles} cycles, seed ${seed}`);
  const report = await crash(Number(values.cycles), seed);
  console.log(JSON.stringify({ ...report, lost: report.lost.length }, null, 2));
  process.exitCode = isWhole(report) ? 0 : 1;
} else if (values.store === "postgres") {
  console.log(`crash, postgres: ${values.events} events through ${values.nodes} processes, seed ${seed}`);
  const report = await clusterCrash({ events: Number(values.events), nodes: Number(values.nodes), seed, databaseRestarts: 2 });
  console.log(JSON.stringify({ ...report, lost: report.lost.length }, null, 2));
  process.exitCode = isWhole(report) && report.exits === 0 && report.inFlightMax <= report.inFlightAllowed ? 0 : 1;
} else {
  console.error(`--store must be sqlite or postgres, not "${values.store}"`);
  process.exitCode = 2;
}

function isWhole({ lost, misnumbered, disordered, breaches, pending }: CrashReport | ClusterCrashReport): boolean {
  return pending === 0 && [lost, misnumbered, disordered, breaches].every((wrong) => wrong.length === 0);
}
