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

async function main(): Promise<void> {
  const receiver = new Receiver(CLIENT_SECRET);
  await receiver.start();
  const contenders = await startAll(receiver);
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
  for (const { stop } of contenders) await stop();
  receiver.child.kill();
  print(contenders, results);
}

async function startAll(receiver: Receiver): Promise<readonly Contender[]> {
  const options = { connections: WORKLOAD.connections, nodeFlags: "" };
  const contenders: Contender[] = [
    {
      name: "raw undici",
      durability: "none",
      round: async () => {
        const { rawPerSecond, rawCpuMicros } = await rawRound(receiver, WORKLOAD);
        return { perSecond: rawPerSecond, cpuMicros: rawCpuMicros };
      },
      stop: () => Promise.resolve(),
    },
    await own("Genhook, embedded file", await startOnFile(options), receiver),
    await own("Genhook, PostgreSQL", await startOnPostgres(1, options), receiver),
  ];
  const able = CHOSEN.filter((peer) => {
    const why = peerMissing(peer);
    if (why !== null) console.error(`${peer} is not measured: ${why}`);
    return why === null;
  });
  if (able.length > 0) installPeers();
  for (const peer of able) contenders.push(contenderOf(peer, await startPeerStore(peer), receiver));
  return contenders;
}

async function own(name: string, system: System, receiver: Receiver): Promise<Contender> {
  await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
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

function print(
  contenders: readonly Contender[],
  results: ReadonlyMap<string, { readonly perSecond: readonly number[]; readonly cpuMicros: readonly number[] }>,
): void {
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
