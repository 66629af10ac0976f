import { createHash } from "node:crypto";
import { dayOfTime, type DeliveryKey, type Store } from "@genhook/core";
import { NOW, openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgresStore } from "../src/index.ts";

/**
 * What calls read of large tables, counted by the server itself. The tables are filled behind its back and never analysed: that is how a backlog
 * looks that grew a minute ago, and no call may depend on the planner's having heard of it.
 */
const DAYS = Array.from({ length: 16 }, (_, index) => dayOfTime(NOW) - 15 + index);
const TODAY = dayOfTime(NOW);
const ROWS_A_DAY = 4_000;
const LANE_ROWS = 30_000;
const LONG_LANE = { shard: 3, lane: 5 };
const SUBSCRIPTIONS = 100;

let databases: TestDatabases;
let url = "";

beforeAll(async () => {
  databases = await openTestDatabases();
  url = await databases.create();
  await (await openPostgresStore({ url })).close();
  await fill();
}, 120_000);
afterAll(() => databases.close(), 60_000);

/** The id of the nth event of a day. */
function eventId(day: number, n: number): string {
  const time = (day * 86_400_000 + n).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

async function fill(): Promise<void> {
  const id = (day: number): string =>
    `(lpad(to_hex(${day}::bigint * 86400000 + g), 12, '0') || '70008000' || lpad(to_hex(g::bigint), 12, '0'))::uuid`;
  await withClient(url, async (client) => {
    await client.query("ALTER TABLE task SET (autovacuum_enabled = off)");
    for (const day of DAYS) {
      for (const table of ["event", "event_subject", "attempt"]) {
        await client.query(
          `CREATE TABLE ${table}_d${day} PARTITION OF ${table} FOR VALUES FROM (${day}) TO (${day + 1}) WITH (autovacuum_enabled = off)`,
        );
      }
      await client.query(`
        INSERT INTO event (day, id, shop, topic, api_version, triggered_at, accepted_at, is_test, owes, directory_version, payload)
        SELECT ${day}, ${id(day)}, 1, 'orders/create', '202412', '', ${day}::bigint * 86400000 + g, false, '{1}', 1, repeat('x', 500)::bytea
        FROM generate_series(1, ${day === TODAY ? LANE_ROWS : ROWS_A_DAY}) g`);
      await client.query(`
        INSERT INTO event_subject (day, subject, event)
        SELECT ${day}, decode(md5(g::text), 'hex'), ${id(day)} FROM generate_series(1, ${ROWS_A_DAY}) g`);
      await client.query(`
        INSERT INTO attempt (day, event, subscription, seq, kind, round, n, at, duration_ms, address, state, shop, app)
        SELECT ${day}, ${id(day)}, 1 + g % ${SUBSCRIPTIONS}, 1, 0, 1, 1, 1, 1, '', CASE WHEN g % 50 = 0 THEN 2 ELSE 1 END, 1, 1
        FROM generate_series(1, ${day === TODAY ? LANE_ROWS : ROWS_A_DAY}) g`);
    }
    await client.query(`
      INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
      SELECT ${LONG_LANE.shard}, ${LONG_LANE.lane}, ${TODAY}::bigint * 86400000 + g, ${id(TODAY)}, ${LONG_LANE.lane + 1_000}, 1, 1, 0, 0
      FROM generate_series(1, ${LANE_ROWS}) g`);
  });
}

/** Rows that tables of this name gave out, through an index or not, since the database was made. */
async function rowsRead(table: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ read: string }>(
      "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS read FROM pg_stat_user_tables WHERE relname = $1 OR relname LIKE $1 || '\\_d%'",
      [table],
    );
    return Number(rows[0]?.read);
  });
}

/** Blocks of this table's indexes that were looked at, of all days. */
async function indexBlocksRead(table: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ read: string }>(
      "SELECT sum(idx_blks_hit + idx_blks_read) AS read FROM pg_statio_user_tables WHERE relname LIKE $1 || '\\_d%'",
      [table],
    );
    return Number(rows[0]?.read);
  });
}

/** How many rows of a table a call reads. A connection tells the server's counters when it ends, so the store is one of its own. */
async function reads(
  table: string,
  call: (store: Store) => Promise<unknown>,
  count: (table: string) => Promise<number> = rowsRead,
): Promise<number> {
  const opened = async (work: (store: Store) => Promise<unknown>): Promise<number> => {
    const store = await openPostgresStore({ url });
    await work(store);
    await store.close();
    return count(table);
  };
  const before = await opened(() => Promise.resolve());
  return (await opened(call)) - before;
}

const owed = Array.from({ length: 200 }, (_, n) => eventId(TODAY, n * 7 + 1));

test("the beginning of a long lane is read, not the lane", async () => {
  const read = (store: Store): Promise<unknown> => store.tasks.readLane(LONG_LANE, Number.MAX_SAFE_INTEGER, 256, 4e6, new Set());
  expect(await reads("task", read)).toBeLessThan(1_000);
  expect(await reads("event", read)).toBeLessThan(1_000);
});

test("a page of a long lane, its cancelling and its moving read what they name", async () => {
  const place = { ...LONG_LANE, due: TODAY * 86_400_000 + 9_000, eventId: eventId(TODAY, 9_000), subscription: LONG_LANE.lane };
  const page = (store: Store): Promise<unknown> => store.tasks.listLane(LONG_LANE, { after: place }, 100);
  expect(await reads("task", page)).toBeLessThan(1_000);
  expect(await reads("task", (store) => store.tasks.cancelLane(LONG_LANE, "unsubscribed", NOW, 100, 1))).toBeLessThan(1_000);
  expect(await reads("event", (store) => store.tasks.cancelLane(LONG_LANE, "unsubscribed", NOW, 100, 1))).toBeLessThan(1_000);
  expect(await reads("task", (store) => store.tasks.relocateLane(LONG_LANE, 4, 100, 1))).toBeLessThan(1_000);
});

test("measuring short lanes beside a long one reads the short ones, and of the long one as much as is counted", async () => {
  const short = Array.from({ length: 20 }, (_, n) => ({ shard: 200, lane: 900 + n }));
  await withClient(url, (client) =>
    client.query(
      `INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
       SELECT 200, 900 + g, ${NOW}, '${eventId(TODAY, 1)}', 900 + g, 1, 1, 0, 0 FROM generate_series(0, 19) g ON CONFLICT DO NOTHING`,
    ),
  );
  const measure = async (store: Store): Promise<void> => {
    expect(await store.tasks.measureLanes(short, 1_000)).toEqual({ count: 20, oldestDue: NOW });
  };
  expect(await reads("task", measure)).toBeLessThan(500);
  const long = async (store: Store): Promise<void> => {
    expect(await store.tasks.measureLanes([LONG_LANE], 1_000)).toMatchObject({ count: 1_000 });
  };
  expect(await reads("task", long)).toBeLessThan(4_000);
});

test("a replay and a look at logs and events read their own days, and of these their own rows", async () => {
  const deliveries: readonly DeliveryKey[] = owed.map((eventId, n) => ({ eventId, subscription: 1 + ((n * 7 + 1) % SUBSCRIPTIONS) }));
  const lane = { shard: 1, lane: 1 };
  const replay = (store: Store): Promise<unknown> =>
    store.tasks.replay(
      deliveries.map((delivery) => ({ delivery, lane })),
      NOW,
      null,
    );
  expect(await reads("attempt", replay)).toBeLessThan(2_000);
  expect(await reads("event", replay)).toBeLessThan(2_000);
  expect(await reads("attempt", (store) => store.log.lastRows(deliveries))).toBeLessThan(2_000);
  expect(await reads("event", (store) => store.events.heads(owed))).toBeLessThan(2_000);
});

test("a page of final deliveries reads a page, of one subscription as of all", async () => {
  const page = { from: null, to: null, turn: { after: null }, limit: 20 };
  const list = (subscriptions: readonly number[] | null, states: readonly ("delivered" | "dead")[]) => (store: Store) =>
    store.log.listFinal({ ...page, subscriptions, states });
  expect(await reads("attempt", list(null, ["dead"]))).toBeLessThan(500);
  expect(await reads("attempt", list(null, ["delivered", "dead"]))).toBeLessThan(500);
  expect(await reads("attempt", list([7], ["delivered", "dead"]))).toBeLessThan(500);
});

test("discovery reads a few rows a lane, however long it is", async () => {
  const shards = Array.from({ length: 256 }, (_, shard) => shard);
  const found = async (store: Store): Promise<void> => {
    expect(await store.tasks.lanesWithWork(shards, null, 1_000)).not.toEqual([]);
  };
  expect(await reads("task", found)).toBeLessThan(400);
});

test("how much is owed is told from a bounded number of rows", async () => {
  const told = async (store: Store): Promise<void> => {
    expect((await store.tasks.backlog()).pending).toBeGreaterThanOrEqual(20_000);
  };
  expect(await reads("task", told)).toBeLessThan(22_000);
});

test("erasing finds a customer's events through their key, and touches the days that it names", async () => {
  const newest = eventId(TODAY, ROWS_A_DAY);
  const subject = createHash("md5").update("77").digest("hex");
  const find = async (store: Store): Promise<void> => {
    const { ids } = await store.erasures.find({ eventId: newest, shop: 1, subjects: [subject] }, null, 100);
    expect(ids).toEqual(DAYS.map((day) => eventId(day, 77)));
  };
  expect(await reads("event_subject", find, indexBlocksRead)).toBeLessThan(DAYS.length * 10);
  const erase = (store: Store): Promise<unknown> => store.erasures.erase([eventId(TODAY, 77), eventId(TODAY - 1, 77)], NOW);
  expect(await reads("event", erase)).toBeLessThan(500);
  expect(await reads("attempt", erase)).toBeLessThan(500);
  expect(await reads("event_subject", erase)).toBeLessThan(3 * ROWS_A_DAY);
  expect(await reads("task", erase)).toBeLessThan(500);
});
