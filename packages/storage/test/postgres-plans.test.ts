import { buildCommit, buildEvent, buildShop, openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPostgresStore } from "../src/index.ts";

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
