import { startEndpoint, openTestDatabases, FaultProxy, withClient, type Endpoint, type TestDatabases } from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { shiftedClock } from "../src/cluster-scene.ts";
import { after, compare } from "../src/crash.ts";
import { promote } from "../src/promotion.ts";
import { call, KEY, publish, ServerProcess, settled, setUp, SHOP } from "../src/server-process.ts";
import { startSmallPostgres } from "../src/small-database.ts";

const SEALING_KEY = "66".repeat(32);
const HOUR_MS = 3_600_000;

let databases: TestDatabases;
let processes: ServerProcess[] = [];
let receiver: Endpoint;

beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  processes = [];
  receiver = await startEndpoint();
});
afterEach(async () => {
  for (const process of processes) process.kill("SIGKILL");
  await Promise.all(processes.map((process) => process.exited));
  await receiver.close();
});

function start(database: string, flags: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): ServerProcess {
  const args = ["serve", "--port", "0", "--database", database, "--allow-private-addresses", "--log-level", "warn", ...flags];
  const process = new ServerProcess(args, { GENHOOK_SEALING_KEY: SEALING_KEY, ...environment });
  processes.push(process);
  return process;
}

function post(origin: string, n: number, note = ""): Promise<Response> {
  const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ shop: SHOP, topic: "orders/create", payload: { order: { id: n, note } } });
  return fetch(`${origin}/platform/v1/events`, { method: "POST", headers, body });
}

/** Publishes until one is answered as wanted, and answers all answers. */
async function publishUntil(origin: string, status: number, note?: string): Promise<readonly Response[]> {
  const answers: Response[] = [];
  for (let n = 1; answers.at(-1)?.status !== status; n += 1) {
    answers.push(await post(origin, n, note));
    if (answers.at(-1)?.status !== status) await after(20);
  }
  return answers;
}

async function idsOf(answers: readonly Response[]): Promise<string[]> {
  const accepted = answers.filter(({ status }) => status === 202);
  return Promise.all(accepted.map(async (answer) => ((await answer.json()) as { event: { id: string } }).event.id));
}

async function arrived(ids: readonly string[]): Promise<void> {
  while (compare(ids, [receiver]).lost.length > 0) await after(20);
}

test("a standby is promoted under load: of a synchronous one nothing is forgotten, of an asynchronous one what it had not been sent, and everybody goes on", async () => {
  const [synchronous, asynchronous] = await Promise.all([promote(true, 90), promote(false, 90)]);
  console.log(`promotion, synchronous: ${JSON.stringify(synchronous)}\npromotion, asynchronous: ${JSON.stringify(asynchronous)}`);
  expect(synchronous).toMatchObject({ accepted: 90, forgotten: 0, lost: [], pending: 0, exits: 0 });
  expect(synchronous.refused).toBeGreaterThan(0);
  expect(asynchronous).toMatchObject({ accepted: 90, unseen: 30, forgotten: 30, lost: [], pending: 0, exits: 0 });
});

test("the connection is cut between a commit and its answer: the event is accepted once, and delivered once", async () => {
  const database = await databases.create();
  const proxy = await FaultProxy.start(Number(new URL(database).port));
  const origin = await start(proxy.through(database)).listening();
  await setUp(origin, [receiver.url]);
  for (const [n, what] of ["INSERT INTO event (", "INSERT INTO event (", "DELETE FROM task"].entries()) {
    const swallowed = proxy.swallowAnswerTo(what);
    const id = await publish(origin, n);
    await swallowed;
    await arrived([id ?? ""]);
  }
  await settled(origin);
  const rows = await withClient(
    database,
    async (client) => (await client.query("SELECT count(*)::int AS n FROM event WHERE topic = 'orders/create'")).rows,
  );
  await proxy.close();
  expect(rows).toEqual([{ n: 3 }]);
  expect(receiver.received).toHaveLength(3);
});

test("other programs have taken all connections: publishing is refused with a time to come again, and goes on once there are some", async () => {
  const database = await databases.create();
  await withClient(database, async (client) => {
    await client.query("DROP ROLE IF EXISTS crowded");
    await client.query("CREATE ROLE crowded LOGIN CONNECTION LIMIT 12");
    await client.query(`ALTER DATABASE ${new URL(database).pathname.slice(1)} OWNER TO crowded`);
    await client.query("GRANT CREATE, USAGE ON SCHEMA public TO crowded");
  });
  const crowded = new URL(database);
  crowded.username = "crowded";
  const process = start(crowded.href);
  const origin = await process.listening();
  await setUp(origin, [receiver.url]);
  await withClient(database, async (client) => {
    await client.query("ALTER ROLE crowded CONNECTION LIMIT 0");
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crowded'");
  });
  const refused = (await publishUntil(origin, 503)).at(-1);
  expect(refused?.headers.get("retry-after")).not.toBeNull();
  expect((await fetch(`${origin}/readyz`)).status).toBe(503);
  await withClient(database, (client) => client.query("ALTER ROLE crowded CONNECTION LIMIT 50"));
  const ids = await idsOf(await publishUntil(origin, 202));
  await arrived(ids);
  await withClient(database, (client) =>
    client.query(`REASSIGN OWNED BY crowded TO postgres; DROP OWNED BY crowded; DROP ROLE crowded`),
  ).catch(() => undefined);
});

test("a machine whose clock is an hour off publishes, delivers and signs with the database's time, beside one whose clock is right", async () => {
  const database = await databases.create();
  const fast = start(database, [], shiftedClock(HOUR_MS));
  const origins = [await fast.listening(), await start(database).listening()];
  await setUp(origins[0] ?? "", [receiver.url]);
  const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => publish(origins[n % 2] ?? "", n)));
  expect(ids).not.toContain(null);
  await arrived(ids.map(String));
  const atMs = Date.now();
  const timeOf = (id: string | undefined): number => Number.parseInt((id ?? "").replace("-", "").slice(0, 12), 16);
  for (const { headers } of receiver.received) {
    expect(Math.abs(timeOf(headers["x-genstore-event-id"]) - atMs)).toBeLessThan(HOUR_MS / 2);
    expect(Math.abs(Number(headers["webhook-timestamp"]) * 1_000 - atMs)).toBeLessThan(HOUR_MS / 2);
  }
  for (const origin of origins) expect((await fetch(`${origin}/readyz`)).status).toBe(200);
});

test("hints that cannot arrive are told at the start, with the reason and without a password, and everything is delivered without them", async () => {
  const [database, other] = [await databases.create(), new URL(await databases.create())];
  const wrong = new URL(other.href);
  wrong.pathname = "/nowhere";
  wrong.password = "secret-of-the-hints";
  const refused = start(database, ["--hints-database", wrong.href]);
  const deaf = start(database, ["--hints-database", other.href]);
  const [origin] = await Promise.all([refused.listening(), deaf.listening()]);
  expect(refused.output).toContain("hints from other processes do not arrive");
  expect(refused.output).toContain('database \\"nowhere\\" does not exist');
  expect(refused.output).not.toContain("secret-of-the-hints");
  expect(deaf.output).toContain("what is told does not come back");
  await setUp(origin, [receiver.url]);
  await arrived([String(await publish(origin, 1)), String(await publish(await deaf.listening(), 2))]);
});

test("the disk under PostgreSQL is full: publishing is refused, reading goes on, nothing accepted is lost, and it goes on by itself", async () => {
  const postgres = await startSmallPostgres();
  try {
    const origin = await start(postgres.url).listening();
    await setUp(origin, [receiver.url]);
    const note = "x".repeat(50_000);
    const ids: string[] = [];
    for (let cycle = 0; cycle < 2; cycle += 1) {
      postgres.fill();
      const answers = await publishUntil(origin, 503, note);
      expect(answers.at(-1)?.headers.get("retry-after")).not.toBeNull();
      await call(origin, "GET", "/platform/v1/stats");
      postgres.free();
      ids.push(...(await idsOf(answers)), ...(await idsOf(await publishUntil(origin, 202, note))));
    }
    await arrived(ids);
    await settled(origin);
    expect(new Set(receiver.received.map(({ headers }) => headers["x-genstore-event-id"])).size).toBe(ids.length);
  } finally {
    await postgres.close();
  }
});
