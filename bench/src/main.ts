import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { postgresFigures } from "./postgres-figures.ts";
import { countSyncs, Receiver, threadsOfAll } from "./processes.ts";
import { startOnFile, startOnPostgres, type System } from "./systems.ts";
import { CLIENT_SECRET, latencyRun, median, ownRound, PAYLOAD, rawRound, setUp, type Round } from "./workload.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    events: { type: "string", default: "20000" },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "8" },
    store: { type: "string", default: "sqlite" },
    processes: { type: "string" },
    "node-flags": { type: "string", default: "" },
  },
});

const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);
const WORKLOAD = { events: EVENTS, connections: Number(values.connections) };
const OPTIONS = { connections: WORKLOAD.connections, nodeFlags: values["node-flags"] };
/** Share of the maximum at which latency is looked at. */
const LATENCY_LOAD = 0.3;

async function main(): Promise<void> {
  const receiver = new Receiver(CLIENT_SECRET);
  try {
    await receiver.start();
    const system = values.store === "postgres" ? await startOnPostgres(Number(values.processes ?? 1), OPTIONS) : await startOnFile(OPTIONS);
    try {
      await measure(receiver, system);
    } finally {
      await system.stop();
    }
  } finally {
    receiver.child.kill();
  }
}

async function measure(receiver: Receiver, system: System): Promise<void> {
  await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
  const rounds: Round[] = [];
  let threads: Readonly<Record<string, number>> = {};
  // The first round of each is warm-up: compiled code, open connections, learned concurrency.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const raw = await rawRound(receiver, WORKLOAD);
    const own = await ownRound(receiver, system, WORKLOAD);
    if (round > 0) rounds.push({ ...raw, ...own, ratio: own.ownPerSecond / raw.rawPerSecond });
    if (round === 0) threads = threadsOfAll(system.pids());
  }
  threads = microsSince(threads, threadsOfAll(system.pids()), EVENTS * ROUNDS);
  const maximum = median(rounds.map((round) => round.ownPerSecond));
  const latency = await latencyRun(receiver, system.origins, maximum * LATENCY_LOAD, Number(values.seconds));
  // Traced calls cost time, so they are counted in a round of their own.
  const [first = 0] = system.pids();
  const syncs =
    values.store === "sqlite" ? await countSyncs(first, () => ownRound(receiver, system, WORKLOAD).then(() => undefined)) : null;
  print(rounds, latency, syncs === null ? null : syncs / EVENTS, threads);
}

function microsSince(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  deliveries: number,
): Record<string, number> {
  const micros = Object.entries(after).map(
    ([name, seconds]) => [name, Math.round(((seconds - (before[name] ?? 0)) / deliveries) * 1e6)] as const,
  );
  return Object.fromEntries(micros.filter(([, each]) => each > 0));
}

function print(
  rounds: readonly Round[],
  latency: { p50Ms: number; p99Ms: number; perSecond: number },
  syncs: number | null,
  threads: Readonly<Record<string, number>>,
): void {
  const of = (name: keyof Round): number => median(rounds.map((round) => round[name]));
  const result = {
    store: values.store,
    processes: Number(values.processes ?? 1),
    cores: cpus().length,
    payloadBytes: PAYLOAD.length,
    events: EVENTS,
    rounds: rounds.length,
    rawPerSecond: Math.round(of("rawPerSecond")),
    ownPerSecond: Math.round(of("ownPerSecond")),
    ratio: Number(of("ratio").toFixed(3)),
    rawCpuMicrosPerDelivery: Math.round(of("rawCpuMicros")),
    ownCpuMicrosPerDelivery: Math.round(of("ownCpuMicros")),
    bytesWrittenPerDelivery: Math.round(of("bytesPerDelivery")),
    syncsPerDelivery: syncs === null ? null : Number(syncs.toFixed(4)),
    peakRssMegabytes: Math.round(of("peakRssBytes") / 1_048_576),
    latencyAtPerSecond: Math.round(latency.perSecond),
    publishToArrivalP50Ms: Number(latency.p50Ms.toFixed(2)),
    publishToArrivalP99Ms: Number(latency.p99Ms.toFixed(2)),
  };
  if (values.json) console.log(JSON.stringify({ ...result, cpuMicrosByThread: threads }, null, 2));
  else
    console.table({
      ...result,
      ...Object.fromEntries(Object.entries(threads).map(([name, micros]) => [`CPU µs per delivery: ${name}`, micros])),
    });
}

if (values.store === "postgres" && values.processes === undefined) await postgresFigures(WORKLOAD, OPTIONS, ROUNDS, values.json);
else await main();
