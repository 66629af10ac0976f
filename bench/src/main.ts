import { parseArgs } from "node:util";
import { withEndings } from "./endings.ts";
import { median } from "./median.ts";
import { PAYLOAD } from "./payload.ts";
import { PARTS, postgresFigures } from "./postgres-figures.ts";
import { countSyncs, Receiver, threadsOfAll } from "./processes.ts";
import { setUp } from "./setting-up.ts";
import { startOnFile, startOnPostgres, startPostgres, type System } from "./systems.ts";
import { Telling } from "./telling.ts";
import { latencyRun, ownRound, rawRound, type OwnRound } from "./workload.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    events: { type: "string" },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "8" },
    store: { type: "string", default: "sqlite" },
    processes: { type: "string" },
    parts: { type: "string", default: PARTS.join(",") },
    "held-rows": { type: "string", default: "300000" },
    webhooks: { type: "string", default: "100000" },
    lanes: { type: "string", default: "100000" },
    "node-flags": { type: "string", default: "" },
    "send-threads": { type: "string" },
  },
});

const IS_BY_PARTS = values.store === "postgres" && values.processes === undefined;
const EVENTS = Number(values.events ?? (IS_BY_PARTS ? 8_000 : 20_000));
const ROUNDS = Number(values.rounds);
const WORKLOAD = { events: EVENTS, connections: Number(values.connections) };
const SEND_THREADS = values["send-threads"];
const OPTIONS = {
  connections: WORKLOAD.connections,
  nodeFlags: values["node-flags"],
  flags: SEND_THREADS === undefined ? [] : ["--send-threads", SEND_THREADS],
};
/** Share of the maximum at which latency is looked at. */
const LATENCY_LOAD = 0.3;

interface Round extends OwnRound {
  readonly rawPerSecond: number;
  readonly rawCpuMicros: number;
}

const SIZES = { heldRows: Number(values["held-rows"]), webhooks: Number(values.webhooks), lanes: Number(values.lanes) };
const telling = new Telling(values.json);
if (IS_BY_PARTS) {
  const parts = PARTS.filter((part) => values.parts.split(",").includes(part));
  await postgresFigures({ parts, rounds: ROUNDS, workload: WORKLOAD, options: OPTIONS, ...SIZES }, telling);
} else {
  await withEndings(async (atEnd) => {
    const receiver = new Receiver();
    atEnd(() => receiver.child.kill());
    await receiver.start();
    const system = await startSystem(atEnd);
    await measure(receiver, system);
  });
}
telling.end({
  bench: IS_BY_PARTS ? "postgres" : "main",
  store: values.store,
  rounds: ROUNDS,
  ...WORKLOAD,
  payloadBytes: PAYLOAD.length,
  ...(IS_BY_PARTS ? SIZES : {}),
});

async function startSystem(atEnd: (end: () => unknown) => void): Promise<System> {
  if (values.store !== "postgres") {
    const system = await startOnFile(OPTIONS);
    atEnd(() => system.stop());
    return system;
  }
  const postgres = await startPostgres();
  atEnd(() => postgres.stop());
  const system = await startOnPostgres(postgres, Number(values.processes), OPTIONS);
  atEnd(() => system.stop());
  return system;
}

async function measure(receiver: Receiver, system: System): Promise<void> {
  await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
  const rounds: Round[] = [];
  let threads: Readonly<Record<string, number>> = {};
  // The first round of each is warm-up: compiled code, open connections, learned concurrency.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const raw = await rawRound(receiver, WORKLOAD);
    const own = await ownRound(receiver, system, WORKLOAD);
    if (round > 0) rounds.push({ ...own, rawPerSecond: raw.perSecond, rawCpuMicros: raw.cpuMicros });
    if (round === 0) threads = threadsOfAll(system.pids());
  }
  threads = microsSince(threads, threadsOfAll(system.pids()), EVENTS * ROUNDS);
  tellRounds(rounds, threads);
  const perSecond = Math.round(median(rounds.map((round) => round.perSecond)) * LATENCY_LOAD);
  const latency = await latencyRun(receiver, system.origins, { perSecond, seconds: Number(values.seconds) });
  telling.tell("publish to arrival", { ...latency, perSecond });
  if (values.store !== "sqlite") return;
  // Traced calls cost time, so they are counted in a round of their own.
  const [first = 0] = system.pids();
  const syncs = await countSyncs(first, () => ownRound(receiver, system, WORKLOAD).then(() => undefined));
  telling.tell("fsyncs per delivery", syncs === null ? null : Number((syncs / EVENTS).toFixed(4)));
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

function tellRounds(rounds: readonly Round[], threads: Readonly<Record<string, number>>): void {
  const of = (value: (round: Round) => number): number => median(rounds.map(value));
  telling.tell("raw undici", {
    perSecond: Math.round(of((each) => each.rawPerSecond)),
    cpuMicros: Math.round(of((each) => each.rawCpuMicros)),
  });
  telling.tell("Genhook", { perSecond: Math.round(of((each) => each.perSecond)), cpuMicros: Math.round(of((each) => each.cpuMicros)) });
  telling.tell("of raw", {
    kept: Number(of((each) => each.perSecond / each.rawPerSecond).toFixed(3)),
    keptPerCpuSecond: Number(of((each) => each.rawCpuMicros / each.cpuMicros).toFixed(3)),
  });
  telling.tell("bytes written per delivery", Math.round(of((each) => each.bytesPerDelivery)));
  telling.tell("peak resident megabytes", Math.round(of((each) => each.peakRssBytes) / 1_048_576));
  telling.tell("CPU µs per delivery by thread", threads);
}
