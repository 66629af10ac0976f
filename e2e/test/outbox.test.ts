import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { insertEventSync, sqliteSchema } from "@genhook/outbox";
import { seededRandom, startEndpoint, type Endpoint } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, makeFolder, ServerProcess, setUp, SHOP } from "../src/server-process.ts";

const KILLS = 3;
const KEYS = 50;

let folder = makeFolder();
let endpoint: Endpoint;
let platform: DatabaseSync;
let origin = "";
const processes: ServerProcess[] = [];

beforeAll(async () => {
  folder = makeFolder();
  endpoint = await startEndpoint();
  platform = new DatabaseSync(join(folder.path, "shop.db"), { timeout: 10_000 });
  platform.exec("PRAGMA journal_mode = WAL; CREATE TABLE shop_order (id INTEGER PRIMARY KEY)");
  for (const statement of sqliteSchema()) platform.exec(statement);
  const server = start("serve", "--port", "0", "--data", folder.path, "--allow-private-addresses", "--log-level", "error");
  origin = await server.listening();
  await setUp(origin, [endpoint.url]);
});
afterAll(async () => {
  for (const each of processes) each.kill("SIGKILL");
  await Promise.all(processes.map((each) => each.exited));
  platform.close();
  await endpoint.close();
  folder.remove();
});

function start(...args: string[]): ServerProcess {
  const started = new ServerProcess(args);
  processes.push(started);
  return started;
}

const startRelay = (): ServerProcess => start("relay", "--outbox", join(folder.path, "shop.db"), "--url", origin, "--take-over", "1s");

/** An order and its event, in one transaction; every seventh is rolled back. */
function writeOrder(id: number): boolean {
  const isDone = id % 7 !== 0;
  platform.exec("BEGIN IMMEDIATE");
  platform.prepare("INSERT INTO shop_order (id) VALUES (?)").run(id);
  insertEventSync(platform, { shop: SHOP, topic: "orders/create", payload: { order: { id } }, orderKey: `key ${id % KEYS}` });
  platform.exec(isDone ? "COMMIT" : "ROLLBACK");
  return isDone;
}

interface Received {
  readonly order: number;
  readonly event: string;
}

const received = (): readonly Received[] =>
  endpoint.received.map(({ headers, body }) => ({
    order: (JSON.parse(body.toString()) as { order: { id: number } }).order.id,
    event: headers["x-genstore-event-id"] ?? "",
  }));

/** A delivery may arrive twice: what counts is which orders have arrived. */
async function arrived(orders: readonly number[]): Promise<void> {
  for (;;) {
    const seen = new Set(received().map(({ order }) => order));
    if (orders.every((order) => seen.has(order))) return;
    await endpoint.waitFor(endpoint.received.length + 1);
  }
}

test("a relay killed at any moment loses no event, publishes none twice and keeps the order of each key", async () => {
  const seed = Number(process.env["GENHOOK_TEST_SEED"] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const written: number[] = [];
  let next = 1;
  const ended = new AbortController();
  const writing = (async () => {
    while (!ended.signal.aborted) {
      for (let n = 0; n < 3; n += 1) {
        if (writeOrder(next)) written.push(next);
        next += 1;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  })();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const relay = startRelay();
    // Somewhere in a burst: it is sending, waiting for an answer, or deleting.
    await endpoint.waitFor(endpoint.received.length + 1 + Math.floor(random() * 100));
    relay.kill("SIGKILL");
    await relay.exited;
  }
  ended.abort();
  await writing;
  const last = startRelay();
  await arrived(written);
  last.kill("SIGTERM");
  expect(await last.exited).toEqual({ code: 0, signal: null });
  expect(last.output).toContain('"msg":"stopped"');
  const orders = received();
  // A rolled back order has no event; deliveries may repeat, events do not.
  expect(new Set(orders.map(({ order }) => order))).toEqual(new Set(written));
  expect(new Set(orders.map(({ event }) => event)).size).toBe(written.length);
  expect(platform.prepare("SELECT count(*) AS n FROM genhook_outbox").get()).toEqual({ n: 0 });
  // Ids of events rise with their acceptance.
  const inOrder = orders.toSorted((one, other) => (one.event < other.event ? -1 : 1)).map(({ order }) => order);
  for (let key = 0; key < KEYS; key += 1) {
    const ofKey = [...new Set(inOrder.filter((order) => order % KEYS === key))];
    expect(ofKey).toEqual(ofKey.toSorted((one, other) => one - other));
  }
});

test("what Genhook refuses is found by command, and goes on when the fault is mended", async () => {
  const newShop = "new-shop.genmystore.com";
  for (const [shop, id] of [
    [newShop, 1],
    [newShop, 2],
    [SHOP, 3_000_000],
  ] as const) {
    insertEventSync(platform, { shop, topic: "orders/create", payload: { order: { id } }, orderKey: "key" });
  }
  const relay = startRelay();
  await arrived([3_000_000]);
  const outbox = async (...args: string[]): Promise<string> => {
    const command = start("outbox", ...args, "--outbox", join(folder.path, "shop.db"), "--json");
    await command.exited;
    return command.output;
  };
  const { refused } = JSON.parse(await outbox("refused")) as { refused: readonly { code: string; behind: number }[] };
  expect(refused).toMatchObject([{ shop: newShop, code: "unknown_shop", behind: 1 }]);
  await call(origin, "PUT", `/platform/v1/shops/${newShop}`, {});
  expect(await outbox("retry", "--all")).toContain('{"retried":1}');
  for (;;) {
    const { series } = await call<{ series: readonly { published: number }[] }>(
      origin,
      "GET",
      `/platform/v1/stats?shop=${newShop}&topic=orders/create`,
    );
    if (series.reduce((sum, each) => sum + each.published, 0) === 2) break;
  }
  expect(JSON.parse(await outbox("status"))).toMatchObject({ waiting: 0, refused: 0, behind: 0 });
  relay.kill("SIGTERM");
  expect((await relay.exited).code).toBe(0);
});
