import { buildCommit, buildEvent, buildShop, openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgresStore } from "../src/index.ts";
import { eventsOf, lookUpOf } from "../src/postgres/event-lookup.ts";
import { MEASURE_LANES } from "../src/postgres/lane-queries.ts";

const SUBJECT = "0f605570244cc20f4aa55b409fd88483";

let databases: TestDatabases;
beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);

/** A server with many partitions, or other statistics, joins in another order, and looks at conditions before the rows that they are meant for are chosen. */
const PLANS: readonly (readonly string[])[] = [
  [],
  ["enable_nestloop"],
  ["enable_nestloop", "enable_hashjoin"],
  ["enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan"],
];

test.each(PLANS.map((off) => [off.length === 0 ? "none" : off.join(", "), off] as const))(
  "a customer's events are found and erased whatever plan the server makes (off: %s)",
  async (_, off) => {
    const url = await databases.create();
    const name = new URL(url).pathname.slice(1);
    await withClient(url, async (client) => {
      for (const setting of off) await client.query(`ALTER DATABASE ${name} SET ${setting} = off`);
    });
    const store = await openPostgresStore({ url });
    try {
      await store.directory.commit(buildCommit({ shops: [buildShop(1)] }), await store.directory.version());
      const version = await store.directory.version();
      const acceptedAt = Date.now() - 120_000;
      const told = buildEvent([], { acceptedAt, subjects: [SUBJECT] });
      const other = buildEvent([], { acceptedAt, subjects: ["ff".repeat(16)] });
      const redact = buildEvent([], { acceptedAt: acceptedAt + 1_000, topic: "customers/redact", subjects: [SUBJECT], erases: "subjects" });
      expect(await store.events.append([told, other, redact], version)).toMatchObject({ kind: "committed" });
      const [erasure] = await store.erasures.open();
      if (erasure === undefined) throw new Error("nothing is to be erased");
      const { ids } = await store.erasures.find(erasure, null, 10);
      expect(ids).toEqual([told.id]);
      await store.erasures.erase(ids, Date.now());
      await store.erasures.finish(erasure.eventId, Date.now());
      expect((await store.events.heads([told.id, other.id, redact.id])).map((head) => head?.isErased)).toEqual([true, false, true]);
    } finally {
      await store.close();
    }
  },
);

test("whether some lanes are empty is not found out by reading a backlog that lies in others", async () => {
  const url = await databases.create();
  await (await openPostgresStore({ url })).close();
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
       SELECT 7, 100, n, gen_random_uuid(), 100, 1, 1, 0, 0 FROM generate_series(1, 20000) AS n`,
    );
    for (const isAnalysed of [false, true]) {
      if (isAnalysed) await client.query("ANALYZE task");
      for (const countMax of [1, 10_001]) {
        const lanes = Array.from({ length: 50 }, (_, n) => 200 + n);
        const plan = await client.query<Record<string, string>>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) ${MEASURE_LANES}`, [
          lanes.map(() => 7),
          lanes,
          countMax,
        ]);
        const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
        expect(text).not.toContain("Seq Scan on task");
        expect(Number(/Buffers: shared hit=(\d+)/.exec(text)?.[1])).toBeLessThan(1_000);
      }
    }
  });
});

test("many events of a day are looked up with the day said once", async () => {
  const url = await databases.create();
  const store = await openPostgresStore({ url });
  await store.close();
  await withClient(url, async (client) => {
    const ids = Array.from({ length: 100 }, () => buildEvent([], { acceptedAt: Date.now() }).id);
    const [days, given, eachDay] = lookUpOf(ids);
    expect([days.length, given.length, eachDay.length]).toEqual([100, 100, 1]);
    const plan = await client.query<Record<string, string>>(`EXPLAIN ${eventsOf("e.id")}`, [days, given, eachDay]);
    const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text).toContain(`event_d${eachDay[0]}`);
    expect(text.split(String(eachDay[0])).length).toBeLessThan(10);
  });
});
