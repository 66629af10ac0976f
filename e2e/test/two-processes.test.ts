import { FaultProxy, openTestDatabases, type TestDatabases } from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { after, ClusterScene, type ClusterNode, type Installed } from "../src/cluster-scene.ts";
import { startOrderedEndpoint, type OrderedEndpoint } from "../src/order.ts";
import { call, publish, settled } from "../src/server-process.ts";

const HOUR_MS = 3_600_000;
/** How often a process looks by itself whether there are new numbers for those who wait. */
const LOOK_EVERY_MS = 5_000;
const ROUNDS = 6;
const WAITING = 10;

let databases: TestDatabases;
let scene: ClusterScene;
let ordered: OrderedEndpoint;
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  scene = await ClusterScene.open(databases);
  ordered = await startOrderedEndpoint();
});
afterEach(async () => {
  await scene.close();
  for (const proxy of proxies.splice(0)) await proxy.close();
  await ordered.close();
});

interface Page {
  readonly events: readonly { readonly id: string; readonly sequence: number }[];
}

function waitFor(node: ClusterNode, { token }: Installed, webhook: number, number: number): Promise<Page> {
  return call<Page>(node.origin, "GET", `/api/202412/app/webhooks/${webhook}/events?after=${number}&wait=60s`, undefined, token);
}

/** Resolves once so many calls wait at a process. */
async function waitingAt({ origin }: ClusterNode, count: number): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${origin}/metrics`)).text();
    if (Number(/^genhook_catch_up_waiting (\d+)$/m.exec(text)?.[1]) === count) return;
  }
}

test("a call that waits at one process is answered when another one numbers an event: told, not found by looking", async () => {
  const [a, b] = [await scene.start(), await scene.start()];
  await scene.shared(a, b);
  const app = await scene.install(a.origin);
  const endpoint = await scene.endpoint();
  const webhook = await scene.subscribe(a.origin, app, await scene.pathOwnedBy(b, app, endpoint.url), { sequence: true });
  let spentMs = 0;
  for (let n = 1; n <= ROUNDS; n += 1) {
    const page = waitFor(a, app, webhook, n - 1);
    await waitingAt(a, 1);
    const startedAt = performance.now();
    const id = await publish(n % 2 === 0 ? a.origin : b.origin, n);
    expect((await page).events).toEqual([expect.objectContaining({ id, sequence: n })]);
    spentMs += performance.now() - startedAt;
  }
  // Each look begins with the first that waits: without being told, every round would have taken all of it.
  expect(spentMs).toBeLessThan((ROUNDS * LOOK_EVERY_MS) / 2);
});

test("calls that wait cost one look together every few seconds, not a query a second each; what no hint tells of is found by it", async () => {
  const proxy = await FaultProxy.start(Number(new URL(scene.database).port));
  proxies.push(proxy);
  // Hints arrive where A listens, so it looks seldom; B tells nobody.
  const [a, b] = [
    await scene.start([], { database: proxy.through(scene.database) }),
    await scene.start(["--hints-database", await databases.create()]),
  ];
  await scene.shared(a, b);
  const app = await scene.install(a.origin);
  const webhook = await scene.subscribe(a.origin, app, await scene.pathOwnedBy(b, app, (await scene.endpoint()).url), { sequence: true });
  const queries = proxy.countRequests("FROM sequence");
  const pages = Array.from({ length: WAITING }, () => waitFor(a, app, webhook, 0));
  await waitingAt(a, WAITING);
  const startedAt = performance.now();
  while (performance.now() - startedAt < 2.5 * LOOK_EVERY_MS) await after(100);
  // Each read its first page.
  const looks = queries() - WAITING;
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThanOrEqual((performance.now() - startedAt) / LOOK_EVERY_MS + 1);
  const id = await publish(b.origin, 1);
  for (const page of await Promise.all(pages)) expect(page.events).toEqual([expect.objectContaining({ id, sequence: 1 })]);
});

test("events of one key that are published at two processes in turn, one two hours before the other by their clocks, arrive in the order of their answers", async () => {
  const flags = ["--retry-waits", "100ms,1s"];
  const [fast, slow] = [await scene.start(flags, { clockOffMs: HOUR_MS }), await scene.start(flags, { clockOffMs: -HOUR_MS })];
  await scene.shared(fast, slow);
  const app = await scene.install(fast.origin);
  for (const owner of [fast, slow]) {
    const path = await scene.pathOwnedBy(owner, app, ordered.url);
    await scene.subscribe(fast.origin, app, path, { ordered: true });
  }
  const keys = ["first", "second", "third"];
  await Promise.all(
    keys.map(async (key, index) => {
      for (let n = 0; n < 40; n += 1) {
        const { origin } = (n + index) % 2 === 0 ? fast : slow;
        expect(await publish(origin, n * keys.length + index, key)).not.toBeNull();
      }
    }),
  );
  await settled(fast.origin);
  expect(ordered.disordered).toEqual([]);
  expect(ordered.refusedCount()).toBeGreaterThan(0);
  expect(new Set(ordered.received.map(({ headers }) => headers["webhook-id"])).size).toBe(2 * 40 * keys.length);
});

test("a token of /apps/v1 that one process gave is good at another at once, and at none once the other has ended it or its secret", async () => {
  const [a, b] = [await scene.start(), await scene.start()];
  const { clientId } = await scene.install(a.origin);
  const clientSecret = await replaceSecret(a.origin, clientId);
  const signIn = async (): Promise<string> => {
    return (await call<{ token: { token: string } }>(a.origin, "POST", "/apps/v1/token", { clientId, clientSecret })).token.token;
  };
  const [ended, outlived] = [await signIn(), await signIn()];
  for (const token of [ended, outlived]) {
    for (const { origin } of [b, a]) expect(await ask(origin, token)).toMatchObject({ status: 200, code: undefined });
  }
  expect((await ask(b.origin, ended, "DELETE", "/apps/v1/token")).status).toBe(200);
  // No process remembers a token: what was ended at one is over at the other with its next call, not within a time.
  expect(await ask(a.origin, ended)).toMatchObject({ status: 401, code: "token_invalid" });
  expect(await ask(b.origin, outlived)).toMatchObject({ status: 200 });
  await replaceSecret(b.origin, clientId);
  expect(await ask(a.origin, outlived)).toMatchObject({ status: 401, code: "token_invalid" });
});

/** Replaces the client secret of an app, and ends the one before. */
async function replaceSecret(origin: string, clientId: string): Promise<string> {
  const path = `/platform/v1/apps/${clientId}/secrets`;
  const { secret } = await call<{ secret: { secret: string } }>(origin, "POST", path, { kind: "client", step: "stage" });
  for (const step of ["use", "revoke"]) await call(origin, "POST", path, { kind: "client", step });
  return secret.secret;
}

async function ask(
  origin: string,
  token: string,
  method = "GET",
  path = "/apps/v1/app",
): Promise<{ readonly status: number; readonly code: string | undefined }> {
  const response = await fetch(origin + path, { method, headers: { Authorization: `Bearer ${token}` } });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}
