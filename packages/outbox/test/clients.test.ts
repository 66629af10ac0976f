import { DatabaseSync } from "node:sqlite";
import { openTestDatabases, type TestDatabases } from "@genhook/testkit";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  insertEvent,
  insertEventSync,
  outboxInsert,
  postgresSchema,
  sqliteSchema,
  type OutboxEvent,
  type PrismaTransaction,
} from "../src/index.ts";

const EVENT: OutboxEvent = {
  shop: "linen.genmystore.com",
  topic: "orders/create",
  payload: '{"order": {"id": 9007199254740993}}',
  triggeredAt: "2026-01-15T12:00:00.123456789+01:00",
  orderKey: "order-1",
  changed: ["order.id"],
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
};
const ROW = {
  shop: EVENT.shop,
  topic: EVENT.topic,
  payload: EVENT.payload,
  client_id: null,
  triggered_at: EVENT.triggeredAt,
  order_key: "order-1",
  changed: '["order.id"]',
  traceparent: EVENT.traceparent,
};

/** A transaction of one client, as its users write it: inserts an event, and then commits or fails. */
type InTransaction = (event: OutboxEvent, end: "commit" | "fail") => Promise<void>;

const FAILED = new Error("the platform's own work failed");

describe("in a transaction of PostgreSQL", () => {
  let databases: TestDatabases;
  let pool: pg.Pool;
  let kysely: Kysely<unknown>;
  beforeAll(async () => {
    databases = await openTestDatabases();
    pool = new pg.Pool({ connectionString: await databases.create() }).on("error", () => undefined);
    kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    // As a migration would, twice over.
    for (const statement of [...postgresSchema(), ...postgresSchema({ notify: true })]) await pool.query(statement);
  }, 60_000);
  afterAll(async () => {
    await kysely.destroy();
    await databases.close();
  });

  const clients: Readonly<Record<string, InTransaction>> = {
    pg: async (event, end) => {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await insertEvent(client, event);
        if (end === "fail") throw FAILED;
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    Kysely: async (event, end) => {
      await kysely.transaction().execute(async (transaction) => {
        await kyselySql(...outboxInsert(event).template).execute(transaction);
        if (end === "fail") throw FAILED;
      });
    },
    Drizzle: async (event, end) => {
      await drizzle(pool).transaction(async (transaction) => {
        await transaction.execute(drizzleSql(...outboxInsert(event).template));
        if (end === "fail") throw FAILED;
      });
    },
    // Prisma's engine cannot be fetched everywhere: what it makes of the template (numbered parameters) is sent over pg.
    "Prisma's $executeRaw": async (event, end) => {
      const client = await pool.connect();
      const transaction: PrismaTransaction = {
        $executeRaw: async (strings, ...values) => {
          const text = strings.reduce((before, part, index) => `${before}$${index}${part}`);
          return (await client.query(text, values)).rowCount ?? 0;
        },
      };
      try {
        await client.query("BEGIN");
        await insertEvent(transaction, event);
        await client.query(end === "fail" ? "ROLLBACK" : "COMMIT");
      } finally {
        client.release();
      }
      if (end === "fail") throw FAILED;
    },
  };

  it.each(Object.entries(clients))("%s: the event is there when it commits, and only then", async (name, inTransaction) => {
    await pool.query("DELETE FROM genhook_outbox");
    await expect(inTransaction({ ...EVENT, idempotencyKey: `${name} failed` }, "fail")).rejects.toBe(FAILED);
    await inTransaction({ ...EVENT, idempotencyKey: name }, "commit");
    const { rows } = await pool.query("SELECT * FROM genhook_outbox");
    expect(rows).toEqual([{ ...ROW, id: expect.any(String), key: name, created_at: expect.any(Date) }]);
  });

  it("a pool is refused: its statement would be in no transaction", async () => {
    await expect(insertEvent(pool, EVENT)).rejects.toThrow(/This is a pool/);
  });

  it("a wrong event is refused before anything is sent, so the transaction is still good", async () => {
    const client = await pool.connect();
    await client.query("BEGIN");
    await expect(insertEvent(client, { ...EVENT, shop: "" })).rejects.toThrow(/shop must be a shop's domain/);
    await insertEvent(client, { ...EVENT, idempotencyKey: "still good" });
    await client.query("COMMIT");
    client.release();
    expect((await pool.query("SELECT 1 FROM genhook_outbox WHERE key = 'still good'")).rows).toHaveLength(1);
  });

  it("the platform's role needs the right to insert, and no other", async () => {
    await pool.query("CREATE ROLE platform; GRANT INSERT ON genhook_outbox TO platform");
    const client = await pool.connect();
    await client.query("SET ROLE platform");
    await insertEvent(client, { ...EVENT, idempotencyKey: "by the platform" });
    await expect(client.query("SELECT 1 FROM genhook_outbox")).rejects.toThrow(/permission denied/);
    await client.query("RESET ROLE; DROP OWNED BY platform; DROP ROLE platform");
    client.release();
  });
});

describe("in a transaction of SQLite", () => {
  it("node:sqlite: the event is there when it commits, and only then", () => {
    const database = new DatabaseSync(":memory:");
    for (const statement of [...sqliteSchema(), ...sqliteSchema()]) database.exec(statement);
    database.exec("BEGIN");
    insertEventSync(database, { ...EVENT, idempotencyKey: "failed" });
    database.exec("ROLLBACK; BEGIN");
    expect(insertEventSync(database, { ...EVENT, idempotencyKey: "done" })).toEqual({ idempotencyKey: "done" });
    database.exec("COMMIT");
    const rows = database.prepare("SELECT * FROM genhook_outbox").all();
    expect(rows.map((row) => ({ ...row }))).toEqual([{ ...ROW, id: 1, key: "done", created_at: expect.stringMatching(/^\d{4}-.*Z$/) }]);
    database.close();
  });
});
