/**
 * What healthy endpoints notice of others' trouble: `npm run bench:fairness` (options: `--json --rounds 5 --events 10000 --seconds 5 --load 0.15 --concurrency 512
 * --parts neighbours,hot,outage --outage-seconds 10`). Two processes on embedded files with 100 shops and endpoints each, measured in turns.
 */
import { parseArgs } from "node:util";
import { withEndings } from "./endings.ts";
import { compare, inTurns, medianOf, type InTurns, type RoundFigure } from "./in-turns.ts";
import { median } from "./median.ts";
import { countOf, evenly, HEALTHY, mostlyOne, settle } from "./neighbourhood.ts";
import { Receiver, usageOfAll } from "./processes.ts";
import { publishAll, publishSteadily } from "./publishing.ts";
import { call } from "./setting-up.ts";
import { startOnFile, type System } from "./systems.ts";
import { Telling } from "./telling.ts";
import { check, latencyOf, type Latency } from "./workload.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "10000" },
    seconds: { type: "string", default: "5" },
    load: { type: "string", default: "0.15" },
    concurrency: { type: "string", default: "512" },
    parts: { type: "string", default: "neighbours,hot,outage" },
    "outage-seconds": { type: "string", default: "10" },
  },
});

const ROUNDS = Number(values.rounds);
const EVENTS = Number(values.events);
const SECONDS = Number(values.seconds);
const OUTAGE_SECONDS = Number(values["outage-seconds"]);
const PARTS = values.parts.split(",");
/** Of what an outage has kept back: the rest were asked often enough to have a wait of minutes. */
const RECOVERED_SHARE = 0.99;
const PENDING_ASKED_EVERY_MS = 100;

const telling = new Telling(values.json);
await withEndings(async (atEnd) => {
  const receiver = new Receiver();
  atEnd(() => receiver.child.kill());
  await receiver.start();
  const start = async (lastTwo: readonly [string, string]): Promise<System> => {
    const system = await startOnFile({ connections: 64, flags: ["--concurrency", values.concurrency] });
    atEnd(() => system.stop());
    await settle(system, receiver, lastTwo);
    return system;
  };
  const quiet = await start(["calm", "calm"]);
  const troubled = await start(["dead", "slow"]);
  const maximum = await neighbourFigures(receiver, quiet, troubled);
  const perSecond = Math.round(maximum * Number(values.load));
  telling.tell("events a second where latency is looked at", perSecond);
  if (PARTS.includes("neighbours")) await latencyFigures(receiver, quiet, troubled, perSecond);
  if (PARTS.includes("hot")) await hotFigures(receiver, quiet, perSecond);
  if (PARTS.includes("outage")) await outageFigures(receiver, quiet, perSecond);
});
telling.end({ bench: "fairness", rounds: ROUNDS, events: EVENTS, seconds: SECONDS });

/** Healthy deliveries a second with everything published as fast as it is taken; answers how many that are without trouble. */
async function neighbourFigures(receiver: Receiver, quiet: System, troubled: System): Promise<number> {
  const results = await inTurns({ quiet: () => burst(receiver, quiet), troubled: () => burst(receiver, troubled) }, ROUNDS);
  telling.tell("healthy deliveries with one dead and one slow endpoint of 100", compare(results, "troubled", "quiet"));
  return median((results["quiet"] ?? []).map(({ perSecond }) => perSecond));
}

async function burst(receiver: Receiver, system: System): Promise<RoundFigure> {
  await receiver.reset();
  const { healthy } = countOf(EVENTS, evenly);
  const before = usageOfAll(system.pids());
  const startedAt = performance.now();
  await publishAll(system.origins, { events: EVENTS, shopOf: evenly });
  await receiver.arrived(healthy, HEALTHY);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = usageOfAll(system.pids());
  await check(receiver, healthy, HEALTHY);
  return { perSecond: healthy / seconds, cpuMicros: ((after.cpuSeconds - before.cpuSeconds) / healthy) * 1e6 };
}

async function latencyFigures(receiver: Receiver, quiet: System, troubled: System, perSecond: number): Promise<void> {
  const steady = (system: System) => (): Promise<Latency> => steadyRun(receiver, system, perSecond, evenly);
  const results = await inTurns({ with: steady(troubled), without: steady(quiet) }, ROUNDS);
  tellLatency("healthy latency with one dead and one slow endpoint of 100", results, (latency) => latency);
}

/** The same number of events each time: what differs is whose they are. */
async function hotFigures(receiver: Receiver, quiet: System, perSecond: number): Promise<void> {
  const steady = (spread: (n: number) => string) => (): Promise<Latency> => steadyRun(receiver, quiet, perSecond, spread);
  const results = await inTurns({ with: steady(mostlyOne), without: steady(evenly) }, ROUNDS);
  tellLatency("latency of the others with one shop at 99 times what each of them has", results, (latency) => latency);
}

interface Outage {
  readonly during: Latency;
  readonly behind: Latency;
  readonly recoveredAfterSeconds: number;
}

/** Half of the endpoints answer 503 for a while, and get what was kept for them afterwards: what the other half notices, and how soon it is over. */
async function outageFigures(receiver: Receiver, quiet: System, perSecond: number): Promise<void> {
  const run = (group: string) => (): Promise<Outage> => outageRun(receiver, quiet, perSecond, group);
  const results = await inTurns({ with: run("outage"), without: run("") }, ROUNDS);
  const of = (phase: "during" | "behind") => (outage: Outage) => outage[phase];
  tellLatency("latency of one half while the other half answers 503", results, of("during"));
  tellLatency("latency of one half while the other half gets what was kept for it", results, of("behind"));
  const seconds = (results["with"] ?? []).map(({ recoveredAfterSeconds }) => recoveredAfterSeconds);
  telling.tell("seconds from the end of an outage until 99 % of what it kept back has arrived", Number(median(seconds).toFixed(1)));
}

async function outageRun(receiver: Receiver, system: System, perSecond: number, group: string): Promise<Outage> {
  await receiver.reset();
  await receiver.outage(group);
  const pace = { perSecond, seconds: OUTAGE_SECONDS, shopOf: evenly };
  const { steady, healthy } = countOf(await publishSteadily(system.origins, pace), evenly);
  await receiver.arrived(steady, ["steady"]);
  const during = (await receiver.report())["steady"]?.latencies ?? [];
  await receiver.outage("");
  const recovered = recoveredAfter(system, (healthy - steady) * (1 - RECOVERED_SHARE));
  await publishSteadily(system.origins, pace);
  await receiver.arrived(2 * steady, ["steady"]);
  const behind = ((await receiver.report())["steady"]?.latencies ?? []).slice(during.length);
  return { during: latencyOf(during), behind: latencyOf(behind), recoveredAfterSeconds: await recovered };
}

/** When no more than so many deliveries are owed, in seconds from now. */
async function recoveredAfter(system: System, leftMax: number): Promise<number> {
  const startedAt = performance.now();
  const pending = async (): Promise<number> =>
    (await call<{ now: { pending: number } }>(system.origins[0] ?? "", "GET", "/platform/v1/stats")).now.pending;
  while ((await pending()) > Math.max(1, leftMax)) {
    await new Promise((resolve) => {
      setTimeout(resolve, PENDING_ASKED_EVERY_MS);
    });
  }
  return (performance.now() - startedAt) / 1_000;
}

async function steadyRun(receiver: Receiver, system: System, perSecond: number, shopOf: (n: number) => string): Promise<Latency> {
  await receiver.reset();
  const { healthy } = countOf(await publishSteadily(system.origins, { perSecond, seconds: SECONDS, shopOf }), shopOf);
  await receiver.arrived(healthy, HEALTHY);
  return latencyOf(await check(receiver, healthy, HEALTHY));
}

function tellLatency<Figure>(name: string, results: InTurns<Figure>, of: (figure: Figure) => Latency): void {
  const middle = (value: (mine: Latency, other: Latency) => number): number =>
    medianOf(results, "with", "without", (mine, other) => value(of(mine), of(other)));
  telling.tell(name, {
    p50Ms: middle((mine) => mine.p50Ms),
    p50MsWithout: middle((_, other) => other.p50Ms),
    p99Ms: middle((mine) => mine.p99Ms),
    p99MsWithout: middle((_, other) => other.p99Ms),
    p50Ratio: middle((mine, other) => mine.p50Ms / other.p50Ms),
    p99Ratio: middle((mine, other) => mine.p99Ms / other.p99Ms),
  });
}
