import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, type Answer, type Installed } from "../harness.ts";

const h = new Harness();

beforeAll(() => h.start());
afterAll(() => h.stop());

const P = "/platform/v1";
const declare = (clientId: string, webhooks: readonly unknown[]): Promise<Answer> => h.call("PUT", `${P}/apps/${clientId}`, { webhooks });
const followed = (clientId: string): Promise<Answer> =>
  h.until(`${P}/apps/${clientId}`, ({ body }) => body.app.declaration.done === body.app.declaration.installations);
const webhooksOf = async (token: string): Promise<unknown[]> =>
  ((await h.call("GET", "/api/202412/app/webhooks", undefined, { token })).body.webhooks as { topic: string; address: string }[]).map(
    ({ topic, address }) => [topic, address],
  );

test("a changed declaration reaches an installation: held deliveries go to the new address, those of what is gone are cancelled", async () => {
  const endpoint = await h.endpoint();
  const at = (name: string): string => `${endpoint.url}/${name}`;
  const app = await h.install({
    webhooks: [
      { topic: "orders/create", address: at("created") },
      { topic: "orders/paid", address: at("paid") },
    ],
  });
  const own = await h.subscribe(app, "orders/cancelled", at("own"));
  const list = (await h.call("GET", "/api/202412/app/webhooks", undefined, { token: app.token })).body.webhooks as {
    id: number;
    topic: string;
  }[];
  const idOf = (topic: string): number => list.find((each) => each.topic === topic)?.id ?? 0;
  for (const topic of ["orders/create", "orders/paid"]) {
    await h.call("POST", `/api/202412/app/webhooks/${idOf(topic)}/pause`, undefined, { token: app.token });
    await h.publish(topic, ORDER);
  }
  const changed = await declare(app.clientId, [
    { topic: "orders/create", address: at("moved") },
    { topic: "products/create", address: at("products") },
  ]);
  expect(changed.body.app.declaration).toMatchObject({ version: 2, installations: 1 });
  await followed(app.clientId);
  expect(await webhooksOf(app.token)).toEqual([
    ["orders/create", at("moved")],
    ["orders/cancelled", at("own")],
    ["products/create", at("products")],
  ]);
  await h.call("POST", `/api/202412/app/webhooks/${idOf("orders/create")}/resume`, undefined, { token: app.token });
  await endpoint.waitFor(1);
  expect(endpoint.received.map(({ path }) => path)).toEqual(["/moved"]);
  const cancelled = await h.until(
    `${P}/deliveries?state=cancelled&webhookId=${idOf("orders/paid")}`,
    ({ body }) => body.deliveries.length === 1,
  );
  expect(cancelled.body.deliveries[0]).toMatchObject({ reason: "unsubscribed", topic: "orders/paid" });

  // What the app has changed itself is its own from then on.
  await h.call("PUT", `/api/202412/app/webhooks/${idOf("orders/create")}`, { webhook: { address: at("mine") } }, { token: app.token });
  await declare(app.clientId, []);
  await followed(app.clientId);
  expect(await webhooksOf(app.token)).toEqual([
    ["orders/create", at("mine")],
    ["orders/cancelled", at("own")],
  ]);
  expect(own).toBeGreaterThan(0);
  const steps = await h.call("GET", `${P}/audit?actor=genhook&subject=${encodeURIComponent(`app ${app.clientId}`)}`);
  expect((steps.body.records as { after: unknown }[]).map(({ after }) => after)).toEqual([
    { version: 3, installations: 1, made: 0, moved: 0, changed: 0, ended: 1 },
    { version: 2, installations: 1, made: 1, moved: 1, changed: 0, ended: 1 },
  ]);
});

test("stopped in the middle and started again, it reaches every installation, each once, and its progress can be watched", async () => {
  const app = await h.install();
  const installed: Installed[] = [app];
  const shops = Array.from({ length: 129 }, (_, index) => `many-${index}.genmystore.com`);
  for (const shop of shops) {
    await h.call("PUT", `${P}/shops/${shop}`, {});
    const put = await h.call("PUT", `${P}/installations/${app.clientId}/${shop}`, { scopes: ["read_orders", "write_apps"] });
    installed.push({ ...app, shop, token: put.body.installation.accessToken as string });
  }
  const first = await declare(app.clientId, [{ topic: "orders/create", address: "https://app.example.com/v2" }]);
  expect(first.body.app.declaration).toMatchObject({ version: 2, installations: 130, done: 0 });
  await h.restart();
  const between = (await h.call("GET", `${P}/apps/${app.clientId}`)).body.app.declaration as { done: number };
  expect(between.done).toBeLessThanOrEqual(130);
  await declare(app.clientId, [{ topic: "orders/create", address: "https://app.example.com/v3" }]);
  const done = await followed(app.clientId);
  expect(done.body.app.declaration).toMatchObject({ version: 3, installations: 130, done: 130, missing: 0 });
  for (const each of installed) expect(await webhooksOf(each.token)).toEqual([["orders/create", "https://app.example.com/v3"]]);
});

test("what cannot be made is counted: an address that is refused today", async () => {
  const shop = "strict.genmystore.com";
  const app = await h.install({ webhooks: [{ topic: "orders/create", address: "http://127.0.0.1:1/private" }] }, shop);
  await h.restart({ "allow-private-addresses": false });
  await h.call("DELETE", `${P}/installations/${app.clientId}/${shop}`);
  await h.call("PUT", `${P}/installations/${app.clientId}/${shop}`, { scopes: ["read_orders"] });
  expect((await h.call("GET", `${P}/apps/${app.clientId}`)).body.app.declaration).toMatchObject({ installations: 1, done: 1, missing: 1 });
  await h.restart();
});

test("settings are declared with a webhook: shown, given to each installation, followed when they change, and checked by member", async () => {
  const endpoint = await h.endpoint();
  const address = `${endpoint.url}/declared`;
  const first = { filter: "order.totalPrice > 1", ratePerSecond: 50, ordered: true };
  const app = await h.install({ webhooks: [{ topic: "orders/create", address, ...first }] });
  const declared = async (): Promise<unknown> => (await h.call("GET", `${P}/apps/${app.clientId}`)).body.app.webhooks;
  expect(await declared()).toEqual([{ topic: "orders/create", address, ...first, onDead: "block" }]);
  const own = async (): Promise<Answer["body"]> =>
    (await h.call("GET", "/api/202412/app/webhooks", undefined, { token: app.token })).body.webhooks[0];
  expect(await own()).toMatchObject({ ...first, onDead: "block" });

  await h.call("PUT", `/api/202412/app/webhooks/${(await own()).id}`, { webhook: { filter: "order.id > 1" } }, { token: app.token });
  const changed = await declare(app.clientId, [
    { topic: "orders/create", address, filter: "order.id > 9", ratePerSecond: 5, fields: null },
  ]);
  expect(changed.body.app.declaration).toMatchObject({ version: 2 });
  await followed(app.clientId);
  const after = await own();
  // What the app has set itself stays its own.
  expect(after).toMatchObject({ filter: "order.id > 1", ratePerSecond: 5 });
  expect(after).not.toHaveProperty("ordered");
  expect((await declare(app.clientId, [{ topic: "orders/create", address, filter: "order.id > 9", ratePerSecond: 5 }])).body).toEqual(
    (await h.call("GET", `${P}/apps/${app.clientId}`)).body,
  );
  await h.publish("orders/create", ORDER);
  await endpoint.waitFor(1);

  for (const [settings, code, member] of [
    [{ ratePerSecond: 0 }, "invalid_member", "webhooks[0].ratePerSecond"],
    [{ filter: "order.id >" }, "invalid_filter", "webhooks[0].filter"],
    [{ ordered: true, sequence: true }, "invalid_member", "webhooks[0].ordered"],
    [{ onDead: "skip" }, "invalid_member", "webhooks[0].onDead"],
    [{ mode: "pull" }, "unknown_member", "webhooks[0].mode"],
  ] as const) {
    const refused = await declare(app.clientId, [{ topic: "orders/create", address, ...settings }]);
    expect([refused.status, refused.body.code, refused.body.member]).toEqual([422, code, member]);
  }
  const ofApp = await declare(app.clientId, [{ topic: "app/installed", address, ordered: true }]);
  expect([ofApp.status, ofApp.body.member]).toEqual([422, "webhooks[0].ordered"]);
});
