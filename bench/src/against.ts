import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Receiver } from "./processes.ts";
import { installPeers, peerMissing, peerRound, PEERS, startPeerStore, type PeerName, type PeerStore } from "./peers.ts";
import { startOnFile, startOnPostgres, type System } from "./systems.ts";
import { CLIENT_SECRET, median, ownRound, rawRound, setUp } from "./workload.ts";

/** Genhook on both stores, raw undici, and what a Node team would otherwise write, in turns: `npm run bench:against`. */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "10000" },
    connections: { type: "string", default: "64" },
    peers: { type: "string", default: PEERS.join(",") },
  },
});

const ROUNDS = Number(values.rounds);
const WORKLOAD = { events: Number(values.events), connections: Number(values.connections) };
const CHOSEN = PEERS.filter((peer) => values.peers.split(",").includes(peer));

interface Contender {
  readonly name: string;
  readonly durability: string;
  readonly round: () => Promise<{ readonly perSecond: number; readonly cpuMicros: number }>;
  readonly stop: () => Promise<void>;
}

/** Of each contender by its name, round by round. */
type Results = ReadonlyMap<string, { readonly perSecond: readonly number[]; readonly cpuMicros: readonly number[] }>;

async function main(): Promise<void> {
  const receiver = new Receiver(CLIENT_SECRET);
  const contenders: Contender[] = [];
  try {
    await receiver.start();
    await startAll(receiver, contenders);
    print(contenders, await measureAll(contenders));
  } finally {
    for (const { stop } of contenders) await stop();
    receiver.child.kill();
  }
}

async function measureAll(contenders: readonly Contender[]): Promise<Results> {
  const results = new Map(contenders.map(({ name }) => [name, { perSecond: [] as number[], cpuMicros: [] as number[] }]));
  // The first round of each is warm-up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, round: measure } of contenders) {
      const { perSecond, cpuMicros } = await measure();
      if (round === 0) continue;
      results.get(name)?.perSecond.push(perSecond);
      results.get(name)?.cpuMicros.push(cpuMicros);
    }
  }
  return results;
}

/** Puts each among them as soon as it runs, so that it is ended whatever becomes of the next. */
async function startAll(receiver: Receiver, contenders: Contender[]): Promise<void> {
  const options = { connections: WORKLOAD.connections, nodeFlags: "" };
  contenders.push({
    name: "raw undici",
    durability: "none",
    round: async () => {
      const { rawPerSecond, rawCpuMicros } = await rawRound(receiver, WORKLOAD);
      return { perSecond: rawPerSecond, cpuMicros: rawCpuMicros };
    },
    stop: () => Promise.resolve(),
  });
  const file = await startOnFile(options);
  contenders.push(own("Genhook, embedded file", file, receiver));
  const postgres = await startOnPostgres(1, options);
  contenders.push(own("Genhook, PostgreSQL", postgres, receiver));
  for (const { origins } of [file, postgres]) await setUp(origins[0] ?? "", `${receiver.origin}/hooks`);
  const able = CHOSEN.filter((peer) => {
    const why = peerMissing(peer);
    if (why !== null) console.error(`${peer} is not measured: ${why}`);
    return why === null;
  });
  if (able.length > 0) installPeers();
  for (const peer of able) contenders.push(contenderOf(peer, await startPeerStore(peer), receiver));
}

function own(name: string, system: System, receiver: Receiver): Contender {
  return {
    name,
    durability: "fsync before the answer",
    round: async () => {
      const { ownPerSecond, ownCpuMicros } = await ownRound(receiver, system, WORKLOAD);
      return { perSecond: ownPerSecond, cpuMicros: ownCpuMicros };
    },
    stop: system.stop,
  };
}

function contenderOf(peer: PeerName, store: PeerStore, receiver: Receiver): Contender {
  return {
    name: peer,
    durability: peer === "bullmq" ? "fsync once a second" : "fsync before the answer",
    round: () => peerRound(peer, store, receiver, WORKLOAD),
    stop: store.stop,
  };
}

function print(contenders: readonly Contender[], results: Results): void {
  const rows = contenders.map(({ name, durability }) => {
    const { perSecond = [], cpuMicros = [] } = results.get(name) ?? {};
    return { name, durability, perSecond: Math.round(median(perSecond)), cpuMicrosPerDelivery: Math.round(median(cpuMicros)) };
  });
  const ours = rows[1]?.cpuMicrosPerDelivery ?? 1;
  const table = rows.map((row) => ({ ...row, cpuAgainstOurs: Number((row.cpuMicrosPerDelivery / ours).toFixed(2)) }));
  const head = { cores: cpus().length, rounds: ROUNDS, ...WORKLOAD };
  if (values.json) console.log(JSON.stringify({ ...head, rows: table }, null, 2));
  else {
    console.log(head);
    console.table(table);
  }
}

await main();
