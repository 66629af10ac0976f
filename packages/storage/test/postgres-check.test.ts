import { checkStore, dayOf, type BreachKind, type CheckReport } from "@genhook/core";
import {
  buildEvent,
  DAY_MS,
  FIRST_SUBSCRIPTION,
  liveThrough,
  NOW,
  openTestDatabases,
  withClient,
  type Lives,
  type TestDatabases,
} from "@genhook/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openPostgresCheckReader, openPostgresStore } from "../src/index.ts";

let databases: TestDatabases;
/** Copied for each test: a schema is made in four times the time. */
let template = "";
let url = "";

beforeAll(async () => {
  databases = await openTestDatabases();
  template = await databases.create();
  await (await openPostgresStore({ url: template })).close();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  url = await databases.create(template);
});

async function check(): Promise<CheckReport> {
  const reader = await openPostgresCheckReader(url);
  try {
    return await checkStore(reader, { now: NOW, retentionMs: 30 * DAY_MS, breachesMax: 100 });
  } finally {
    await reader.close();
  }
}

async function live(): Promise<Lives> {
  const store = await openPostgresStore({ url });
  const lives = await liveThrough(store);
  await store.close();
  return lives;
}

describe("a database in order", () => {
  it("has no breaches, and is counted as the same in the embedded file would be", async () => {
    await live();
    const { daysLeftOut, ...report } = await check();
    expect(report).toEqual({ events: 5, deliveries: 6, pending: 4, logRows: 6, breaches: [], counts: {} });
    expect(daysLeftOut).toEqual([]);
  });

  it("is read as of one moment while it is used", async () => {
    await live();
    const reader = await openPostgresCheckReader(url);
    const store = await openPostgresStore({ url });
    await store.events.append([buildEvent([FIRST_SUBSCRIPTION])], 3);
    expect(await checkStore(reader, { now: NOW, retentionMs: 30 * DAY_MS, breachesMax: 10 })).toMatchObject({ events: 5, breaches: [] });
    await reader.close();
    expect(await check()).toMatchObject({ events: 6, breaches: [] });
    await store.close();
  });

  it("more events than one batch are merged with all that belongs to them", async () => {
    const store = await openPostgresStore({ url });
    await liveThrough(store);
    for (let group = 0; group < 3; group += 1) {
      await store.events.append(
        Array.from({ length: 400 }, () => buildEvent([FIRST_SUBSCRIPTION])),
        3,
      );
    }
    await store.close();
    expect(await check()).toMatchObject({ events: 1_205, pending: 1_204, breaches: [] });
  });
});

const SPOILERS: readonly (readonly [story: string, kind: BreachKind, sql: (lives: Lives) => string])[] = [
  ["a task that vanished", "delivery_lost", ({ retried }) => `DELETE FROM task WHERE event = '${retried.id}'`],
  [
    "a task behind a final row",
    "task_behind_final",
    ({ replayed }) => `INSERT INTO task VALUES (1, 1, 1, '${replayed.id}', ${FIRST_SUBSCRIPTION.id}, 5, 2, 1, 3)`,
  ],
  ["a task of an event that is not there", "task_without_event", ({ retried }) => `DELETE FROM event WHERE id = '${retried.id}'`],
  [
    "a task of a day that is not there",
    "task_without_event",
    () => "INSERT INTO task VALUES (1, 1, 1, '00000000-0001-7000-8000-000000000001', 1, 1, 1, 0, 0)",
  ],
  ["a log with a gap", "log_broken", ({ replayed }) => `DELETE FROM attempt WHERE event = '${replayed.id}' AND seq = 2`],
  [
    "an event of another time",
    "event_misplaced",
    ({ retried }) => `UPDATE event SET accepted_at = accepted_at + 1 WHERE id = '${retried.id}'`,
  ],
  ["a key that says another number of deliveries", "reference_broken", () => "UPDATE idempotency SET deliveries = 3"],
  [
    "a key of an event that is not there",
    "reference_broken",
    () => "UPDATE idempotency SET event = '0193ffff-0001-7000-8000-000000000001'",
  ],
  [
    "a subject of an event that is not there",
    "reference_broken",
    ({ pending }) => `INSERT INTO event_subject VALUES (${dayOf(pending.id)}, '\\x01', '0193ffff-0001-7000-8000-000000000001')`,
  ],
  [
    "two current rows of a subscription",
    "history_broken",
    () => "UPDATE subscription SET valid_to = NULL, until = NULL WHERE valid_to IS NOT NULL",
  ],
  [
    "a gap in running numbers",
    "sequence_gap",
    ({ pending }) => `INSERT INTO sequence SELECT 1, n, ('${pending.id.slice(0, -1)}' || n)::uuid FROM (VALUES (1), (3)) AS v (n)`,
  ],
  ["statistics that forgot the dead", "statistics_off", () => "UPDATE stat SET dead = 0 WHERE dead > 0"],
  ["statistics with latencies of nobody", "statistics_off", () => "UPDATE stat SET latency = NULL WHERE latency IS NOT NULL"],
];

describe("what is wrong is found", () => {
  it.each(SPOILERS)("%s: %s", async (_, kind, sql) => {
    const lives = await live();
    await withClient(url, async (client) => {
      expect((await client.query(sql(lives))).rowCount).toBeGreaterThan(0);
    });
    const { counts, breaches } = await check();
    expect(counts, JSON.stringify(breaches)).toHaveProperty(kind);
  });
});

describe("sums over everything, an app and a topic", () => {
  it.each([
    "UPDATE stat_sum SET published = published - 1 WHERE scope = ''",
    "UPDATE stat_sum SET latency = NULL WHERE scope LIKE 'app %'",
    "DELETE FROM stat_sum WHERE scope LIKE 'topic %'",
    "UPDATE stat SET published = published + 1 WHERE is_summed",
  ])("are compared with what they were made of, before and behind each summing: %s", async (sql) => {
    const store = await openPostgresStore({ url });
    await liveThrough(store);
    for (const before of [null, 0, NOW + DAY_MS]) {
      if (before !== null) while (!(await store.statistics.sumStep(before, 100)));
      expect((await check()).breaches).toEqual([]);
    }
    await store.close();
    await withClient(url, async (client) => {
      expect((await client.query(sql)).rowCount).toBeGreaterThan(0);
    });
    expect((await check()).counts).toHaveProperty("statistics_off");
  });
});

describe("minutes that are over", () => {
  it("are summed by the database's clock, whatever the process's own says", async () => {
    const store = await openPostgresStore({ url });
    await liveThrough(store);
    const left = (): Promise<number> =>
      withClient(url, async (client) => Number((await client.query("SELECT count(*) AS n FROM stat WHERE NOT is_summed")).rows[0]?.n));
    const own = vi.spyOn(Date, "now").mockReturnValue(NOW - 365 * DAY_MS);
    try {
      expect(await left()).toBeGreaterThan(0);
      while (!(await store.statistics.sumStep(0, 100)));
      expect(await left()).toBe(0);
    } finally {
      own.mockRestore();
      await store.close();
    }
  });
});

describe("a database that cannot be checked", () => {
  it("says why, and nothing is made in it", async () => {
    url = await databases.create();
    await expect(openPostgresCheckReader(url)).rejects.toMatchObject({ code: "no_data" });
    await withClient(url, async (client) => {
      expect((await client.query("SELECT count(*)::integer AS n FROM pg_class WHERE relname LIKE 'genhook%'")).rows).toEqual([{ n: 0 }]);
    });
    await live();
    await withClient(url, (client) => client.query("UPDATE genhook_schema SET version = 999, oldest = 999"));
    await expect(openPostgresCheckReader(url)).rejects.toMatchObject({ code: "schema_newer" });
    await expect(openPostgresCheckReader("postgres://nobody@127.0.0.1:1/none")).rejects.toMatchObject({ code: "database_unreachable" });
  });
});
