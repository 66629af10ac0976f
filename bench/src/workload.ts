import { TOPIC_BY_NAME } from "@genhook/contract";
import { callApiWith, type CallApi } from "@genhook/testkit";
import { Client, Pool } from "undici";
import { runRaw, usageOfAll, type Receiver } from "./processes.ts";
import type { System } from "./systems.ts";

export interface Workload {
  /** How many deliveries a round has. */
  readonly events: number;
  readonly connections: number;
  /** How many webhooks each event is for; 1 unless given. */
  readonly fanOut?: number;
  /** Whether nothing of a round is owed any more; nothing at all unless given. */
  readonly isSettled?: () => Promise<boolean>;
}

export const KEY = "bench-platform-key-0123456789-0123456789";
export const SHOP = "suns-shop.genmystore.com";
export const CLIENT_SECRET = "bench-client-secret-0123456789";
export const SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw9ZIo2LaLaSw=";
export const PAYLOAD = JSON.stringify(TOPIC_BY_NAME.get("orders/create")?.sample);
export const call: CallApi = callApiWith(KEY);
const BATCH = 500;
const BATCHES_UNDER_WAY = 3;

export interface Round {
  readonly rawPerSecond: number;
  readonly ownPerSecond: number;
  readonly ratio: number;
  readonly rawCpuMicros: number;
  readonly ownCpuMicros: number;
  readonly bytesPerDelivery: number;
  readonly peakRssBytes: number;
}

export async function rawRound(
  receiver: Receiver,
  { events, connections }: Workload,
): Promise<Pick<Round, "rawPerSecond" | "rawCpuMicros">> {
  await receiver.reset();
  const { seconds, cpuSeconds } = await runRaw([
    receiver.origin,
    String(events),
    String(connections),
    CLIENT_SECRET,
    SIGNING_SECRET,
    PAYLOAD,
  ]);
  await check(receiver, events);
  return { rawPerSecond: events / seconds, rawCpuMicros: (cpuSeconds / events) * 1e6 };
}

/** Durable publish, delivery, durable settlement, of all deliveries, over the clock. */
export async function ownRound(
  receiver: Receiver,
  system: System,
  { events, fanOut = 1, isSettled = () => isNothingPending(system.origins[0] ?? "") }: Workload,
): Promise<Omit<Round, "rawPerSecond" | "rawCpuMicros" | "ratio">> {
  await receiver.reset();
  const before = usageOfAll(system.pids());
  const startedAt = performance.now();
  await publishAll(system.origins, events / fanOut);
  await receiver.arrived(events);
  while (!(await isSettled())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = usageOfAll(system.pids());
  await check(receiver, events);
  return {
    ownPerSecond: events / seconds,
    ownCpuMicros: ((after.cpuSeconds - before.cpuSeconds) / events) * 1e6,
    bytesPerDelivery: (after.writtenBytes - before.writtenBytes) / events,
    peakRssBytes: after.peakRssBytes,
  };
}

async function publishAll(origins: readonly string[], events: number): Promise<void> {
  const pools = origins.map((origin) => new Pool(origin, { connections: BATCHES_UNDER_WAY }));
  const line = JSON.stringify({ shop: SHOP, topic: "orders/create" }).slice(0, -1);
  const body = `${line},"payload":${PAYLOAD}}\n`.repeat(BATCH);
  let left = events;
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
      const { events: answers } = (await answer.json()) as { events: { code?: string }[] };
      const refused = answers.filter((event) => event.code !== undefined).length;
      if (statusCode !== 202 || refused > 0) throw new Error(`publish answered ${statusCode}, ${refused} refused`);
    }
  };
  await Promise.all(pools.flatMap((pool) => Array.from({ length: BATCHES_UNDER_WAY }, () => publish(pool))));
  await Promise.all(pools.map((pool) => pool.close()));
}

async function isNothingPending(origin: string): Promise<boolean> {
  return (await call<{ now: { pending: number } }>(origin, "GET", "/platform/v1/stats")).now.pending === 0;
}

/** Single publishes at a steady pace; the receiver measures from just before the publish to the arrival, on the machine's monotonic clock. */
export async function latencyRun(
  receiver: Receiver,
  origins: readonly string[],
  perSecond: number,
  lengthSeconds: number,
): Promise<{ p50Ms: number; p99Ms: number; perSecond: number }> {
  await receiver.reset();
  const clients = Array.from({ length: 32 }, (_, n) => new Client(origins[n % origins.length] ?? "", { pipelining: 1 }));
  const total = Math.round(perSecond * lengthSeconds);
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

export async function check(receiver: Receiver, count: number): ReturnType<Receiver["report"]> {
  const report = await receiver.report();
  if (report.arrived !== count || report.distinct !== count || report.bad !== 0) {
    throw new Error(`of ${count}: ${report.arrived} arrived, ${report.distinct} distinct, ${report.bad} with a bad signature`);
  }
  return report;
}

/** A shop, and an app on it with one webhook for orders; answers the token with which it can have more. */
export async function setUp(origin: string, address: string): Promise<string> {
  await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
  const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", {
    name: "bench",
    clientSecret: CLIENT_SECRET,
    signingSecret: SIGNING_SECRET,
  });
  const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", {
    clientId: app.clientId,
    shop: SHOP,
    scopes: ["read_orders", "read_products", "write_apps"],
  });
  await subscribe(origin, installation.accessToken, "orders/create", address);
  return installation.accessToken;
}

/** One more webhook; its id. */
export async function subscribe(origin: string, token: string, topic: string, address: string): Promise<number> {
  const { webhook } = await call<{ webhook: { id: number } }>(
    origin,
    "POST",
    "/api/202412/app/webhooks",
    { webhook: { topic, address } },
    token,
  );
  return webhook.id;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
