import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  installedPostgres,
  openTestDatabases,
  startEndpoint,
  startThrowAwayPostgres,
  withClient,
  type TestDatabases,
} from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CarriedOver } from "../src/carried-over.ts";
import { after } from "../src/cluster-scene.ts";
import { call, makeFolder, ServerProcess, SHOP } from "../src/server-process.ts";

const BATCHES = 12;
const BATCH = 1_000;
const EXIT_CONFLICT = 6;
const CLIENT_SECRET = "the-client-secret-that-moves-along";

let databases: TestDatabases;
beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);

interface Taken {
  readonly events: readonly { readonly id: string; readonly duplicate: boolean }[];
}

function publishBatch(origin: string, from: number, count: number): Promise<Taken> {
  const events = Array.from({ length: count }, (_, n) => ({
    shop: SHOP,
    topic: "orders/create",
    idempotencyKey: `order-${from + n}`,
    payload: { order: { id: from + n + 1, note: "x".repeat(200) } },
  }));
  return call<Taken>(origin, "POST", "/platform/v1/events", events);
}

/** How many tables of the file have been begun and not finished in the database. */
async function begun(database: string): Promise<number> {
  return withClient(database, async (client) => {
    const found = await client.query<{ exists: boolean }>("SELECT to_regclass('note') IS NOT NULL AS exists");
    if (found.rows[0]?.exists !== true) return 0;
    const { rows } = await client.query<{ value: string }>("SELECT value FROM note WHERE name = 'move'");
    const tables = (JSON.parse(rows[0]?.value ?? "{}") as { tables?: Record<string, unknown> }).tables ?? {};
    return Object.values(tables).filter((reached) => reached !== true).length;
  });
}

test("a server that was killed is moved to PostgreSQL, the move is killed in the middle and goes on, and what was owed is delivered from there", async () => {
  const folder = makeFolder();
  const database = await databases.create();
  const receiver = await startEndpoint();
  const processes: ServerProcess[] = [];
  const run = (...args: string[]): ServerProcess => {
    const process = new ServerProcess(args);
    processes.push(process);
    return process;
  };
  const flags = ["--port", "0", "--allow-private-addresses", "--log-level", "error"];
  const move = (): ServerProcess => run("migrate", "--from", folder.path, "--to", database, "--json");
  try {
    const before = run("serve", "--data", folder.path, ...flags);
    const origin = await before.listening();
    await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
    const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", {
      name: "app",
      clientSecret: CLIENT_SECRET,
    });
    const grant = { clientId: app.clientId, shop: SHOP, scopes: ["read_orders", "write_apps"] };
    const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", grant);
    const token = installation.accessToken;
    const hook = { webhook: { topic: "orders/create", address: receiver.url } };
    const { webhook } = await call<{ webhook: { id: number } }>(origin, "POST", "/api/202412/app/webhooks", hook, token);
    const [first] = (await publishBatch(origin, 0, 1)).events;
    await receiver.waitFor(1);
    await call(origin, "POST", `/api/202412/app/webhooks/${webhook.id}/pause`, undefined, token);
    const owed = new Set<string>();
    for (let n = 0; n < BATCHES; n += 1) for (const { id } of (await publishBatch(origin, 1 + n * BATCH, BATCH)).events) owed.add(id);

    const refused = move();
    expect((await refused.exited).code).toBe(EXIT_CONFLICT);
    expect(refused.output).toContain("Another Genhook process uses");
    before.kill("SIGKILL");
    await before.exited;

    const cut = move();
    while ((await begun(database)) === 0) await after(2);
    cut.kill("SIGKILL");
    expect(await cut.exited).toEqual({ code: null, signal: "SIGKILL" });
    const tooEarly = run("serve", "--database", database, "--sealing-key-file", `${folder.path}/sealing-key`, ...flags);
    expect((await tooEarly.exited).code).toBe(1);
    expect(tooEarly.output).toContain("genhook migrate again");

    const again = move();
    expect({ ...(await again.exited), output: again.output }).toMatchObject({ code: 0 });
    expect(again.output).toContain('"wasResumed":true');
    const checked = run("check", "--database", database);
    expect({ ...(await checked.exited), output: checked.output }).toMatchObject({ code: 0 });
    expect(checked.output).toContain(`(${owed.size.toLocaleString("en")} pending)`);
    const old = run("serve", "--data", folder.path, ...flags);
    expect((await old.exited).code).toBe(1);
    expect(old.output).toContain("was moved to");
    const wrongKey = new ServerProcess(["serve", "--database", database, ...flags], { GENHOOK_SEALING_KEY: "44".repeat(32) });
    expect((await wrongKey.exited).code).toBe(2);
    expect(wrongKey.output).toContain("sealing key is not the one");

    const now = await run("serve", "--database", database, "--sealing-key-file", `${folder.path}/sealing-key`, ...flags).listening();
    expect((await publishBatch(now, 0, 1)).events).toEqual([{ id: first?.id, deliveries: 1, duplicate: true }]);
    await call(now, "POST", `/api/202412/app/webhooks/${webhook.id}/resume`, undefined, token);
    const [next] = (await publishBatch(now, 1 + BATCHES * BATCH, 1)).events;
    owed.add(next?.id ?? "");
    await receiver.waitFor(1 + owed.size);
    const [, ...since] = receiver.received;
    expect(since).toHaveLength(owed.size);
    expect(new Set(since.map(({ headers }) => headers["x-genstore-event-id"]))).toEqual(owed);
    for (const { headers, body } of since.slice(-10)) {
      expect(headers["x-genstore-hmac-sha256"]).toBe(createHmac("sha256", CLIENT_SECRET).update(body).digest("base64"));
    }
  } finally {
    for (const process of processes) process.kill("SIGKILL");
    await Promise.all(processes.map((process) => process.exited));
    await receiver.close();
    folder.remove();
  }
});

/** Starts what it is told to, and ends it. */
async function withProcesses(work: (run: (...args: string[]) => ServerProcess) => Promise<void>): Promise<void> {
  const processes: ServerProcess[] = [];
  const run = (...args: string[]): ServerProcess => {
    const process = new ServerProcess(args, { GENHOOK_SEALING_KEY: "55".repeat(32) });
    processes.push(process);
    return process;
  };
  try {
    await work(run);
  } finally {
    for (const process of processes) process.kill("SIGKILL");
    await Promise.all(processes.map((process) => process.exited));
  }
}

const FLAGS = ["--port", "0", "--allow-private-addresses", "--log-level", "error", "--attempt-timeout", "1s"];
const GIVES_UP_AT_ONCE = [...FLAGS, "--retry-waits", "none"];
const TRIES_AGAIN = [...FLAGS, "--retry-waits", "100ms,1s,2s,5s"];

test("numbers and ordered lanes move to PostgreSQL: the same pages, the same keys blocked, and both go on where they were", async () => {
  const folder = makeFolder();
  const database = await databases.create();
  await withProcesses(async (run) => {
    const before = run("serve", "--data", folder.path, ...GIVES_UP_AT_ONCE);
    const carried = await CarriedOver.fill(await before.listening());
    before.kill("SIGKILL");
    await before.exited;
    const move = run("migrate", "--from", folder.path, "--to", database);
    expect({ ...(await move.exited), output: move.output }).toMatchObject({ code: 0 });
    const now = run("serve", "--database", database, ...TRIES_AGAIN);
    expect(await carried.judge(await now.listening())).toEqual([]);
    await carried.close();
  });
  folder.remove();
});

const BINARIES = installedPostgres();

test.skipIf(BINARIES === null)(
  `a dump of PostgreSQL that is restored elsewhere has its numbers and ordered lanes${BINARIES === null ? " (skipped: no PostgreSQL with pg_dump is installed; Debian: apt-get install postgresql)" : ""}`,
  async () => {
    const binaries = BINARIES ?? "";
    const folder = makeFolder();
    const server = await startThrowAwayPostgres({ binaries });
    const [from, to] = [await server.createDatabase(), await server.createDatabase()];
    const file = join(folder.path, "dump");
    await withProcesses(async (run) => {
      const before = run("serve", "--database", from, ...GIVES_UP_AT_ONCE);
      const carried = await CarriedOver.fill(await before.listening());
      // As an operator would: while the server runs.
      await promisify(execFile)(join(binaries, "pg_dump"), ["--format=custom", "--file", file, "--dbname", from]);
      before.kill("SIGKILL");
      await before.exited;
      await promisify(execFile)(join(binaries, "pg_restore"), ["--exit-on-error", "--dbname", to, file]);
      const now = run("serve", "--database", to, ...TRIES_AGAIN);
      expect(await carried.judge(await now.listening())).toEqual([]);
      await carried.close();
    });
    await server.stop();
    folder.remove();
  },
);
