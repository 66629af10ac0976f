import { parseArgs } from "node:util";
import { withEndings, type AtEnd } from "./endings.ts";
import { compare, inTurns, type RoundFigure } from "./in-turns.ts";
import { installPeers, peerMissing, peerRound, PEERS, startPeerStore } from "./peers.ts";
import { Receiver } from "./processes.ts";
import { setUp } from "./setting-up.ts";
import { startOnFile, startOnPostgres, startPostgres, type System } from "./systems.ts";
import { Telling } from "./telling.ts";
import { ownRound, rawRound } from "./workload.ts";

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
const BASE = "Genhook, embedded file";

interface Contender {
  readonly name: string;
  readonly durability: string;
  readonly round: () => Promise<RoundFigure>;
}

const telling = new Telling(values.json);
await withEndings(async (atEnd) => {
  const receiver = new Receiver();
  atEnd(() => receiver.child.kill());
  await receiver.start();
  const contenders = await startAll(receiver, atEnd);
  const results = await inTurns(Object.fromEntries(contenders.map(({ name, round }) => [name, round])), ROUNDS);
  for (const { name, durability } of contenders) telling.tell(name, { durability, ...compare(results, name, BASE) });
});
telling.end({ bench: "against", rounds: ROUNDS, ...WORKLOAD });

async function startAll(receiver: Receiver, atEnd: AtEnd): Promise<Contender[]> {
  const options = { connections: WORKLOAD.connections };
  const contenders: Contender[] = [{ name: "raw undici", durability: "nothing stored", round: () => rawRound(receiver, WORKLOAD) }];
  const own = async (name: string, system: System): Promise<void> => {
    atEnd(() => system.stop());
    await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
    contenders.push({ name, durability: "fsync before the answer", round: () => ownRound(receiver, system, WORKLOAD) });
  };
  await own(BASE, await startOnFile(options));
  const postgres = await startPostgres();
  atEnd(() => postgres.stop());
  await own("Genhook, PostgreSQL", await startOnPostgres(postgres, 1, options));
  const able = CHOSEN.filter((peer) => {
    const why = peerMissing(peer);
    if (why !== null) console.error(`${peer} is not measured: ${why}`);
    return why === null;
  });
  if (able.length > 0) installPeers();
  for (const peer of able) {
    const store = await startPeerStore(peer);
    atEnd(() => store.stop());
    const durability = peer === "bullmq" ? "fsync once a second" : "fsync before the answer";
    contenders.push({ name: peer, durability, round: () => peerRound(peer, store, receiver, WORKLOAD) });
  }
  return contenders;
}
