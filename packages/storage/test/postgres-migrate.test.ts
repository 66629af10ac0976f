import { buildEvent, buildSubscription, openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openPostgresStore } from "../src/index.ts";
import { migrate, type Migration } from "../src/postgres/migrations/migrate.ts";

const FIRST: Migration = { sql: "CREATE TABLE node (name text, heard_at bigint)", oldest: 1 };
const ADDS: Migration = { sql: "ALTER TABLE node ADD COLUMN note text", oldest: 1 };
const CHANGES: Migration = { sql: "ALTER TABLE node RENAME COLUMN note TO remark", oldest: 3 };

let databases: TestDatabases;
let url = "";
beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  url = await databases.create();
});

/** As a version of Genhook that knows these migrations does at its start. */
function start(...migrations: readonly Migration[]): Promise<unknown> {
  return withClient(url, async (client) => {
    await client.query("BEGIN");
    try {
      await migrate(
        async (statement, values = []) => (await client.query<Record<string, unknown>>(statement, [...values])).rows,
        migrations,
      );
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    }
    return (await client.query("SELECT version, oldest FROM genhook_schema")).rows[0] as unknown;
  });
}

const hear = (agoMs: number): Promise<unknown> =>
  withClient(url, (client) =>
    client.query(`INSERT INTO node (name, heard_at) VALUES ('n', extract(epoch FROM clock_timestamp()) * 1000 - ${agoMs})`),
  );

test("a migration that only adds is made beside running processes, and older ones may still start on it", async () => {
  await start(FIRST);
  await hear(0);
  expect(await start(FIRST, ADDS)).toEqual({ version: 2, oldest: 1 });
  expect(await start(FIRST)).toEqual({ version: 2, oldest: 1 });
});

test("one that changes what older processes use waits until none is alive, and then they are refused", async () => {
  await start(FIRST);
  await hear(1_000);
  await expect(start(FIRST, ADDS, CHANGES)).rejects.toMatchObject({
    code: "schema_in_use",
    message: expect.stringContaining("Stop all of them") as string,
  });
  await expect(start(FIRST)).resolves.toEqual({ version: 1, oldest: 1 });
  await withClient(url, (client) => client.query("UPDATE node SET heard_at = heard_at - 60000"));
  expect(await start(FIRST, ADDS, CHANGES)).toEqual({ version: 3, oldest: 3 });
  await expect(start(FIRST, ADDS)).rejects.toMatchObject({ code: "schema_newer" });
});

test("an empty database is made at once by whatever version comes first", async () => {
  expect(await start(FIRST, ADDS, CHANGES)).toEqual({ version: 3, oldest: 3 });
});

test("this version starts on a newer schema that says it may, and not on one that does not", async () => {
  await (await openPostgresStore({ url })).close();
  await withClient(url, (client) => client.query("UPDATE genhook_schema SET version = 99"));
  await (await openPostgresStore({ url })).close();
  await withClient(url, (client) => client.query("UPDATE genhook_schema SET oldest = 99"));
  await expect(openPostgresStore({ url })).rejects.toMatchObject({ code: "schema_newer" });
});

test("everything is made in the first schema of the user's search path, which a pooler leaves alone", async () => {
  const role = `tenant_${process.pid}`;
  await withClient(url, async (client) => {
    await client.query(`DROP ROLE IF EXISTS ${role}`);
    await client.query(`CREATE ROLE ${role} LOGIN`);
    await client.query(`CREATE SCHEMA apart AUTHORIZATION ${role}`);
    await client.query(`ALTER ROLE ${role} SET search_path = apart`);
  });
  const own = new URL(url);
  own.username = role;
  const store = await openPostgresStore({ url: own.href });
  expect((await store.events.append([buildEvent([buildSubscription(8_589_934_901, 1, 1)])], 1)).kind).toBe("committed");
  expect(await store.retention.days()).toHaveLength(1);
  await store.close();
  await withClient(url, async (client) => {
    const { rows } = await client.query(
      "SELECT DISTINCT relnamespace::regnamespace::text AS name FROM pg_class WHERE relname ~ '^(event|task|shop|genhook)'",
    );
    expect(rows).toEqual([{ name: "apart" }]);
    await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
});
