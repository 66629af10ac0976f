import { openTestDatabases, type TestDatabases } from "@genhook/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import type { EventFields, Inbox } from "../../src/index.ts";
import {
  markReceived,
  postgresInbox,
  postgresPositions,
  postgresSchema,
  postgresStore,
  setUpPostgres,
  type ConnectionOf,
  type PostgresConnection,
} from "../../src/postgres/index.ts";
import { signal } from "../fixtures.ts";
import { describeInbox } from "./inbox-conformance.ts";
import { describeDeliveryStore, describePositionStore, eventOf, type StoreCase } from "./store-conformance.ts";

describe("PostgreSQL", () => {
  let databases: TestDatabases;
  let url = "";
  let pool: pg.Pool;
  let other: pg.Pool;
  /** A connection that dies while it is idle is the pool's matter. */
  const openPool = (more: pg.PoolConfig = {}): pg.Pool => new pg.Pool({ connectionString: url, ...more }).on("error", () => undefined);
  beforeAll(async () => {
    databases = await openTestDatabases();
    url = await databases.create();
    pool = openPool();
    other = openPool();
    await pool.query("CREATE TABLE counter (key text PRIMARY KEY, value integer NOT NULL)");
    await Promise.all([pool, other, pool, other, pool].map((client) => setUpPostgres(client)));
    await setUpPostgres(pool, { tablePrefix: "short_" });
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await other.end();
    await databases.close();
  });

  const shared: StoreCase = {
    open: ({ rememberMs, prefix }) => {
      const options = { rememberMs, tablePrefix: prefix };
      return [postgresStore(pool, options), postgresStore(other, options)];
    },
    positions: () => [postgresPositions(pool), postgresPositions(other)],
    count: async (prefix) => Number((await pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${prefix}delivery`)).rows[0]?.n),
    passTime: () => undefined,
  };

  describe("deliveries", () => {
    describeDeliveryStore(shared);
  });
  describe("positions", () => {
    describePositionStore(shared);
  });

  const countUp = (transaction: { query(text: string, values: unknown[]): Promise<unknown> }, key: string): Promise<unknown> =>
    transaction.query("INSERT INTO counter AS c (key, value) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET value = c.value + 1", [key]);
  const read = async (key: string): Promise<number> =>
    (await pool.query<{ value: number }>("SELECT value FROM counter WHERE key = $1", [key])).rows[0]?.value ?? 0;

  describe("inbox", () => {
    describeInbox(() => ({ inbox: postgresInbox(pool), countUp, read, victim: ["postgres", url] }));

    test("a second attempt waits for the first one, and does the work when that one failed", async () => {
      const event = eventOf();
      const working = signal();
      const go = signal();
      const first = postgresInbox(pool).process(event, async (tx) => {
        await countUp(tx, event.eventId);
        working.fire();
        await go.promise;
        throw new Error("down");
      });
      await working.promise;
      const second = postgresInbox(other).process(event, (tx) => countUp(tx, event.eventId));
      go.fire();
      await expect(first).rejects.toThrow("down");
      expect(await second).toBe("processed");
      expect(await read(event.eventId)).toBe(1);
    });

    test("a statement that failed and was swallowed is not taken for success", async () => {
      const event = eventOf();
      const inbox = postgresInbox(pool);
      const failing = inbox.process(event, async (tx) => {
        await countUp(tx, event.eventId);
        await tx.query("SELECT 1 / 0").catch(() => undefined);
      });
      await expect(failing).rejects.toThrow("nothing was committed");
      expect(await read(event.eventId)).toBe(0);
      expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
    });

    test("a connection that dies in the middle leaves nothing, and is not given back", async () => {
      const event = eventOf();
      const small = openPool({ max: 1 });
      const inbox = postgresInbox(small);
      const failing = inbox.process(event, async (tx) => {
        await countUp(tx, event.eventId);
        tx.on("error", () => undefined);
        const { rows } = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        await pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      });
      await expect(failing).rejects.toThrow(/terminat|not queryable|Connection/);
      expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
      expect(await read(event.eventId)).toBe(1);
      await small.end();
    });

    test("a database that crashes in the middle has forgotten the work and the mark; what it has confirmed it has kept", async (context) => {
      const { server } = databases;
      if (server === null) return context.skip("the server is not ours to crash");
      const [done, event] = [eventOf(), eventOf()];
      const inbox = postgresInbox(pool);
      await inbox.process(done, (tx) => countUp(tx, done.eventId));
      const failing = inbox.process(event, async (tx) => {
        tx.on("error", () => undefined);
        await countUp(tx, event.eventId);
        await server.restart("immediate");
      });
      await expect(failing).rejects.toThrow(/terminat|closed|ECONNRESET|queryable/i);
      expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
      expect(await inbox.process(done, (tx) => countUp(tx, done.eventId))).toBe("duplicate");
      expect([await read(event.eventId), await read(done.eventId)]).toEqual([1, 1]);
    });

    test("connections come back clean: a hundred deliveries over a pool of two", async () => {
      const small = openPool({ max: 2 });
      const inbox = postgresInbox(small);
      const key = eventOf().eventId;
      await Promise.all(Array.from({ length: 100 }, () => inbox.process(eventOf(), (tx) => countUp(tx, key))));
      expect(await read(key)).toBe(100);
      expect(small.totalCount).toBeLessThanOrEqual(2);
      await small.end();
    });
  });

  describe("in a transaction of one's own", () => {
    const receive = async (event: EventFields, isolation = "READ COMMITTED"): Promise<boolean> => {
      const client = await pool.connect();
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
        const isNew = await markReceived(client, event);
        if (isNew) await countUp(client, event.eventId);
        await client.query("COMMIT");
        return isNew;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    };

    test("the mark tells whether to work", async () => {
      const event = eventOf();
      expect([await receive(event), await receive(event), await read(event.eventId)]).toEqual([true, false, 1]);
    });

    test("under stricter isolation attempts at once fail or see each other; the effect is one", async () => {
      const event = eventOf();
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => receive(event, "SERIALIZABLE")));
      expect(outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value)).toHaveLength(1);
      expect(await read(event.eventId)).toBe(1);
    });
  });

  test("tables may stand in a schema of their own, by the statements of a migration", async () => {
    await pool.query("CREATE SCHEMA app");
    for (const statement of postgresSchema({ tablePrefix: "app.kit_" })) await pool.query(statement);
    const store = postgresStore(pool, { tablePrefix: "app.kit_" });
    expect(await store.claim("d", "t", 1_000, false)).toBe("claimed");
    expect(() => postgresStore(pool, { tablePrefix: "x; DROP TABLE counter" })).toThrow(TypeError);
  });

  test("the work gets the client that the pool gives", () => {
    expectTypeOf(postgresInbox(pool)).toEqualTypeOf<Inbox<pg.PoolClient>>();
    interface OwnConnection extends PostgresConnection {
      readonly own: true;
    }
    expectTypeOf<ConnectionOf<{ connect(): Promise<OwnConnection> }>>().toEqualTypeOf<OwnConnection>();
  });

  test("without its table it says so, instead of taking deliveries for processed", async () => {
    await expect(postgresStore(pool, { tablePrefix: "none_" }).claim("d", "t", 1_000, false)).rejects.toThrow("none_delivery");
  });
});
