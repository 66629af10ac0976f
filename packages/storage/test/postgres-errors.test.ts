import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Database } from "../src/postgres/database.ts";

let databases: TestDatabases;
let url = "";

beforeAll(async () => {
  databases = await openTestDatabases();
  url = await databases.create();
}, 60_000);
afterAll(() => databases.close(), 60_000);

/** The code that a statement on a real connection fails with. */
async function codeOf(at: string, statement: string): Promise<unknown> {
  const database = new Database({ url: at, onIdleError: () => undefined });
  const failure = await database.query("publish", statement).then(
    () => null,
    (error: unknown) => error,
  );
  await database.close();
  return failure instanceof Error && "code" in failure ? failure.code : failure;
}

test.each([
  ["the connection is cut by an operator", "SELECT pg_terminate_backend(pg_backend_pid())"],
  ["the statement is cancelled", "BEGIN; SET LOCAL statement_timeout = 1; SELECT pg_sleep(30)"],
  ["the server is a standby", "BEGIN READ ONLY; CREATE TABLE made ()"],
  ["a lock is not to be had", "BEGIN; SET LOCAL lock_timeout = 1; DO $$ BEGIN RAISE lock_not_available; END $$"],
  ["the disk is full", "DO $$ BEGIN RAISE disk_full; END $$"],
  ["there are too many connections", "DO $$ BEGIN RAISE too_many_connections; END $$"],
  ["two transactions were in each other's way", "DO $$ BEGIN RAISE serialization_failure; END $$"],
])("the store as a whole is unavailable when %s", async (_, statement) => {
  expect(await codeOf(url, statement)).toBe("store_unavailable");
});

test.each([
  ["a value is none", "SELECT 'x'::uuid"],
  ["a row is there already", "CREATE TEMPORARY TABLE one (n int PRIMARY KEY); INSERT INTO one VALUES (1), (1)"],
  ["a number is too large", "SELECT 99999::smallint"],
  ["there is no such table", "SELECT FROM nowhere"],
])("only this call is refused when %s", async (_, statement) => {
  expect(await codeOf(url, statement)).toBe("statement_failed");
});

test("a role or a database that has gone under us is not the call's fault", async () => {
  const [role, gone] = [new URL(url), new URL(await databases.create())];
  role.username = "nobody_of_this_name";
  await withClient(url, (client) => client.query(`DROP DATABASE ${gone.pathname.slice(1)}`));
  expect([await codeOf(role.href, "SELECT 1"), await codeOf(gone.href, "SELECT 1")]).toEqual(["store_unavailable", "store_unavailable"]);
});

test.each<[string, (socket: Socket) => void]>([
  ["hangs up", (socket) => socket.destroy()],
  ["hangs up in the middle of a word", (socket) => socket.end(Buffer.from([0x52, 0, 0]))],
  ["speaks another language", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
])("whatever is behind the address and %s: the store is unavailable, and nothing else happens", async (_, answer) => {
  const peer = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => answer(socket));
  }).listen(0, "127.0.0.1");
  await once(peer, "listening");
  expect(await codeOf(`postgres://postgres@127.0.0.1:${(peer.address() as AddressInfo).port}/postgres`, "SELECT 1")).toBe(
    "store_unavailable",
  );
  peer.close();
});
