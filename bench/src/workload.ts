import { SHOP } from "./credentials.ts";
import type { RoundFigure } from "./in-turns.ts";
import { percentile } from "./median.ts";
import { PAYLOAD } from "./payload.ts";
import { runRaw, usageOfAll, type Receiver } from "./processes.ts";
import { publishAll, publishSteadily, type Pace } from "./publishing.ts";
import { call } from "./setting-up.ts";
import type { System } from "./systems.ts";

export interface Workload {
  /** How many deliveries a round has. */
  readonly events: number;
  readonly connections: number;
  /** How many webhooks each event is for; 1 unless given. */
  readonly fanOut?: number;
  readonly payload?: string;
  /** Whose events; the one shop of `setUp` unless given. */
  readonly shop?: string;
  /** The first part of the path that is sent to, hence how it is answered; `hooks` unless given. */
  readonly group?: string;
  /** Whether nothing of a round is owed any more; nothing at all unless given. */
  readonly isSettled?: () => Promise<boolean>;
}

/** How often it is asked whether all is settled, ms: each time is work of the store's that no delivery needs. */
const SETTLED_CHECK_MS = 5;

export interface OwnRound extends RoundFigure {
  readonly bytesPerDelivery: number;
  readonly peakRssBytes: number;
}

/** Bare undici. */
export async function rawRound(
  receiver: Receiver,
  { events, connections, payload = PAYLOAD, group = "hooks" }: Workload,
): Promise<RoundFigure> {
  await receiver.reset();
  const { seconds, cpuSeconds } = await runRaw([receiver.origin, `/${group}`, String(events), String(connections), String(payload.length)]);
  await check(receiver, events, [group]);
  return { perSecond: events / seconds, cpuMicros: (cpuSeconds / events) * 1e6 };
}

/** Durable publish, delivery, durable settlement, of all deliveries, over the clock. */
export async function ownRound(receiver: Receiver, system: System, workload: Workload): Promise<OwnRound> {
  const { events, fanOut = 1, payload = PAYLOAD, group = "hooks", shop = SHOP } = workload;
  const { isSettled = () => isNothingPending(system.origins[0] ?? "") } = workload;
  await receiver.reset();
  const before = usageOfAll(system.pids());
  const startedAt = performance.now();
  await publishAll(system.origins, { events: events / fanOut, payload, shopOf: () => shop });
  await receiver.arrived(events, [group]);
  while (!(await isSettled())) {
    await new Promise((resolve) => {
      setTimeout(resolve, SETTLED_CHECK_MS);
    });
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = usageOfAll(system.pids());
  await check(receiver, events, [group]);
  return {
    perSecond: events / seconds,
    cpuMicros: ((after.cpuSeconds - before.cpuSeconds) / events) * 1e6,
    bytesPerDelivery: (after.writtenBytes - before.writtenBytes) / events,
    peakRssBytes: after.peakRssBytes,
  };
}

async function isNothingPending(origin: string): Promise<boolean> {
  return (await call<{ now: { pending: number } }>(origin, "GET", "/platform/v1/stats")).now.pending === 0;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Single publishes at a steady pace; the receiver measures from just before the publish to the arrival, on the machine's monotonic clock. */
export async function latencyRun(receiver: Receiver, origins: readonly string[], pace: Pace): Promise<Latency> {
  await receiver.reset();
  const total = await publishSteadily(origins, pace);
  await receiver.arrived(total, ["hooks"]);
  return latencyOf(await check(receiver, total, ["hooks"]));
}

export function latencyOf(latencies: readonly number[]): Latency {
  return { p50Ms: Number(percentile(latencies, 0.5).toFixed(2)), p99Ms: Number(percentile(latencies, 0.99).toFixed(2)) };
}

/** Everything has arrived, each once, and rightly signed; answers how long it was on its way. */
export async function check(receiver: Receiver, count: number, groups: readonly string[]): Promise<readonly number[]> {
  const report = await receiver.report();
  const chosen = groups.flatMap((name) => report[name] ?? []);
  const sum = (of: "arrived" | "distinct" | "bad"): number => chosen.reduce((total, group) => total + group[of], 0);
  if (sum("arrived") !== count || sum("distinct") !== count || sum("bad") !== 0) {
    throw new Error(`of ${count}: ${sum("arrived")} arrived, ${sum("distinct")} distinct, ${sum("bad")} with a bad signature`);
  }
  return chosen.flatMap(({ latencies }) => latencies);
}
