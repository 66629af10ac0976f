import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TOPIC_BY_NAME } from "@genhook/contract";
import { Client, Pool } from "undici";
import { startThrowAwayPostgres } from "@genhook/testkit";
import { childrenOf, countSyncs, Receiver, runRaw, Server, threadsOfAll, usageOfAll } from "./processes.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    events: { type: "string", default: "20000" },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "8" },
    store: { type: "string", default: "sqlite" },
    processes: { type: "string", default: "1" },
    "node-flags": { type: "string", default: "" },
  },
});

const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);
const CONNECTIONS = Number(values.connections);
const KEY = "bench-platform-key-0123456789-0123456789";
const SHOP = "suns-shop.genmystore.com";
const CLIENT_SECRET = "bench-client-secret-0123456789";
const SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw9ZIo2LaLaSw=";
const PAYLOAD = JSON.stringify(TOPIC_BY_NAME.get("orders/create")?.sample);
const BATCH = 500;
const BATCHES_UNDER_WAY = 3;
/** Share of the maximum at which latency is looked at. */
const LATENCY_LOAD = 0.3;

/** What is measured: processes on one store, with what the store itself takes. */
interface System {
  readonly origins: readonly string[];
  /** All that work for it just now. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

interface Round {
  readonly rawPerSecond: number;
  readonly ownPerSecond: number;
  readonly ratio: number;
  readonly rawCpuMicros: number;
  readonly ownCpuMicros: number;
  readonly bytesPerDelivery: number;
  readonly peakRssBytes: number;
}

async function main(): Promise<void> {
  const receiver = new Receiver(CLIENT_SECRET);
  await receiver.start();
  const system = values.store === "postgres" ? await startOnPostgres(Number(values.processes)) : await startOnFile();
  await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
  const rounds: Round[] = [];
  let threads: Readonly<Record<string, number>> = {};
  // The first round of each is warm-up: compiled code, open connections, learned concurrency.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const raw = await rawRound(receiver);
    const own = await ownRound(receiver, system);
    if (round > 0) rounds.push({ ...raw, ...own, ratio: own.ownPerSecond / raw.rawPerSecond });
    if (round === 0) threads = threadsOfAll(system.pids());
  }
  threads = microsSince(threads, threadsOfAll(system.pids()), EVENTS * ROUNDS);
  const maximum = median(rounds.map((round) => round.ownPerSecond));
  const latency = await latencyRun(receiver, system.origins, maximum * LATENCY_LOAD);
  // Traced calls cost time, so they are counted in a round of their own.
  const [first = 0] = system.pids();
  const syncs = values.store === "sqlite" ? await countSyncs(first, () => ownRound(receiver, system).then(() => undefined)) : null;
  await system.stop();
  receiver.child.kill();
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

const FLAGS = ["--port", "0", "--allow-private-addresses", "--endpoint-concurrency", String(CONNECTIONS), "--log-level", "error"];

async function startOnFile(): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-bench-"));
  const server = new Server([...FLAGS, "--data", folder], { GENHOOK_PLATFORM_KEY: KEY }, values["node-flags"]);
  return {
    origins: [await server.listening()],
    pids: () => [server.child.pid ?? 0],
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL's own processes count as well: what it does is not free. */
async function startOnPostgres(count: number): Promise<System> {
  const postgres = await startThrowAwayPostgres({ settings: ["max_wal_size = 4GB", "checkpoint_timeout = 15min"] });
  const environment = { GENHOOK_PLATFORM_KEY: KEY, GENHOOK_SEALING_KEY: "44".repeat(32) };
  const database = await postgres.createDatabase();
  const servers = Array.from({ length: count }, () => new Server([...FLAGS, "--database", database], environment, values["node-flags"]));
  const origins = await Promise.all(servers.map((server) => server.listening()));
  return {
    origins,
    pids: () => [...servers.map((server) => server.child.pid ?? 0), postgres.pid(), ...childrenOf(postgres.pid())],
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await postgres.stop();
    },
  };
}

async function rawRound(receiver: Receiver): Promise<Pick<Round, "rawPerSecond" | "rawCpuMicros">> {
  await receiver.reset();
  const { seconds, cpuSeconds } = await runRaw([
    receiver.origin,
    String(EVENTS),
    String(CONNECTIONS),
    CLIENT_SECRET,
    SIGNING_SECRET,
    PAYLOAD,
  ]);
  await check(receiver, EVENTS);
  return { rawPerSecond: EVENTS / seconds, rawCpuMicros: (cpuSeconds / EVENTS) * 1e6 };
}

/** Durable publish, delivery, durable settlement, of all events, over the clock. */
async function ownRound(receiver: Receiver, system: System): Promise<Omit<Round, "rawPerSecond" | "rawCpuMicros" | "ratio">> {
  await receiver.reset();
  const before = usageOfAll(system.pids());
  const startedAt = performance.now();
  await publishAll(system.origins);
  await receiver.arrived(EVENTS);
  await settled(system.origins[0] ?? "");
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = usageOfAll(system.pids());
  await check(receiver, EVENTS);
  return {
    ownPerSecond: EVENTS / seconds,
    ownCpuMicros: ((after.cpuSeconds - before.cpuSeconds) / EVENTS) * 1e6,
    bytesPerDelivery: (after.writtenBytes - before.writtenBytes) / EVENTS,
    peakRssBytes: after.peakRssBytes,
  };
}

async function publishAll(origins: readonly string[]): Promise<void> {
  const pools = origins.map((origin) => new Pool(origin, { connections: BATCHES_UNDER_WAY }));
  const line = JSON.stringify({ shop: SHOP, topic: "orders/create" }).slice(0, -1);
  const body = `${line},"payload":${PAYLOAD}}\n`.repeat(BATCH);
  let left = EVENTS;
  const publish = async (pool: Pool): Promise<void> => {
    while (left > 0) {
      const size = Math.min(BATCH, left);
      left -= size;
      const text = size === BATCH ? body : `${line},"payload":${PAYLOAD}}\n`.repeat(size);
      const { statusCode, body: answer } = await pool.request({
        method: "POST",
        path: "/platform/v1/events",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/x-ndjson" },
        body: text,
      });
      const { events } = (await answer.json()) as { events: { code?: string }[] };
      const refused = events.filter((event) => event.code !== undefined).length;
      if (statusCode !== 202 || refused > 0) throw new Error(`publish answered ${statusCode}, ${refused} refused`);
    }
  };
  await Promise.all(pools.flatMap((pool) => Array.from({ length: BATCHES_UNDER_WAY }, () => publish(pool))));
  await Promise.all(pools.map((pool) => pool.close()));
}

async function settled(origin: string): Promise<void> {
  for (;;) {
    const { now } = await call<{ now: { pending: number } }>(origin, "GET", "/platform/v1/stats");
    if (now.pending === 0) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

/** Single publishes at a steady pace; the receiver measures from just before the publish to the arrival, on the machine's monotonic clock. */
async function latencyRun(
  receiver: Receiver,
  origins: readonly string[],
  perSecond: number,
): Promise<{ p50Ms: number; p99Ms: number; perSecond: number }> {
  await receiver.reset();
  const clients = Array.from({ length: 32 }, (_, n) => new Client(origins[n % origins.length] ?? "", { pipelining: 1 }));
  const total = Math.round(perSecond * Number(values.seconds));
  const startedAt = performance.now();
  let sent = 0;
  const failures: string[] = [];
  const under: Promise<void>[] = [];
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * perSecond));
    for (; sent < due; sent += 1) {
      const client = clients[sent % clients.length];
      if (client !== undefined) under.push(publishTimed(client).catch((error: unknown) => void failures.push(String(error))));
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await Promise.all(under);
  if (failures.length > 0) throw new Error(`${failures.length} publishes failed: ${failures[0]}`);
  await receiver.arrived(total);
  const { latencies } = await check(receiver, total);
  await Promise.all(clients.map((client) => client.close()));
  const sorted = latencies.toSorted((a, b) => a - b);
  return { p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0, perSecond };
}

async function publishTimed(client: Client): Promise<void> {
  const payload = `${PAYLOAD.slice(0, -1)},"sentAt":"${process.hrtime.bigint()}"}`;
  const { statusCode, body } = await client.request({
    method: "POST",
    path: "/platform/v1/events",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: `{"shop":"${SHOP}","topic":"orders/create","payload":${payload}}`,
  });
  await body.dump();
  if (statusCode !== 202) throw new Error(`publish answered ${statusCode}`);
}

async function check(receiver: Receiver, count: number): ReturnType<Receiver["report"]> {
  const report = await receiver.report();
  if (report.arrived !== count || report.distinct !== count || report.bad !== 0) {
    throw new Error(`of ${count}: ${report.arrived} arrived, ${report.distinct} distinct, ${report.bad} with a bad signature`);
  }
  return report;
}

async function setUp(origin: string, address: string): Promise<void> {
  await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
  const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", {
    name: "bench",
    clientSecret: CLIENT_SECRET,
    signingSecret: SIGNING_SECRET,
  });
  const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", {
    clientId: app.clientId,
    shop: SHOP,
    scopes: ["read_orders", "write_apps"],
  });
  await call(origin, "POST", "/api/202412/app/webhooks", { webhook: { topic: "orders/create", address } }, installation.accessToken);
}

async function call<Answer>(origin: string, method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(origin + path, {
    method,
    headers: {
      ...(token === undefined ? { Authorization: `Bearer ${KEY}` } : { "X-Genstore-Access-Token": token }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
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
    processes: Number(values.processes),
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

await main();
