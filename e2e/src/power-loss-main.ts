import { parseArgs } from "node:util";
import { losePower } from "./power-loss/power-loss.ts";

/** `npm run power-loss -- --events 400 --seed 7`: see docs/reliability.md. `--lying` shows that a disk that lies about its syncs is found out. */
const { values } = parseArgs({
  options: {
    events: { type: "string", default: "400" },
    every: { type: "string", default: "1" },
    starts: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    lying: { type: "boolean", default: false },
  },
});

const seed = Number(values.seed);
console.log(`power loss: ${values.events} events in each of two lives, seed ${seed}`);
const report = await losePower({
  events: Number(values.events),
  every: Number(values.every),
  starts: Number(values.starts),
  seed,
  isLying: values.lying,
});
const { lost, renumbered, breaches, failures } = report;
console.log(JSON.stringify({ ...report, lost: lost.length }, null, 2));
process.exitCode = lost.length + renumbered.length + breaches.length + failures.length === 0 ? 0 : 1;
