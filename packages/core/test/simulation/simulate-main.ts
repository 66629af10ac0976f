import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPlanted } from "./find-planted.ts";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.ts";
import { printRun, Results } from "./results.ts";
import { shrink, type SeedResult } from "./run-seed.ts";
import { SCENARIOS } from "./scenarios.ts";

/**
 * `npm run simulate -- --seeds 500`: every scenario with each of these seeds; prints what was done, and what failed with the command that shows
 * it again. Ends with 1 where something failed, or a whole run (every scenario) has missed a transition.
 *
 * `npm run simulate -- --planted`: plants bugs in the product, one after the other, and looks whether each is found by what is to find it.
 */
const OPTIONS = {
  seeds: { type: "string", default: "20" },
  from: { type: "string", default: "1" },
  scenario: { type: "string", multiple: true, default: [] as string[] },
  /** Share of events and misfortunes. */
  scale: { type: "string", default: "1" },
  jobs: { type: "string", default: "2" },
  planted: { type: "boolean", default: false },
} as const;

const values = readValues();
const seeds = { from: Number(values.from), count: Number(values.seeds) };
const scale = Number(values.scale);
const jobs = Math.min(Number(values.jobs), seeds.count);
const names = values.scenario.length === 0 ? SCENARIOS.map((each) => each.name) : values.scenario;
const unknown = names.find((name) => !SCENARIOS.some((each) => each.name === name));
if (unknown !== undefined) refuse(`there is no scenario "${unknown}"`);
for (const name of ["seeds", "from", "jobs"] as const) {
  if (!Number.isSafeInteger(Number(values[name])) || Number(values[name]) < 1)
    refuse(`--${name} is a number from 1 on, not "${values[name]}"`);
}
if (!(scale > 0 && scale <= 1)) refuse(`--scale is a share above 0 and up to 1, not "${values.scale}"`);

const children: ChildProcess[] = [];
const results = new Results(names, values.scenario.length === 0);
const startedAt = Date.now();
let isCutShort = false;
// Stopped early it says what it has come to so far.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isCutShort = true;
    for (const child of children) child.kill();
  });
}

if (values.planted) {
  const waiting = [...PLANTED_BUGS];
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => lookForPlanted(waiting)));
} else {
  await Promise.all(Array.from({ length: jobs }, (_, job) => runJob(job)));
  await report();
}

function readValues(): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"] {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(why: string): never {
  console.error(`${why}\nnpm run simulate -- [--seeds 20] [--from 1] [--scenario NAME]… [--scale 1] [--jobs 2] [--planted]`);
  for (const { name, title } of SCENARIOS) console.error(`  ${name.padEnd(14)} ${title}`);
  process.exit(2);
}

/** Takes one planted bug after the other. */
async function lookForPlanted(waiting: PlantedBug[]): Promise<void> {
  for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
    const found = await findPlanted(bug);
    const isFound = found?.invariant === bug.invariant;
    if (!isFound) process.exitCode = 1;
    const by =
      found === null ? "not found" : `found by "${found.invariant ?? "no invariant"}" in seed ${found.seed} of ${bug.seeds}: ${found.says}`;
    console.log(`${isFound ? "ok" : "FAILED"}: ${bug.name} (${bug.file}, scenario ${bug.scenario}): ${by}`);
  }
}

/** One process that takes every `jobs`-th seed, all scenarios of it. */
function runJob(job: number): Promise<void> {
  const child = fork(fileURLToPath(new URL("simulate-seeds.ts", import.meta.url)), [
    JSON.stringify({ from: seeds.from + job, to: seeds.from + seeds.count, step: jobs, names, scale }),
  ]);
  children.push(child);
  return new Promise((resolve, reject) => {
    child.on("message", (message: { readonly scenario: string; readonly result: SeedResult }) => {
      results.add(message.scenario, message.result);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0 || isCutShort) resolve();
      else reject(new Error(`the process of job ${job} ended with ${signal ?? code}`));
    });
  });
}

async function report(): Promise<void> {
  const [first] = results.failures;
  // Smaller is easier to read; the whole one is printed already.
  if (first !== undefined && first.scale === 1 && !isCutShort) {
    const smallest = await shrink(first);
    if (smallest.scale < 1) results.addShrunk(smallest);
  }
  const isGood = printRun(results, seeds, Date.now() - startedAt);
  process.exitCode = isGood ? 0 : 1;
}
