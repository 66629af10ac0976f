import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort, startEndpoint, type Endpoint } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BIN, KEY, makeFolder, ServerProcess, setUp, SHOP } from "../src/server-process.ts";

const folder = makeFolder();
const data = join(folder.path, "genhook-data");
let server: ServerProcess;
let endpoint: Endpoint;
let origin = "";
/** What the endpoint answers. */
let status = 200;
/** How many of the next requests it refuses. */
let failures = 0;

beforeAll(async () => {
  endpoint = await startEndpoint({ answer: () => (failures-- > 0 ? 500 : status) });
  server = new ServerProcess(["serve", "--port", "0", "--data", data, "--allow-private-addresses", "--retry-waits", "50ms"]);
  origin = await server.listening();
  await setUp(origin, [`${endpoint.url}/hooks`]);
});
afterAll(async () => {
  server.kill("SIGTERM");
  await server.exited;
  await endpoint.close();
  folder.remove();
});

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** The real command, to its end. */
async function genhook(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  const process = new ServerProcess(args, { GENHOOK_DATA: data, HOME: folder.path, ...environment });
  const { code } = await process.exited;
  return { code, output: process.output };
}

async function json<Answer>(args: readonly string[]): Promise<Answer> {
  const { code, output } = await genhook([...args, "--json"]);
  expect([code, output]).toEqual([0, expect.stringContaining("{") as string]);
  return JSON.parse(output) as Answer;
}

test("a shop, an app, an installation and a webhook are made, an event is published, fails, is explained and replayed: all by the command", async () => {
  expect((await genhook(["shops", "create", "--domain", "linen", "--plan", "advanced"])).output).toContain("linen.genmystore.com");
  const { app } = await json<{ app: { clientId: string } }>(["apps", "create", "--name", "Stock sync"]);
  const scopes = ["--scopes", "read_orders,write_orders", "--scopes", "write_apps"];
  const made = await json<{ installation: { accessToken: string } }>([
    "installations",
    "create",
    "--client-id",
    app.clientId,
    "--shop",
    "linen",
    ...scopes,
  ]);
  const token = made.installation.accessToken;
  const webhook = ["webhooks", "create", "--topic", "orders/create", "--address", `${endpoint.url}/linen`];
  expect((await genhook([...webhook, "--token", token])).code).toBe(0);
  expect((await genhook(webhook, { GENHOOK_ACCESS_TOKEN: token })).code).toBe(6);

  status = 500;
  const failing = await genhook(["trigger", "orders/create", "--shop", "linen", "--seed", "5"]);
  expect(failing.output).toMatch(/1 delivery {2}seed 5\n {2}(pending|dead): webhook/);
  await endpoint.waitFor(2);
  const { deliveries } = await json<{ deliveries: { id: string; state: string }[] }>([
    "deliveries",
    "list",
    "--state",
    "dead",
    "--shop",
    "linen",
  ]);
  const id = deliveries[0]?.id ?? "";
  const story = await genhook(["deliveries", "get", id]);
  expect(story.output).toContain("dead: every attempt of the round failed");
  expect(story.output).toMatch(/✗ {2}1 .*answered 500[\s\S]*✗ {2}2 .*answered 500[\s\S]*its own log says why/);
  expect(await json(["replay", "--state", "dead", "--shop", "linen", "--dry-run"])).toMatchObject({
    matched: 1,
    groups: [{ reason: "attempts_exhausted", count: 1 }],
  });

  status = 200;
  expect(await json(["replay", "--state", "dead", "--shop", "linen", "--yes"])).toEqual({
    matched: 1,
    replayed: 1,
    passedBy: 0,
    refused: {},
  });
  await endpoint.waitFor(3);
  expect(await json(["deliveries", "list", "--token", token])).toMatchObject({ deliveries: [{ id, state: "delivered", round: 2 }] });
});

test("many events are published at once, and one by one where they come from a file", async () => {
  const before = endpoint.received.length;
  expect(await json(["trigger", "orders/create", "--shop", SHOP, "--count", "450", "--seed", "9"])).toMatchObject({
    accepted: 450,
    deliveries: 450,
    refused: {},
    seed: 9,
  });
  await endpoint.waitFor(before + 450);
  const ids = endpoint.received.slice(before).map(({ body }) => (JSON.parse(body.toString()) as { order: { id: string } }).order.id);
  expect(new Set(ids).size).toBe(450);
  const file = join(folder.path, "orders.ndjson");
  writeFileSync(file, '{"order":{"id":"1","total":1.50}}\n\n{"order":{"id":"2","big":9007199254740993}}\n');
  expect(await json(["trigger", "orders/create", "--shop", SHOP, "--payload", file, "--lines"])).toMatchObject({
    accepted: 2,
    deliveries: 2,
  });
  await endpoint.waitFor(before + 452);
  expect(
    endpoint.received
      .slice(-2)
      .map(({ body }) => body.toString())
      .toSorted(),
  ).toEqual(['{"order":{"id":"1","total":1.50}}', '{"order":{"id":"2","big":9007199254740993}}']);
  const refused = await genhook(["trigger", "orders/create", "--shop", SHOP, "--count", "3", "--set", "order.id:=null"]);
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("3 events refused as payload_mismatch") as string]);
});

test("tail shows what happens, one value a line, until Ctrl+C", async () => {
  const tail = new ServerProcess(["tail", "--json", "--since", "1m", "--interval", "1s"], { GENHOOK_DATA: data, HOME: folder.path });
  const { event } = await json<{ event: { id: string } }>(["trigger", "orders/create", "--shop", SHOP]);
  while (!tail.output.includes(event.id)) await tail.moreOutput();
  tail.kill("SIGINT");
  expect((await tail.exited).code).toBe(0);
  const lines = tail.output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { eventId: string; state: string });
  expect(lines.filter((line) => line.eventId === event.id)).toMatchObject([{ state: "delivered" }]);
});

test("tail --failed shows an attempt that fails and is made again, without being told where to look", async () => {
  const tail = new ServerProcess(["tail", "--failed", "--json", "--interval", "1s"], { GENHOOK_DATA: data, HOME: folder.path });
  const { event: fine } = await json<{ event: { id: string } }>(["trigger", "orders/create", "--shop", SHOP]);
  failures = 1;
  const { event } = await json<{ event: { id: string } }>(["trigger", "orders/create", "--shop", SHOP]);
  while (!tail.output.includes(event.id)) await tail.moreOutput();
  tail.kill("SIGINT");
  expect((await tail.exited).code).toBe(0);
  expect(tail.output).not.toContain(fine.id);
});

test("exit codes say what happened", async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const codes = async (...runs: readonly (readonly string[])[]): Promise<(number | null)[]> =>
    (await Promise.all(runs.map((args) => genhook(args)))).map(({ code }) => code);
  expect(
    await codes(["shops"], ["deliveries", "get", "dlv_00000000000000000000000000000000_1"], ["shops", "--key", "x".repeat(40)]),
  ).toEqual([0, 3, 4]);
  expect(
    await codes(["shops", "--url", nobody], ["shops", "create", "--domain", SHOP], ["shpos"], ["shops", "put", SHOP, "--plan", "best"]),
  ).toEqual([5, 6, 2, 2]);
});

test("login keeps a profile that the other commands use", async () => {
  const environment = { XDG_CONFIG_HOME: join(folder.path, "config"), GENHOOK_DATA: join(folder.path, "none"), GENHOOK_PLATFORM_KEY: "" };
  expect((await genhook(["shops"], environment)).code).toBe(4);
  expect((await genhook(["login", "--url", origin, "--key", KEY], environment)).code).toBe(0);
  expect((await genhook(["shops"], environment)).output).toContain(SHOP);
  expect((await genhook(["logout"], environment)).code).toBe(0);
  expect((await genhook(["shops"], environment)).code).toBe(4);
});

test("a pipe that closes early is no error", async () => {
  const shell = spawn("bash", ["-c", `set -o pipefail; "$0" "$1" topics --json | head -c 10`, process.execPath, BIN], {
    env: { PATH: process.env["PATH"], GENHOOK_PLATFORM_KEY: KEY, GENHOOK_DATA: data, HOME: folder.path },
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise((resolve) => {
    shell.on("close", resolve);
  });
  expect([code, output]).toEqual([0, '{"topics":']);
});

test("a data file is checked, copied and restored while the server runs; what is wrong with it is found", async () => {
  expect(await json(["check"])).toMatchObject({ breaches: [], counts: {} });
  const copy = join(folder.path, "copy.db");
  expect(await genhook(["backup", "--to", copy])).toMatchObject({ code: 0, output: expect.stringContaining("sealing-key") as string });
  expect((await genhook(["backup", "--to", copy])).code).toBe(6);
  expect((await genhook(["restore", "--from", copy, "--yes"])).code).toBe(6);
  expect((await genhook(["restore", "--from", copy])).code).toBe(2);
  const restored = join(folder.path, "restored");
  expect((await genhook(["restore", "--from", copy, "--data", restored, "--yes"])).code).toBe(0);
  const before = await json<{ events: number }>(["check"]);
  expect(await json(["check", "--data", restored])).toEqual(before);
  const database = new DatabaseSync(join(restored, "genhook.db"));
  database.exec("UPDATE stat SET published = published + 1");
  database.close();
  const spoilt = await genhook(["check", "--data", restored]);
  expect([spoilt.code, spoilt.output]).toEqual([1, expect.stringContaining("not in order") as string]);
  expect((await genhook(["check", "--data", join(folder.path, "nothing")])).code).toBe(3);
});

test("both ways to learn of orders are compared: webhooks tell of every change, and the summary says so", async () => {
  const plot = join(folder.path, "plot.svg");
  const args = ["demo", "--compare", "--port", "0", "--rate", "10", "--duration", "3s", "--seed", "7", "--plot", plot];
  const demo = new ServerProcess([...args, "--data", join(folder.path, "compared"), "--json"], { HOME: folder.path });
  expect((await demo.exited).code).toBe(0);
  const summary = JSON.parse(/^\{"seed".*\}$/m.exec(demo.output)?.[0] ?? "") as { changes: number };
  expect(summary).toMatchObject({
    seed: 7,
    webhooks: { ordersNotSeen: 0, changesMissed: 0, changesNotYetSeen: 0, calls: 3 },
    polling: { ordersNotSeen: 0 },
  });
  expect(summary.changes).toBeGreaterThan(25);
  expect(readFileSync(plot, "utf8")).toContain("<svg");
});

test("a server says where it listens beside its data while it runs", async () => {
  expect(existsSync(join(data, "listening-on"))).toBe(true);
  const other = join(folder.path, "other");
  mkdirSync(other);
  const second = new ServerProcess(["serve", "--port", "0", "--data", other]);
  await second.listening();
  expect(existsSync(join(other, "listening-on"))).toBe(true);
  second.kill("SIGTERM");
  await second.exited;
  expect(existsSync(join(other, "listening-on"))).toBe(false);
});
