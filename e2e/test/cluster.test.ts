import { startEndpoint, openTestDatabases, withClient, type Endpoint, type TestDatabases } from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { call, publish, ServerProcess, setUp, SHOP } from "../src/server-process.ts";

const SEALING_KEY = "11".repeat(32);

let databases: TestDatabases;
let database = "";
let nodes: ServerProcess[] = [];
let endpoints: Endpoint[] = [];

beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  database = await databases.create();
  nodes = [];
  endpoints = [];
});
afterEach(async () => {
  for (const node of nodes) node.kill("SIGKILL");
  await Promise.all(nodes.map((node) => node.exited));
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

function start(flags: readonly string[] = [], environment: Readonly<Record<string, string | undefined>> = {}): ServerProcess {
  const args = ["serve", "--port", "0", "--database", database, "--allow-private-addresses", "--log-level", "error", ...flags];
  const node = new ServerProcess(args, { GENHOOK_SEALING_KEY: SEALING_KEY, ...environment });
  nodes.push(node);
  return node;
}

async function endpoint(...options: Parameters<typeof startEndpoint>): Promise<Endpoint> {
  const made = await startEndpoint(...options);
  endpoints.push(made);
  return made;
}

const eventIds = (receiver: Endpoint): (string | undefined)[] => receiver.received.map((each) => each.headers["x-genstore-event-id"]);

async function publishAll(origins: readonly string[], from: number, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, (_, n) => publish(origins[n % origins.length] ?? "", from + n)));
  return ids.filter((id) => id !== null);
}

/** Who owns how many shards, by the database itself. */
function owners(): Promise<readonly number[]> {
  return withClient(database, async (client) => {
    const { rows } = await client.query<{ n: string }>(
      "SELECT count(*) AS n FROM shard_lease WHERE owner IS NOT NULL GROUP BY owner ORDER BY 1",
    );
    return rows.map((row) => Number(row.n));
  });
}

async function until<Value>(read: () => Promise<Value>, fits: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

test("one process on PostgreSQL publishes, delivers, is killed, and comes back to what it owed", async () => {
  const receiver = await endpoint({ answer: (_, count) => (count === 1 ? 500 : 200) });
  const first = start(["--retry-waits", "1s"]);
  const origin = await first.listening();
  await setUp(origin, [receiver.url]);
  const id = await publish(origin, 1);
  await receiver.waitFor(1);
  first.kill("SIGKILL");
  await first.exited;
  const second = start(["--retry-waits", "1s"]);
  await second.listening();
  await receiver.waitFor(2);
  expect(new Set(eventIds(receiver))).toEqual(new Set([id]));
});

test("what is published at one process is delivered by the owner, wherever it is: once", async () => {
  const receivers = [await endpoint(), await endpoint(), await endpoint(), await endpoint()];
  const [a, b] = [start(), start()];
  const origins = [await a.listening(), await b.listening()];
  await setUp(
    origins[0] ?? "",
    receivers.map((each) => each.url),
  );
  await until(owners, (counts) => counts.length === 2 && counts[0] !== undefined && counts[0] > 40);
  const ids = await publishAll(origins, 0, 200);
  expect(ids).toHaveLength(200);
  for (const receiver of receivers) {
    await receiver.waitFor(200);
    expect(new Set(eventIds(receiver))).toEqual(new Set(ids));
    expect(receiver.received).toHaveLength(200);
  }
});

test("what one process has answered is known to the next call at another: behind a balancer there is one Genhook", async () => {
  const [a, b] = [start(), start()];
  const origins = [await a.listening(), await b.listening()];
  for (let n = 0; n < 12; n += 1) {
    const [here, there] = n % 2 === 0 ? origins : origins.toReversed();
    const domain = `shop-${n}.genmystore.com`;
    await call(here ?? "", "POST", "/platform/v1/shops", { domain });
    const { app } = await call<{ app: { clientId: string } }>(there ?? "", "POST", "/platform/v1/apps", { name: "app" });
    const body = { clientId: app.clientId, shop: domain, scopes: ["read_orders", "write_apps"] };
    const { installation } = await call<{ installation: { accessToken: string } }>(here ?? "", "POST", "/platform/v1/installations", body);
    const webhook = { topic: "orders/create", address: `https://app-${n}.example.com/hooks` };
    await call(there ?? "", "POST", "/api/202412/app/webhooks", { webhook }, installation.accessToken);
    const event = { shop: domain, topic: "orders/create", payload: { order: { id: n + 1 } } };
    expect(await call(here ?? "", "POST", "/platform/v1/events", event)).toMatchObject({ event: { deliveries: 1 } });
  }
});

test("a process that stops hands its shards over at once; one that is killed is replaced within its lease", async () => {
  const receivers = [await endpoint(), await endpoint(), await endpoint(), await endpoint()];
  const [a, b, c] = [start(), start(), start()];
  const origins = [await a.listening(), await b.listening(), await c.listening()];
  await setUp(
    origins[0] ?? "",
    receivers.map((each) => each.url),
  );
  await until(owners, (counts) => counts.length === 3);
  const before = await publishAll(origins, 0, 60);
  a.kill("SIGTERM");
  expect(await a.exited).toEqual({ code: 0, signal: null });
  const after = await publishAll(origins.slice(1), 100, 60);
  b.kill("SIGKILL");
  await b.exited;
  const last = await publishAll(origins.slice(2), 200, 60);
  expect([before.length, after.length, last.length]).toEqual([60, 60, 60]);
  const accepted = new Set([...before, ...after, ...last]);
  for (const receiver of receivers) {
    await until(
      () => Promise.resolve(new Set(eventIds(receiver)).size),
      (size) => size === accepted.size,
    );
    expect(new Set(eventIds(receiver))).toEqual(accepted);
  }
  expect(await owners()).toEqual([256]);
});

test("the bucket of an app is one, whichever process is called: of 60 calls at least 15 are told to wait", async () => {
  const [a, b] = [start(), start()];
  const origins = [await a.listening(), await b.listening()];
  const origin = origins[0] ?? "";
  await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, {});
  const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", { name: "app" });
  const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", {
    clientId: app.clientId,
    shop: SHOP,
    scopes: ["write_apps"],
  });
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const headers = { "X-Genstore-Access-Token": installation.accessToken };
      return (await fetch(`${origins[n % 2]}/api/202412/app/webhooks/count`, { headers })).status;
    }),
  );
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(15);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(40);
});

test("roles: one answers calls and sends nothing, one sends and answers no calls", async () => {
  const receiver = await endpoint();
  const api = start(["--role", "api"]);
  const origin = await api.listening();
  await setUp(origin, [receiver.url]);
  const id = await publish(origin, 1);
  expect(id).not.toBeNull();
  expect(await owners()).toEqual([]);
  expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  expect(receiver.received).toHaveLength(0);
  const deliver = start(["--role", "deliver"]);
  const other = await deliver.listening();
  await receiver.waitFor(1);
  expect(eventIds(receiver)).toEqual([id]);
  expect((await fetch(`${other}/healthz`)).status).toBe(200);
  expect((await fetch(`${other}/platform/v1/events`, { method: "POST" })).status).toBe(404);
});

test("a hold made at one process binds the one that sends; endpoints are shown and probed from elsewhere", async () => {
  interface Shown {
    readonly endpoint: {
      readonly id: string;
      readonly breaker: string;
      readonly nextProbeAt: string;
      readonly backlog: { readonly pending: number };
    };
  }
  let status = 200;
  const receiver = await endpoint({ answer: () => status });
  const origin = await start(["--role", "api"]).listening();
  await start(["--role", "deliver", "--retry-waits", "30s"]).listening();
  await setUp(origin, [`${receiver.url}/hooks`]);
  await publishAll([origin], 0, 5);
  await receiver.waitFor(5);
  const { endpoints: listed } = await call<{ endpoints: { id: string }[] }>(origin, "GET", "/platform/v1/endpoints");
  const path = `/platform/v1/endpoints/${listed[0]?.id}`;
  const shown = (): Promise<Shown> => call<Shown>(origin, "GET", path);

  const { hold } = await call<{ hold: { id: string } }>(origin, "POST", "/platform/v1/holds", { scope: "all", reason: "an incident" });
  const heldAt = performance.now();
  const held: string[] = [];
  while (performance.now() < heldAt + 3_000) held.push(...(await publishAll([origin], 100 + held.length, 5)));
  expect(receiver.received.filter((each) => each.at > heldAt + 2_000)).toEqual([]);
  const received = receiver.received.length;
  await call(origin, "DELETE", `/platform/v1/holds/${hold.id}`);
  await receiver.waitFor(received + held.length - (received - 5));
  expect(new Set(eventIds(receiver).slice(5))).toEqual(new Set(held));

  status = 503;
  await publishAll([origin], 10_000, 12);
  const open = await until(shown, ({ endpoint: each }) => each.breaker === "open");
  status = 200;
  await publishAll([origin], 20_000, 3);
  const before = receiver.received.length;
  await call(origin, "POST", `${path}/probe`);
  await receiver.waitFor(before + 1);
  expect(performance.timeOrigin + (receiver.received[before]?.at ?? 0)).toBeLessThan(Date.parse(open.endpoint.nextProbeAt));
  await receiver.waitFor(before + 3);
  await until(shown, ({ endpoint: each }) => each.breaker === "closed");
});

test("processes that start at once on an empty database make one platform key, and one of them prints it", async () => {
  const started = Array.from({ length: 3 }, () => start([], { GENHOOK_PLATFORM_KEY: undefined }));
  const origins = await Promise.all(started.map((node) => node.listening()));
  const printed = started.flatMap((node) => /platform key, shown once: (\S+)/.exec(node.output)?.[1] ?? []);
  expect(printed).toHaveLength(1);
  for (const origin of origins) {
    const answer = await fetch(`${origin}/platform/v1/keys`, { headers: { Authorization: `Bearer ${printed[0]}` } });
    expect(answer.status).toBe(200);
  }
});

test.each([
  ["no sealing key", [], { GENHOOK_SEALING_KEY: undefined }, 2, /sealing key must be given, the same to every process/],
  ["a server that is not there", ["--database", "postgres://u:hush-hush@127.0.0.1:1/x"], {}, 1, /127\.0\.0\.1:1\/x cannot be used/],
  ["a URL that is none", ["--database", "mysql://x"], {}, 2, /--database must be/],
])("a start with %s says what to do, and no password", async (_, flags, environment, exit, expected) => {
  const node = start(flags, environment);
  const { code } = await node.exited;
  expect(code).toBe(exit);
  expect(node.output).toMatch(expected);
  expect(node.output).not.toContain("hush-hush");
});
