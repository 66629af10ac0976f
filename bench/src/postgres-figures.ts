import { openPostgresStore } from "@genhook/storage";
import { withClient, type ThrowAwayPostgres } from "@genhook/testkit";
import { withEndings, type AtEnd } from "./endings.ts";
import { compare, inTurns, type RoundFigure } from "./in-turns.ts";
import { median } from "./median.ts";
import { payloadOf } from "./payload.ts";
import { addLanes, addSubscriptions, fillHeld, isElsewhereEmpty, makeHeld, type Held } from "./postgres-backlogs.ts";
import { Receiver } from "./processes.ts";
import { setUp, subscribe } from "./setting-up.ts";
import { startOnFile, startOnPostgres, startPostgres, type PostgresSystem, type SystemOptions } from "./systems.ts";
import type { Telling } from "./telling.ts";
import { ownRound, rawRound, type Workload } from "./workload.ts";

const FAN_OUT = 10;
const LOGGED_PAYLOAD_BYTES = 1_024;
const PROCESSES = [1, 2, 4] as const;
const SHARDS = 256;
/** Lanes of one page, as processes ask for them. */
const DISCOVERY_PAGE = 2_000;
/** PostgreSQL's connections tell of their transactions once a second, or when they have been idle for ten. */
const COUNTED_AFTER_MS = 11_000;

/** What can be asked for, in this order. */
export const PARTS = ["processes", "log", "pinned", "held", "webhooks", "discovery"] as const;
export type Part = (typeof PARTS)[number];

export interface PostgresAsked {
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly workload: Workload;
  readonly options: SystemOptions;
  readonly heldRows: number;
  readonly webhooks: number;
  readonly lanes: number;
}

/** What all parts work with. */
interface Scene extends PostgresAsked {
  readonly postgres: ThrowAwayPostgres;
  readonly receiver: Receiver;
  readonly telling: Telling;
}

/** A database with what it is asked about: its processes, a round on it, and a paused webhook whose rows do not count. */
interface Contender {
  readonly system: PostgresSystem;
  readonly token: string;
  readonly held: Held;
  readonly round: () => ReturnType<typeof ownRound>;
  readonly workload: Workload;
}

/**
 * PostgreSQL, part by part. What is compared runs side by side, on databases of one server, and is measured in turns: machines are shared, and their
 * speed changes.
 */
export async function postgresFigures(asked: PostgresAsked, telling: Telling): Promise<void> {
  await withEndings(async (atEnd) => {
    const receiver = new Receiver();
    atEnd(() => receiver.child.kill());
    await receiver.start();
    const postgres = await startPostgres();
    atEnd(() => postgres.stop());
    const scene = { ...asked, postgres, receiver, telling };
    const wanted: Readonly<Record<Part, (scene: Scene, atEnd: AtEnd) => Promise<void>>> = {
      processes: processFigures,
      log: logFigures,
      pinned: pinnedFigures,
      held: heldFigures,
      webhooks: webhookFigures,
      discovery: discoveryFigures,
    };
    for (const part of PARTS) {
      // The processes of one part are gone before the next.
      if (asked.parts.includes(part)) await withEndings((atPartEnd) => wanted[part](scene, atPartEnd));
    }
  });
}

async function contender(scene: Scene, count: number, atEnd: AtEnd): Promise<Contender> {
  const { postgres, options, receiver } = scene;
  const system = await startOnPostgres(postgres, count, options);
  atEnd(() => system.stop());
  const [origin = ""] = system.origins;
  const token = await setUp(origin, `${receiver.origin}/hooks`);
  const held = await makeHeld(origin, system.database, token, `${receiver.origin}/held`);
  const client = await openClient(system.database, atEnd);
  const workload = { ...scene.workload, isSettled: () => isElsewhereEmpty(client, held) };
  return { system, token, held, workload, round: () => ownRound(receiver, system, workload) };
}

async function openClient(database: string, atEnd: AtEnd): Promise<Parameters<typeof isElsewhereEmpty>[0]> {
  return new Promise((resolve, reject) => {
    withClient(database, (client) => {
      const over = new Promise<void>((end) => atEnd(end));
      resolve(client);
      return over;
    }).catch(reject);
  });
}

async function processFigures(scene: Scene, atEnd: AtEnd): Promise<void> {
  const { receiver, workload, options, rounds, telling } = scene;
  const file = await startOnFile(options);
  atEnd(() => file.stop());
  await setUp(file.origins[0] ?? "", `${receiver.origin}/hooks`);
  const contenders: Record<string, () => Promise<RoundFigure>> = {
    raw: () => rawRound(receiver, workload),
    sqlite: () => ownRound(receiver, file, workload),
  };
  for (const count of PROCESSES) contenders[`postgres, ${count}`] = (await contender(scene, count, atEnd)).round;
  const results = await inTurns(contenders, rounds);
  for (const name of Object.keys(contenders)) telling.tell(`against raw POSTs: ${name}`, compare(results, name, "raw"));
}

/** What is written of a payload of 1 KB. */
async function logFigures(scene: Scene, atEnd: AtEnd): Promise<void> {
  const { receiver, telling } = scene;
  const { system, token, workload } = await contender(scene, 1, atEnd);
  const [origin = ""] = system.origins;
  const tell = async (fanOut: number): Promise<void> => {
    const round = (): Promise<unknown> => ownRound(receiver, system, { ...workload, fanOut, payload: payloadOf(LOGGED_PAYLOAD_BYTES) });
    await round();
    telling.tell(`log and commits per delivery, fan-out ${fanOut}`, await perDelivery(system, workload.events, round));
  };
  await tell(1);
  for (let n = 1; n < FAN_OUT; n += 1) await subscribe(origin, token, "orders/create", `${receiver.origin}/hooks/${n}`);
  await tell(FAN_OUT);
}

/** Somebody's long transaction: what is deleted meanwhile stays. It holds up its own database alone. */
async function pinnedFigures(scene: Scene, atEnd: AtEnd): Promise<void> {
  const [plain, pinned] = [await contender(scene, 1, atEnd), await contender(scene, 1, atEnd)];
  const client = await openClient(pinned.system.database, atEnd);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await client.query("SELECT 1 FROM directory");
  await tellKept(scene, "kept under a pinned horizon", plain, pinned);
}

async function heldFigures(scene: Scene, atEnd: AtEnd): Promise<void> {
  const [plain, full] = [await contender(scene, 1, atEnd), await contender(scene, 1, atEnd)];
  await fillHeld(full.system.database, full.held, scene.heldRows);
  await tellKept(scene, "kept with rows held", plain, full);
}

async function webhookFigures(scene: Scene, atEnd: AtEnd): Promise<void> {
  const [plain, many] = [await contender(scene, 1, atEnd), await contender(scene, 1, atEnd)];
  await many.system.stop();
  await addSubscriptions(many.system.database, scene.webhooks);
  await many.system.restart(1);
  await tellKept(scene, "kept with many webhooks", plain, many);
}

async function tellKept({ rounds, telling }: Scene, name: string, plain: Contender, other: Contender): Promise<void> {
  const results = await inTurns({ plain: plain.round, other: other.round }, rounds);
  telling.tell(name, compare(results, "other", "plain"));
}

/** A scan of all shards for lanes with work, page by page, as a process makes it that has just started. */
async function discoveryFigures({ postgres, lanes, rounds, telling }: Scene, atEnd: AtEnd): Promise<void> {
  const database = await postgres.createDatabase();
  const store = await openPostgresStore({ url: database, onIdleError: () => undefined });
  atEnd(() => store.close());
  const client = await openClient(database, atEnd);
  await addLanes(client, lanes);
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const scan = async (): Promise<number> => {
    const startedAt = performance.now();
    let found = 0;
    for (let after = null; ;) {
      const page: Awaited<ReturnType<typeof store.tasks.lanesWithWork>> = await store.tasks.lanesWithWork(shards, after, DISCOVERY_PAGE);
      found += page.length;
      if (page.length < DISCOVERY_PAGE) break;
      after = page.at(-1) ?? null;
    }
    if (found !== lanes) throw new Error(`${found} of ${lanes} lanes were found`);
    return performance.now() - startedAt;
  };
  const scans = async (): Promise<object> => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await scan());
    return { medianMs: Math.round(median(times)), bestMs: Math.round(Math.min(...times)) };
  };
  telling.tell("milliseconds to find lanes with work, never analysed", await scans());
  await client.query("VACUUM ANALYZE task");
  telling.tell("milliseconds to find lanes with work, analysed", await scans());
}

/** What one round writes, all that the database does meanwhile included: leases, statistics, looks at what is owed. */
async function perDelivery(
  system: PostgresSystem,
  deliveries: number,
  round: () => Promise<unknown>,
): Promise<{ readonly walBytes: number; readonly commits: number }> {
  const ask = (query: string): Promise<number> =>
    withClient(system.database, async (client) => Number((await client.query<{ value: string }>(query)).rows[0]?.value));
  const walBytes = (): Promise<number> => ask("SELECT pg_current_wal_insert_lsn() - '0/0' AS value");
  const commits = async (): Promise<number> => {
    await new Promise((resolve) => {
      setTimeout(resolve, COUNTED_AFTER_MS);
    });
    return ask("SELECT xact_commit AS value FROM pg_stat_database WHERE datname = current_database()");
  };
  const commitsBefore = await commits();
  const walBefore = await walBytes();
  await round();
  const written = (await walBytes()) - walBefore;
  return {
    walBytes: Math.round(written / deliveries),
    commits: Number((((await commits()) - commitsBefore) / deliveries).toFixed(4)),
  };
}
