import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { redisMissing, startRedis } from "@genhook/testkit";
import { childrenOf, usageOf, usageOfAll, type Receiver } from "./processes.ts";
import { CLIENT_SECRET, SIGNING_SECRET } from "./credentials.ts";
import { PAYLOAD } from "./payload.ts";
import { startPostgres } from "./systems.ts";
import { check, type Workload } from "./workload.ts";

/** A queue that a Node team would write its deliveries with. */
export const PEERS = ["bullmq", "pg-boss", "graphile-worker"] as const;
export type PeerName = (typeof PEERS)[number];

const at = (path: string): string => fileURLToPath(new URL(`../peers/${path}`, import.meta.url));

/** A peer's store, running; its processes' work counts as the peer's. */
export interface PeerStore {
  readonly address: string;
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

export interface PeerRound {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** Installs the peers where they are not there yet: they are dependencies of nothing else. */
export function installPeers(): void {
  if (existsSync(at("node_modules"))) return;
  console.error("installing the peers in bench/peers …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: at(""), stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("the peers could not be installed");
}

/** Why a peer cannot be measured here; null when it can. */
export function peerMissing(peer: PeerName): string | null {
  return peer === "bullmq" ? redisMissing : null;
}

export function startPeerStore(peer: PeerName): Promise<PeerStore> {
  return peer === "bullmq" ? startSyncedRedis() : startDatabase();
}

/** Synced once a second: up to a second of what was accepted can be lost. With `always` it is half as fast. */
async function startSyncedRedis(): Promise<PeerStore> {
  const redis = await startRedis(["--appendonly", "yes", "--appendfsync", "everysec"]);
  return { address: redis.path, pids: () => [redis.pid()], stop: () => redis.close() };
}

async function startDatabase(): Promise<PeerStore> {
  const postgres = await startPostgres();
  return {
    address: await postgres.createDatabase(),
    pids: () => [postgres.pid(), ...childrenOf(postgres.pid())],
    stop: () => postgres.stop(),
  };
}

/** From the first insert to the last settlement. What inserts is not counted: it stands for the platform, as the bench itself does for Genhook. */
export async function peerRound(peer: PeerName, store: PeerStore, receiver: Receiver, workload: Workload): Promise<PeerRound> {
  await receiver.reset();
  const { events, connections } = workload;
  const args = [store.address, receiver.origin, String(events), String(connections), CLIENT_SECRET, SIGNING_SECRET, PAYLOAD];
  const publisher = start(peer, "publish", args);
  await told(publisher, "ready");
  const worker = start(peer, "deliver", args);
  await told(worker, "ready");
  const workerPid = worker.pid ?? 0;
  const before = [usageOf(workerPid).cpuSeconds, usageOfAll(store.pids()).cpuSeconds] as const;
  const startedAt = performance.now();
  const done = told(worker, "done");
  publisher.send({ kind: "begin" });
  await done;
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuSeconds = usageOf(workerPid).cpuSeconds - before[0] + usageOfAll(store.pids()).cpuSeconds - before[1];
  worker.send({ kind: "end" });
  await Promise.all([ended(worker), ended(publisher)]);
  await check(receiver, events, ["hooks"]);
  return { perSecond: events / seconds, cpuMicros: (cpuSeconds / events) * 1e6 };
}

function start(peer: PeerName, role: "publish" | "deliver", args: readonly string[]): ChildProcess {
  return fork(at(`${peer}.ts`), [role, ...args]);
}

function told(child: ChildProcess, kind: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("message", (message: { readonly kind: string }) => {
      if (message.kind === kind) resolve();
    });
    child.on("exit", (code) => reject(new Error(`a peer's process ended with ${code} before it was ${kind}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
