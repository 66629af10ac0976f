import { createHmac } from "node:crypto";
import type { Endpoint } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();
let app: Installed;
let older: Installed;
let count = 0;

beforeAll(async () => {
  await h.start();
  app = await h.install();
  older = await h.installOn(SHOP, { name: "An older app", apiVersion: "202410" });
});
afterAll(() => h.stop());

const WEBHOOKS = "/api/202412/app/webhooks";

async function subscribe(installed: Installed, topic: string, settings: object, endpoint: Endpoint): Promise<number> {
  count += 1;
  const address = `${endpoint.url}/${count}`;
  const answer = await h.call("POST", WEBHOOKS, { webhook: { topic, address, ...settings } }, { token: installed.token });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.webhook.id as number;
}

async function publish(topic: string, payload: string, more: object = {}): Promise<{ id: string; deliveries: number }> {
  const raw = `{"shop":"${SHOP}","topic":"${topic}","payload":${payload},${JSON.stringify(more).slice(1)}`.replace(/,\}$/, "}");
  const answer = await h.call("POST", "/platform/v1/events", undefined, { raw });
  expect(answer.status, answer.text).toBe(202);
  return answer.body.event as { id: string; deliveries: number };
}

const ORDER =
  '{ "order" : {"id":"300157930096874","origin":300157930096874123, "totalPrice": "409.90","note":"caf\\u00e9","closedTime":null,"paymentGatewayNames":["PayPal"],"lineItems":[{"sku":"P1","price":1.10},{"sku":"P2"}]}}';

test("filter, fields and changed are set, shown, changed and removed; null on making one is as if it were not there", async () => {
  const settings = { filter: "order.totalPrice > 100", fields: ["order.id", "order.lineItems[*].sku"], changed: ["order.note"] };
  const body = { webhook: { topic: "orders/paid", address: "https://app.example.com/a", ...settings } };
  const made = await h.call("POST", WEBHOOKS, body, { token: app.token });
  expect([made.status, made.body.webhook]).toEqual([201, expect.objectContaining(settings)]);
  const path = `${WEBHOOKS}/${String(made.body.webhook.id)}`;
  const put = (webhook: object): Promise<Answer> => h.call("PUT", path, { webhook }, { token: app.token });
  expect((await put({ filter: null, fields: ["order.note"] })).body.webhook).toMatchObject({
    fields: ["order.note"],
    changed: ["order.note"],
  });
  const shown = (await h.call("GET", path, undefined, { token: app.token })).body.webhook as object;
  expect("filter" in shown).toBe(false);
  const removed = (await put({ fields: null, changed: null })).body.webhook as object;
  expect(["filter", "fields", "changed"].filter((name) => name in removed)).toEqual([]);
  const none = { webhook: { topic: "orders/paid", address: "https://app.example.com/b", filter: null, fields: null, changed: null } };
  expect((await h.call("POST", WEBHOOKS, none, { token: app.token })).status).toBe(201);
});

test.each([
  [{ filter: "order.id == 1" }, "invalid_filter", "webhook.filter", 10],
  [{ filter: "" }, "invalid_filter", "webhook.filter", 1],
  [{ filter: "product.id = 1" }, "invalid_filter", "webhook.filter", 1],
  [{ filter: "x".repeat(2_001) }, "invalid_filter", "webhook.filter", 2_001],
  [{ filter: 5 }, "invalid_member", "webhook.filter", undefined],
  [{ fields: [] }, "invalid_member", "webhook.fields", undefined],
  [{ fields: ["order.id", "order..x"] }, "invalid_filter", "webhook.fields[1]", 7],
  [{ fields: ["order.lineItems[0].sku"] }, "invalid_filter", "webhook.fields[0]", undefined],
  [{ fields: [5] }, "invalid_member", "webhook.fields[0]", undefined],
  [{ changed: ["note"] }, "invalid_filter", "webhook.changed[0]", 1],
  [{ changed: "order.note" }, "invalid_member", "webhook.changed", undefined],
  [{ changed: Array.from({ length: 101 }, () => "order.note") }, "invalid_member", "webhook.changed", undefined],
])("%j is refused as %s of %s", async (settings, code, member, column) => {
  const answer = await h.call(
    "POST",
    WEBHOOKS,
    { webhook: { topic: "orders/create", address: "https://app.example.com/x", ...settings } },
    { token: app.token },
  );
  expect([answer.status, answer.body.code, answer.body.member, answer.body.column], answer.text).toEqual([422, code, member, column]);
  if (column !== undefined) expect(answer.body.error).toContain(`column ${column}: `);
});

test("a changed topic must fit the filter that stays", async () => {
  const made = await h.call(
    "POST",
    WEBHOOKS,
    { webhook: { topic: "orders/create", address: "https://app.example.com/t", filter: "order.id = 1" } },
    { token: app.token },
  );
  const path = `${WEBHOOKS}/${String(made.body.webhook.id)}`;
  const put = (webhook: object): Promise<Answer> => h.call("PUT", path, { webhook }, { token: app.token });
  expect((await put({ topic: "products/update" })).body).toMatchObject({ code: "invalid_filter", member: "webhook.filter" });
  expect((await put({ topic: "products/update", filter: "product.id = 1" })).status).toBe(200);
});

test("only what matches is owed, exact to the last digit of an id; what is sent is cut from the bytes and signed as cut", async () => {
  const endpoint = await h.endpoint();
  const topic = "orders/fulfilled";
  await subscribe(
    app,
    topic,
    { filter: "order.origin = 300157930096874123", fields: ["order.lineItems[*].price", "order.note", "order.origin"] },
    endpoint,
  );
  await subscribe(app, topic, { filter: "order.origin = 300157930096874124" }, endpoint);
  expect((await publish(topic, ORDER)).deliveries).toBe(1);
  await endpoint.waitFor(1);
  const [arrived] = endpoint.received;
  expect(arrived?.body.toString()).toBe('{"order":{"origin":300157930096874123,"note":"caf\\u00e9","lineItems":[{"price":1.10},{}]}}');
  const hmac = createHmac("sha256", app.clientSecret)
    .update(arrived?.body ?? "")
    .digest("base64");
  expect(arrived?.headers["x-genstore-hmac-sha256"]).toBe(hmac);
});

test("an app gets its version; filter and fields speak of what it gets; the header says which version that is", async () => {
  const endpoint = await h.endpoint();
  const topic = "orders/update";
  const current = await subscribe(app, topic, {}, endpoint);
  const whole = await subscribe(older, topic, { filter: "order.orderId = 300157930096874" }, endpoint);
  const part = await subscribe(older, topic, { fields: ["order.orderId", "order.paymentGatewayNames"] }, endpoint);
  await subscribe(older, topic, { filter: "exists order.id" }, endpoint);
  const event = await publish(topic, ORDER);
  expect(event.deliveries).toBe(3);
  await endpoint.waitFor(3);
  const bodies = Object.fromEntries(
    endpoint.received.map(({ headers, body }) => [headers["x-genstore-webhook-id"], [headers["x-genstore-api-version"], body.toString()]]),
  );
  expect(bodies).toEqual({
    [current]: ["202412", ORDER],
    [whole]: [
      "202410",
      '{"order":{"orderId":"300157930096874","origin":300157930096874123,"totalPrice":"409.90","note":"caf\\u00e9","closedAt":null,"paymentGatewayNames":"[\\"PayPal\\"]","lineItems":[{"sku":"P1","price":1.10},{"sku":"P2"}]}}',
    ],
    [part]: ["202410", '{"order":{"orderId":"300157930096874","paymentGatewayNames":"[\\"PayPal\\"]"}}'],
  });
  const sent = endpoint.received.find(({ headers }) => headers["x-genstore-webhook-id"] === String(part));
  const delivery = `/platform/v1/deliveries/${sent?.headers["webhook-id"] ?? ""}`;
  const shown = await h.until(delivery, ({ body }) => body.delivery.attempts.length === 1);
  expect(shown.body.delivery.attempts[0].requestHeaders).toMatchObject({
    "X-Genstore-API-Version": "202410",
    "X-Genstore-Hmac-Sha256": sent?.headers["x-genstore-hmac-sha256"],
  });
});

test("a replay sends what the webhook asks for now, under the same id, whatever its filter says now", async () => {
  const endpoint = await h.endpoint();
  const topic = "orders/partiallyFulfilled";
  const id = await subscribe(app, topic, { fields: ["order.id"] }, endpoint);
  await publish(topic, ORDER);
  await endpoint.waitFor(1);
  const delivery = endpoint.received[0]?.headers["webhook-id"] ?? "";
  await h.until(`/platform/v1/deliveries/${delivery}`, ({ body }) => body.delivery.state === "delivered");
  await h.call("PUT", `${WEBHOOKS}/${id}`, { webhook: { fields: ["order.note"], filter: "order.id = 1" } }, { token: app.token });
  expect((await h.call("POST", `/platform/v1/deliveries/${delivery}/replay`)).status).toBe(202);
  await endpoint.waitFor(2);
  expect(endpoint.received.map(({ headers, body }) => [headers["webhook-id"], body.toString()])).toEqual([
    [delivery, '{"order":{"id":"300157930096874"}}'],
    [delivery, '{"order":{"note":"caf\\u00e9"}}'],
  ]);
});

test("changed: what is named or what lies above or below it is delivered, and an event that does not say is too", async () => {
  const endpoint = await h.endpoint();
  const topic = "products/update";
  const product = '{"product":{"productId":"1","title":"Shirt"}}';
  await subscribe(app, topic, { changed: ["product.title", "product.variants[*].price"] }, endpoint);
  const owed = async (changed?: readonly string[]): Promise<number> =>
    (await publish(topic, product, changed === undefined ? {} : { changed })).deliveries;
  expect(await owed()).toBe(1);
  expect(await owed([])).toBe(0);
  expect(await owed(["product.title"])).toBe(1);
  expect(await owed(["product"])).toBe(1);
  expect(await owed(["product.variants[4].price"])).toBe(1);
  expect(await owed(["product.variants[4].sku", "product.tags"])).toBe(0);
  const refused = await h.publish(topic, JSON.parse(product), { changed: ["product.title", "title"] });
  expect([refused.status, refused.body.code, refused.body.member]).toEqual([422, "invalid_filter", "changed[1]"]);
});

test("what a paused webhook does not select is not held for it", async () => {
  const endpoint = await h.endpoint();
  const id = await subscribe(app, "orders/cancelled", { filter: "order.id = 2" }, endpoint);
  await h.call("POST", `${WEBHOOKS}/${id}/pause`, undefined, { token: app.token });
  expect([
    (await publish("orders/cancelled", '{"order":{"id":1}}')).deliveries,
    (await publish("orders/cancelled", '{"order":{"id":2}}')).deliveries,
  ]).toEqual([0, 1]);
});

test("the tester says what a webhook would be sent, in bytes, for operators and for apps", async () => {
  const asOperator = (body: object): Promise<Answer> => h.call("POST", "/platform/v1/filters/test", body);
  const asApp = (body: object, installed = older): Promise<Answer> =>
    h.call("POST", "/api/202412/app/filters/test", body, { token: installed.token });
  const raw = await h.call("POST", "/platform/v1/filters/test", undefined, {
    raw: `{"filter":"order.origin = 300157930096874123","fields":["order.origin","order.note"],"payload":${ORDER}}`,
  });
  expect(raw.text).toBe(
    '{"test":{"matches":true,"reason":"matched","detail":null,"apiVersion":"202412","payload":{"order":{"origin":300157930096874123,"note":"caf\\u00e9"}}}}',
  );
  const missed = await asOperator({ filter: "order.totalPrice > 500 and exists order.id", topic: "orders/create" });
  expect(missed.body.test).toEqual({
    matches: false,
    reason: "filter_not_matched",
    detail: 'order.totalPrice > 500 does not hold: it is "409.94"',
    apiVersion: "202412",
    payload: null,
  });
  const changed = await asOperator({ topic: "orders/create", changed: ["order.note"], eventChanged: ["order.tags"] });
  expect(changed.body.test).toMatchObject({ matches: false, reason: "not_changed", detail: "changed was only order.tags" });
  expect((await asOperator({ topic: "orders/create", apiVersion: "202410", fields: ["order.orderId"] })).body.test).toMatchObject({
    apiVersion: "202410",
    payload: { order: { orderId: "300157930096874" } },
  });
  expect((await asApp({ topic: "orders/create", fields: ["order.orderId"] })).body.test.payload).toEqual({
    order: { orderId: "300157930096874" },
  });
  expect((await asApp({ topic: "orders/create", fields: ["order.id"] }, app)).body.test.payload).toEqual({
    order: { id: "300157930096874" },
  });
  for (const [body, code, member, column] of [
    [{ filter: "order.id >", topic: "orders/create" }, "invalid_filter", "filter", 11],
    [{ filter: "a = 1" }, "missing_member", "payload", undefined],
    [{ topic: "no/topic" }, "unknown_topic", "topic", undefined],
    [{ payload: [1] }, "invalid_member", "payload", undefined],
    [{ payload: {}, fields: ["a[0]"] }, "invalid_filter", "fields[0]", undefined],
    [{ payload: {}, eventChanged: ["a..b"] }, "invalid_filter", "eventChanged[0]", 3],
    [{ payload: {}, more: 1 }, "unknown_member", "more", undefined],
  ] as const) {
    const answer = await asOperator(body);
    expect([answer.status, answer.body.code, answer.body.member, answer.body.column], JSON.stringify(body)).toEqual([
      422,
      code,
      member,
      column,
    ]);
  }
  expect((await asApp({ payload: {}, apiVersion: "202412" })).body.code).toBe("unknown_member");
  expect((await h.call("POST", "/api/202412/app/filters/test", { payload: {} }, { token: "nobody" })).status).toBe(401);
});

test("why: every webhook with the topic on the shop, with the reason of then; one app's alone; gone and unknown are told apart", async () => {
  const endpoint = await h.endpoint();
  const topic = "collections/update";
  const all = await h.installOn(SHOP, { name: "Collections" }, ["read_products", "read_collections", "write_apps"]);
  const owed = await subscribe(all, topic, {}, endpoint);
  const missed = await subscribe(all, topic, { filter: "collection.published = true" }, endpoint);
  const event = await publish(topic, '{"collection":{"collectionId":"7","published":"false"}}');
  await h.call("PUT", `${WEBHOOKS}/${missed}`, { webhook: { filter: null } }, { token: all.token });
  const late = await subscribe(all, topic, {}, endpoint);
  const path = `/platform/v1/events/${event.id}/decisions`;
  const answer = await h.call("GET", path);
  const row = (webhookId: number, more: object): object => ({
    webhookId,
    clientId: all.clientId,
    address: expect.any(String) as string,
    detail: null,
    deliveryId: null,
    ...more,
  });
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      decisions: [
        row(owed, { decision: "owed", reason: "matched", deliveryId: `dlv_${event.id.replaceAll("-", "")}_${owed}` }),
        row(missed, {
          decision: "not_owed",
          reason: "filter_not_matched",
          detail: 'collection.published = true does not hold: it is "false"',
        }),
        row(late, { decision: "not_owed", reason: "subscribed_later" }),
      ],
    },
  ]);
  expect((await h.call("GET", `${path}?clientId=${all.clientId}`)).body).toEqual(answer.body);
  expect((await h.call("GET", `${path}?clientId=${app.clientId}`)).body).toEqual({ decisions: [] });
  const code = async (more: string, id: string = event.id): Promise<unknown> => {
    const { status, body } = await h.call("GET", `/platform/v1/events/${id}/decisions${more}`);
    return [status, body.code];
  };
  expect(await code(`?clientId=${"0".repeat(32)}`)).toEqual([422, "unknown_app"]);
  expect(await code("?webhookId=1")).toEqual([422, "unknown_member"]);
  expect(await code("", "0193f0a0-b1c2-7000-8000-00000000abcd")).toEqual([410, "history_gone"]);
  expect(await code("", `${event.id.slice(0, -4)}0000`)).toEqual([404, "not_found"]);
  expect(await code("", "nothing")).toEqual([404, "not_found"]);
});
