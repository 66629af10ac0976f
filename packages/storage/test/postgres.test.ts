import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { dayOfTime, firstTask, laneOf, type LaneRef, type NewEvent, type Store, type Task } from "@genhook/core";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildIdempotency,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  DAY_MS,
  NOW,
  openTestDatabases,
  seededRandom,
  withClient,
  type TestDatabases,
} from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openPostgresStore } from "../src/index.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const MANY = Array.from({ length: 10 }, (_, n) => buildSubscription(8_589_934_910 + n, 1, 1));

let databases: TestDatabases;
/** Copied for each test: a schema is made in four times the time. */
let template = "";
let url = "";
let open: Store[] = [];
let version = 1;

beforeAll(async () => {
  databases = await openTestDatabases();
  template = await databases.create();
  await (await openPostgresStore({ url: template })).close();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  url = await databases.create(template);
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((store) => store.close()));
});

async function connect(): Promise<Store> {
  const store = await openPostgresStore({ url });
  open.push(store);
  return store;
}

async function begin(): Promise<Store> {
  const store = await connect();
  const entries = { shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S, ...MANY] };
  const committed = await store.directory.commit(buildCommit(entries), 1);
  version = committed.kind === "committed" ? committed.version : 0;
  return store;
}

const taskOf = (event: NewEvent): Task => firstTask(event, { subscription: S.id, ...laneOf(S) });

test("processes that start at once on an empty database make the schema once", async () => {
  url = await databases.create();
  const stores = await Promise.all(Array.from({ length: 4 }, connect));
  expect(await Promise.all(stores.map((store) => store.directory.version()))).toEqual([1, 1, 1, 1]);
});

test("a database of a newer version is refused and left alone", async () => {
  await connect();
  await withClient(url, (client) => client.query("UPDATE genhook_schema SET version = 99, oldest = 99"));
  await expect(connect()).rejects.toMatchObject({ code: "schema_newer", message: expect.stringContaining("newer version") as string });
});

test.each([
  ["a server that is not there", "postgres://postgres@127.0.0.1:1/postgres", "database_unreachable"],
  ["a database that is not there", "/nowhere", "database_refused"],
])("%s is said with what to do, and without the password", async (_, place, code) => {
  const other = place.startsWith("/") ? url.replace(/\/[^/]*$/, place) : place;
  const secret = other.replace("postgres@", "postgres:hush-hush@");
  const failure = await openPostgresStore({ url: secret }).then(
    () => null,
    (error: unknown) => error as Error,
  );
  expect(failure).toMatchObject({ code });
  expect(failure?.message).toContain("--database");
  expect(failure?.message).not.toContain("hush-hush");
});

test("the schema is the golden one", async () => {
  await connect();
  const lines = await withClient(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(`
      SELECT format('%s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' ELSE '' END) AS line
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.tablename AND c.relnamespace = 'public'::regnamespace
      WHERE schemaname = 'public' AND NOT c.relispartition ORDER BY 1`);
    return rows.map((row) => row.line);
  });
  const golden = fileURLToPath(new URL("golden/postgres.schema.txt", import.meta.url));
  const text = `${lines.join("\n")}\n`;
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(golden)) {
    mkdirSync(dirname(golden), { recursive: true });
    writeFileSync(golden, text);
  }
  expect(readFileSync(golden, "utf8"), "the schema changed: npm run golden:update, and a migration").toBe(text);
  expect(lines.filter((line) => line.includes(" ON public.task "))).toHaveLength(1);
});

test("a poison event is an error of its own, and says that it is not the store's", async () => {
  const store = await begin();
  const poison = buildEvent([S], { topic: "orders/\0create" });
  await expect(store.events.append([buildEvent([S]), poison], version)).rejects.toMatchObject({ code: "statement_failed" });
  expect((await store.tasks.backlog()).pending).toBe(0);
});

test("texts that PostgreSQL cannot hold as they are survive where they mean something, and are mended where they are only shown", async () => {
  const store = await begin();
  const event = buildEvent([S], { orderKey: "a\0b \ud800", changed: ["x\0y"] });
  await store.events.append([event], version);
  expect(await store.events.read(event.id)).toMatchObject({ orderKey: "a\0b \ud800", changed: ["x\0y"] });
  const row = { detail: "odd \0 \udfff", responseHeaders: "x: \0" };
  expect(await store.tasks.settle([buildSettlement(taskOf(event), "dead", { row })])).toEqual([true]);
  expect((await store.log.ofDelivery({ eventId: event.id, subscription: S.id }))[0]).toMatchObject({
    detail: "odd  \ufffd",
    responseHeaders: "x: ",
  });
});

test("events of any day find their partition, also when several processes make it at once", async () => {
  const store = await begin();
  const others = [await connect(), await connect()];
  const days = [-40, -1, 0, 1, 2, 60];
  const events = days.map((day) => buildEvent([S], { acceptedAt: NOW + day * DAY_MS }));
  await Promise.all(
    events.flatMap((event, index) => {
      const by = [store, ...others][index % 3] as Store;
      return [by.events.append([event], version), by.events.append([buildEvent([S], { acceptedAt: event.acceptedAt })], version)];
    }),
  );
  expect((await store.events.heads(events.map((event) => event.id))).every((head) => head !== null)).toBe(true);
  expect((await store.retention.days()).length).toBe(days.length);
});

test("connections that are cut at any moment lose nothing and repeat nothing", async () => {
  const store = await begin();
  // The day's partition is there: making it takes longer than connections live here.
  await store.events.append([buildEvent([])], version);
  const seed = Date.now() & 0xffff;
  console.log(`cutting connections: seed ${seed}`);
  const random = seededRandom(seed);
  const cutter = { isOver: false, cuts: 0 };
  const cutting = withClient(databases.server?.url ?? url, async (client) => {
    const name = new URL(url).pathname.slice(1);
    while (!cutter.isOver) {
      const { rowCount } = await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        [name],
      );
      cutter.cuts += rowCount ?? 0;
      // Without a pause hardly any connection would live long enough to carry a statement, and nothing would be tried but connecting.
      await new Promise((resolve) => {
        setTimeout(resolve, random() * 40);
      });
    }
  });
  const accepted: NewEvent[] = [];
  let refused = 0;
  for (let n = 0; n < 64; n += 8) {
    const publish = async (index: number): Promise<void> => {
      const event = buildEvent([S], { idempotency: buildIdempotency(`k${index}`, "c") });
      try {
        const outcome = await store.events.append([event], version);
        if (outcome.kind === "committed" && outcome.results[0]?.kind === "accepted") accepted.push(event);
      } catch (error) {
        expect(error).toMatchObject({ code: "store_unavailable" });
        refused += 1;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => publish(n + index)));
  }
  cutter.isOver = true;
  await cutting;
  expect(accepted.length + refused).toBe(64);
  expect(accepted.length).toBeGreaterThan(0);
  expect(cutter.cuts).toBeGreaterThan(0);
  const owed = await store.tasks.readLane(laneOf(S), Number.MAX_SAFE_INTEGER, 1_000, 1e9, new Set());
  const ids = new Set(owed.tasks.map(({ task }) => task.eventId));
  expect(ids.size).toBe(owed.tasks.length);
  expect(accepted.filter((event) => !ids.has(event.id))).toEqual([]);
}, 60_000);

test("groups that share keys and batches that share tasks wait for each other and never block each other", async () => {
  const stores = [await begin(), await connect(), await connect()];
  const events = Array.from({ length: 60 }, () => buildEvent(MANY));
  await stores[0]?.events.append(events, version);
  const settlements = events.flatMap((event) =>
    MANY.map((each) => buildSettlement(firstTask(event, { subscription: each.id, ...laneOf(each) }), "delivered")),
  );
  const applied = await Promise.all(
    stores.map((store, index) => store.tasks.settle(index % 2 === 0 ? settlements : settlements.toReversed())),
  );
  expect(applied.flat().filter(Boolean)).toHaveLength(settlements.length);
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
  const outcomes = await Promise.all(
    stores.map((store, index) => {
      const group = keys.map((key) => buildEvent([S], { idempotency: buildIdempotency(key, "c") }));
      return store.events.append(index % 2 === 0 ? group : group.toReversed(), version);
    }),
  );
  const kinds = outcomes.flatMap((outcome) => (outcome.kind === "committed" ? outcome.results.map(({ kind }) => kind) : []));
  expect(Object.fromEntries(Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, each]) => [kind, each?.length]))).toEqual({
    accepted: 100,
    duplicate: 200,
  });
});

test("what a process tells last, just before it closes, is still heard", async () => {
  const [leaving, staying] = [await connect(), await connect()];
  const heard = new Promise((resolve) => {
    staying.hints.listen(resolve);
  });
  leaving.hints.tell({ kind: "leases" });
  await leaving.close();
  expect(await heard).toEqual({ kind: "leases" });
});

test("a day on which nothing happened does not keep its partitions for ever", async () => {
  const store = await connect();
  const day = dayOfTime(NOW) - 3;
  await store.events.append([buildEvent([S], { acceptedAt: day * DAY_MS })], 1);
  await withClient(url, (client) => client.query("DELETE FROM event; DELETE FROM task"));
  expect(await store.retention.days()).toEqual([day]);
  expect(await store.retention.dropStep(day, 10)).toBe(true);
  expect(await store.retention.days()).toEqual([]);
});

test("dropping a day does not make publishes wait behind somebody's long transaction: it gives up, and succeeds later", async () => {
  const store = await begin();
  const old = buildEvent([], { acceptedAt: NOW - 3 * DAY_MS });
  await store.events.append([old], version);
  const day = dayOfTime(NOW) - 3;
  await withClient(url, async (dump) => {
    await dump.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event");
    const dropped = store.retention.dropStep(day, 10).catch((error: unknown) => error);
    expect((await store.events.append([buildEvent([S])], version)).kind).toBe("committed");
    expect(await dropped).toMatchObject({ code: "store_unavailable" });
    await dump.query("COMMIT");
  });
  expect(await store.retention.dropStep(day, 10)).toBe(true);
  expect(await store.events.read(old.id)).toBeNull();
});

/** Resolves once a statement in this database waits for another's lock. */
async function somebodyWaits(): Promise<void> {
  await withClient(url, async (client) => {
    for (;;) {
      const { rowCount } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'",
      );
      if (rowCount !== null && rowCount > 0) return;
    }
  });
}

test("a renewal that waited while another node took its shard does not answer that it still has it", async () => {
  const store = await connect();
  const request = { node: "a", delivers: true, claim: [7, 9], release: [] };
  await store.leases.renew(request);
  await withClient(url, async (other) => {
    await other.query("BEGIN");
    await other.query("UPDATE shard_lease SET owner = 'b', epoch = epoch + 1 WHERE shard = 7");
    const renewed = store.leases.renew({ ...request, claim: [] });
    await somebodyWaits();
    await other.query("COMMIT");
    const { leases } = await renewed;
    expect([leases[7]?.owner, leases[9]?.owner]).toEqual([null, "a"]);
  });
  expect((await store.leases.renew({ ...request, claim: [7] })).leases[7]).toMatchObject({ owner: "b", epoch: 2 });
});

test("settling, cancelling, moving and expiring the same lanes at once end each task once, and never block each other in a circle", async () => {
  const seed = Date.now() & 0xffff;
  console.log(`settling and sweeping at once: seed ${seed}`);
  const random = seededRandom(seed);
  const stores = [await begin(), await connect(), await connect()];
  const lanes = MANY.slice(0, 3);
  const moved = (lane: LaneRef): LaneRef => ({ ...lane, shard: (lane.shard + 1) % 256 });
  for (let round = 0; round < 12; round += 1) {
    const events = Array.from({ length: 80 }, () => buildEvent(lanes));
    await stores[0]?.events.append(events, version);
    const shuffled = events.flatMap((event) =>
      lanes.map((each) => buildSettlement(firstTask(event, { subscription: each.id, ...laneOf(each) }), "delivered")),
    );
    shuffled.sort(() => random() - 0.5);
    const steps = lanes.flatMap((lane) => [
      (store: Store) => store.tasks.cancelLane(laneOf(lane), "unsubscribed", NOW, 60, version),
      (store: Store) => store.tasks.relocateLane(laneOf(lane), moved(laneOf(lane)).shard, 60, version),
    ]);
    await Promise.all([
      ...stores.map((store) => store.tasks.settle(shuffled.slice(0, 200))),
      ...steps.map((step, index) => step(stores[index % 3] as Store)),
      stores[round % 3]?.retention.expireThrough(dayOfTime(NOW), NOW, 60),
    ]);
    for (const lane of lanes) {
      for (const at of [laneOf(lane), moved(laneOf(lane))]) await stores[1]?.tasks.cancelLane(at, "unsubscribed", NOW, 1_000, version);
    }
    const rows = await withClient(url, (client) =>
      client.query("SELECT event, subscription FROM attempt GROUP BY 1, 2 HAVING count(*) > 1"),
    );
    expect(rows.rows).toEqual([]);
  }
  const ended = await withClient(url, (client) => client.query<{ n: string }>("SELECT count(*) AS n FROM attempt WHERE state > 0"));
  expect(Number(ended.rows[0]?.n)).toBe(12 * 80 * lanes.length);
}, 60_000);

/** Bytes of write-ahead log that `work` makes; nothing else happens on this server. */
async function walBytes(work: () => Promise<void>): Promise<number> {
  return withClient(url, async (client) => {
    await client.query("CHECKPOINT");
    // Full page images after a checkpoint are the server's and not the delivery's: the second of two equal rounds has few.
    await work();
    const before = await client.query<{ lsn: string }>("SELECT pg_current_wal_insert_lsn() AS lsn");
    await work();
    const after = await client.query<{ bytes: string }>("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn AS bytes", [before.rows[0]?.lsn]);
    return Number(after.rows[0]?.bytes);
  });
}

test.each([
  [1, 2_400],
  [10, 1_100],
])("a delivery's whole life at fan-out %i stays within %i bytes of log, in two commits a group", async (fanOut, budgetBytes) => {
  const store = await begin();
  const owed = MANY.slice(0, fanOut);
  const size = Math.floor(480 / fanOut);
  const payload = Buffer.alloc(1_024, "abcdefghijklmnopqrstuvwxyz0123456789");
  const commits = async (): Promise<number> =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ n: string }>("SELECT pg_current_xact_id()::text AS n");
      return Number(rows[0]?.n);
    });
  let rounds = 0;
  const life = async (): Promise<void> => {
    rounds += 1;
    const events = Array.from({ length: size }, () => buildEvent(owed, { payload }));
    await store.events.append(events, version);
    const body = { responseHeaders: null, responseBody: Buffer.from("ok"), address: "https://app.example.com/webhooks/orders" };
    await store.tasks.settle(
      events.flatMap((event) =>
        owed.map((each) => buildSettlement(firstTask(event, { subscription: each.id, ...laneOf(each) }), "delivered", { row: body })),
      ),
    );
  };
  const bytes = await walBytes(life);
  const perDelivery = bytes / (size * fanOut);
  console.log(`write-ahead log at fan-out ${fanOut}: ${Math.round(perDelivery)} bytes a delivery (budget ${budgetBytes})`);
  expect(perDelivery).toBeLessThan(budgetBytes);
  const before = await commits();
  await life();
  expect((await commits()) - before - 1, `transactions of round ${rounds}`).toBe(2);
});
