import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, testCertificate } from "@genhook/testkit";
import { SHOP } from "./credentials.ts";
import type { AtEnd } from "./endings.ts";
import { compare, inTurns, type RoundFigure } from "./in-turns.ts";
import { payloadOf } from "./payload.ts";
import { usageOfAll, type Receiver } from "./processes.ts";
import { publishAll, publishSingly } from "./publishing.ts";
import { call, install, makeApp, pause, setUp, subscribe } from "./setting-up.ts";
import { addWebhooks } from "./size-webhooks.ts";
import { startOnFile, type System } from "./systems.ts";
import type { Telling } from "./telling.ts";
import { ownRound, rawRound, type Workload } from "./workload.ts";

export interface SizeAsked {
  readonly rounds: number;
  readonly events: number;
  readonly connections: number;
  readonly pending: number;
  readonly webhooks: number;
}

interface Scene extends SizeAsked {
  readonly receiver: Receiver;
  readonly telling: Telling;
  readonly atEnd: AtEnd;
}

/** In this order, each with processes and a receiver of its own. */
export const SIZE_PARTS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  publish: publishFigures,
  pending: pendingFigures,
  webhooks: webhookFigures,
  "fan-out": fanOutFigures,
  payload: payloadFigures,
  tls: tlsFigures,
};

/** Webhooks that one installation may have. */
const WEBHOOKS_MAX = 100;
const DEAD_SHOP = "dead.genmystore.com";
const FAN_OUTS = [1, 10, 1_000] as const;
/** Payload bytes, and by how much a round is shorter for it. */
const PAYLOADS = [
  { name: "1 KB", bytes: 1_024, part: 1 },
  { name: "50 KB", bytes: 51_200, part: 5 },
  { name: "1 MB", bytes: 1_048_576, part: 50 },
] as const;
const CONNECTIONS_SINGLY = 64;
const NEW_CONNECTION_PART = 5;

async function start(scene: Scene, folder?: string, flags: readonly string[] = []): Promise<System> {
  const system = await startOnFile({ connections: scene.connections, flags }, folder);
  scene.atEnd(() => system.stop());
  return system;
}

/** What the API takes: events that are owed to a paused webhook, so that nothing is sent meanwhile. */
async function publishFigures(scene: Scene): Promise<void> {
  const { events, rounds, telling, receiver } = scene;
  const system = await start(scene);
  const [origin = ""] = system.origins;
  const token = await install(origin, await makeApp(origin), SHOP);
  await pause(origin, token, await subscribe(origin, token, "orders/create", `${receiver.origin}/hooks`));
  const measured = (publish: () => Promise<number>) => async (): Promise<RoundFigure> => {
    const before = usageOfAll(system.pids()).cpuSeconds;
    const perSecond = await publish();
    return { perSecond, cpuMicros: ((usageOfAll(system.pids()).cpuSeconds - before) / events) * 1e6 };
  };
  const inBatches = async (): Promise<number> => {
    const startedAt = performance.now();
    await publishAll(system.origins, { events });
    return events / ((performance.now() - startedAt) / 1_000);
  };
  const singly = (): Promise<number> => publishSingly(origin, events, CONNECTIONS_SINGLY);
  const results = await inTurns({ singly: measured(singly), batches: measured(inBatches) }, rounds);
  for (const name of ["singly", "batches"]) {
    const { perSecond, cpuMicros } = compare(results, name, name);
    telling.tell(`publishes a second, ${name}`, { perSecond, cpuMicros, perSecondOfOneCore: Math.round(1e6 / cpuMicros) });
  }
}

/** So many deliveries wait for endpoints that refuse connections: a hundred webhooks, and as many endpoints, of one shop. */
async function pendingFigures(scene: Scene): Promise<void> {
  const { events, connections, receiver, pending, rounds, telling } = scene;
  const [empty, full] = [await start(scene), await start(scene)];
  const contender = async (system: System): Promise<() => Promise<RoundFigure>> => {
    const [origin = ""] = system.origins;
    const token = await install(origin, await makeApp(origin), SHOP);
    const webhookId = await subscribe(origin, token, "orders/create", `${receiver.origin}/hooks`);
    const isSettled = async (): Promise<boolean> =>
      (await call<{ deliveries: unknown[] }>(origin, "GET", `/platform/v1/deliveries?state=pending&webhookId=${webhookId}&limit=1`))
        .deliveries.length === 0;
    return () => ownRound(receiver, system, { events, connections, isSettled });
  };
  const contenders = { empty: await contender(empty), full: await contender(full) };
  const [origin = ""] = full.origins;
  const token = await install(origin, await makeApp(origin, "dead"), DEAD_SHOP);
  const closed = await freePort();
  for (let n = 0; n < WEBHOOKS_MAX; n += 1) await subscribe(origin, token, "orders/create", `http://127.0.0.1:${closed}/${n}`);
  const startedAt = performance.now();
  await publishAll(full.origins, { events: pending / WEBHOOKS_MAX, shopOf: () => DEAD_SHOP });
  telling.tell("seconds until as many are owed", Number(((performance.now() - startedAt) / 1_000).toFixed(1)));
  const results = await inTurns(contenders, rounds);
  telling.tell("with deliveries pending for dead endpoints", {
    ...compare(results, "full", "empty"),
    peakResidentMegabytes: Math.round(usageOfAll(full.pids()).peakRssBytes / 1_048_576),
  });
}

async function webhookFigures(scene: Scene): Promise<void> {
  const { events, connections, receiver, webhooks, rounds, telling, atEnd } = scene;
  const folder = mkdtempSync(join(tmpdir(), "genhook-bench-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const first = await start(scene, folder);
  await setUp(first.origins[0] ?? "", `${receiver.origin}/hooks`);
  await first.stop();
  await addWebhooks(folder, webhooks);
  const startedAt = performance.now();
  const many = await start(scene, folder);
  telling.tell("seconds to start with many webhooks", Number(((performance.now() - startedAt) / 1_000).toFixed(1)));
  const plain = await start(scene);
  await setUp(plain.origins[0] ?? "", `${receiver.origin}/hooks`);
  const round = (system: System) => (): Promise<RoundFigure> => ownRound(receiver, system, { events, connections });
  const results = await inTurns({ plain: round(plain), many: round(many) }, rounds);
  telling.tell("with many webhooks", {
    ...compare(results, "many", "plain"),
    peakResidentMegabytes: Math.round(usageOfAll(many.pids()).peakRssBytes / 1_048_576),
  });
}

async function fanOutFigures(scene: Scene): Promise<void> {
  const { events, connections, receiver, rounds, telling } = scene;
  const system = await start(scene);
  const [origin = ""] = system.origins;
  for (const fanOut of FAN_OUTS) {
    for (let from = 0; from < fanOut; from += WEBHOOKS_MAX) {
      const token = await install(origin, await makeApp(origin), fanOutShop(fanOut));
      for (let n = from; n < Math.min(fanOut, from + WEBHOOKS_MAX); n += 1) {
        await subscribe(origin, token, "orders/create", `${receiver.origin}/hooks/${fanOut}/${n}`);
      }
    }
  }
  const contenders = FAN_OUTS.map(
    (fanOut) => [String(fanOut), () => ownRound(receiver, system, { events, connections, fanOut, shop: fanOutShop(fanOut) })] as const,
  );
  const results = await inTurns<RoundFigure>(Object.fromEntries(contenders), rounds);
  for (const fanOut of FAN_OUTS) telling.tell(`fan-out ${fanOut}`, compare(results, String(fanOut), "1"));
}

function fanOutShop(fanOut: number): string {
  return `shop-${fanOut}.genmystore.com`;
}

async function payloadFigures(scene: Scene): Promise<void> {
  const { events, connections, receiver, telling } = scene;
  const system = await start(scene);
  await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
  for (const { name, bytes, part } of PAYLOADS) {
    const workload: Workload = { events: events / part, connections, payload: payloadOf(bytes) };
    await tellOfRaw(`payload of ${name}`, scene, {
      own: () => ownRound(receiver, system, workload),
      raw: () => rawRound(receiver, workload),
    });
  }
  telling.tell("peak resident megabytes after payloads of 1 MB", Math.round(usageOfAll(system.pids()).peakRssBytes / 1_048_576));
}

/** Over connections that are kept, and over one that is new for each delivery. */
async function tlsFigures(scene: Scene): Promise<void> {
  const { events, connections, receiver, atEnd } = scene;
  const folder = mkdtempSync(join(tmpdir(), "genhook-bench-ca-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, testCertificate.ca);
  const system = await start(scene, undefined, ["--ca-file", caFile]);
  const [origin = ""] = system.origins;
  const app = await makeApp(origin);
  for (const [name, group, count] of [
    ["kept", "hooks", events],
    ["new", "once", events / NEW_CONNECTION_PART],
  ] as const) {
    const shop = `${group}.genmystore.com`;
    await subscribe(origin, await install(origin, app, shop), "orders/create", `${receiver.origin}/${group}`);
    const workload: Workload = { events: count, connections, group, shop };
    await tellOfRaw(`TLS, connections ${name}`, scene, {
      own: () => ownRound(receiver, system, workload),
      raw: () => rawRound(receiver, workload),
    });
  }
}

async function tellOfRaw(
  name: string,
  { rounds, telling }: Scene,
  contenders: Readonly<Record<"own" | "raw", () => Promise<RoundFigure>>>,
): Promise<void> {
  telling.tell(name, compare(await inTurns(contenders, rounds), "own", "raw"));
}
