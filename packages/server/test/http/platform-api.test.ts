import { createHmac } from "node:crypto";
import { verifyHmac, verifySignature } from "@genhook/receiver";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Answer } from "../harness.ts";

const h = new Harness();

beforeAll(() => h.start({ "retry-waits": "50ms,50ms" }));
afterAll(() => h.stop());

const P = "/platform/v1";
let nextId = 0;
const clientId = (): string => (nextId += 1).toString(16).toUpperCase().padStart(32, "A");

test("shops: made, read, changed, listed, ended; a repeated POST conflicts; PUT makes or changes", async () => {
  const domain = "new-shop.genmystore.com";
  const made = await h.call("POST", `${P}/shops`, { domain, shopId: "9007199254740993" });
  expect([made.status, made.body.shop]).toEqual([201, expect.objectContaining({ domain, shopId: "9007199254740993", plan: "none" })]);
  expect((await h.call("POST", `${P}/shops`, { domain })).body).toMatchObject({ code: "already_exists", member: "domain" });
  expect((await h.call("POST", `${P}/shops`, { domain: "x.genmystore.com", shopId: "9007199254740993" })).body.member).toBe("shopId");
  expect((await h.call("PUT", `${P}/shops/${domain}`, { plan: "basic" })).body.shop).toMatchObject({
    plan: "basic",
    shopId: "9007199254740993",
  });
  expect((await h.call("PUT", `${P}/shops/put-shop.genmystore.com`, {})).status).toBe(201);
  expect((await h.call("GET", `${P}/shops/${domain}`)).body.shop.plan).toBe("basic");
  expect((await h.call("GET", `${P}/shops`)).body.shops.length).toBeGreaterThanOrEqual(2);
  expect((await h.call("DELETE", `${P}/shops/${domain}`)).body).toEqual({});
  expect((await h.call("GET", `${P}/shops/${domain}`)).status).toBe(404);
});

test("apps: secrets are shown once; given identities move in; a listed app names its compliance addresses", async () => {
  const given = {
    name: "Moved in",
    clientId: clientId(),
    clientSecret: "a-client-secret-from-before",
    signingSecret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    contact: { email: "dev@example.com" },
  };
  const made = await h.call("POST", `${P}/apps`, given);
  expect(made.status).toBe(201);
  expect(made.body.app).toMatchObject({ ...given, apiVersion: "202412", listed: false });
  const read = await h.call("GET", `${P}/apps/${given.clientId.toLowerCase()}`);
  expect(read.body.app).not.toHaveProperty("clientSecret");
  expect(read.text).not.toContain("whsec_");
  const listed = await h.call("PUT", `${P}/apps/${given.clientId}`, { listed: true });
  expect([listed.status, listed.body.code, listed.body.member]).toEqual([
    422,
    "missing_member",
    "complianceWebhooks.customers/data_request",
  ]);
  expect(
    (await h.call("POST", `${P}/apps`, { name: "x", webhooks: [{ topic: "no/such", address: "https://a.example.com/" }] })).body.member,
  ).toBe("webhooks[0].topic");
  expect((await h.call("POST", `${P}/apps`, { name: "x", webhooks: [{ topic: "orders/create", address: "nowhere" }] })).body).toMatchObject(
    {
      code: "address_malformed",
      member: "webhooks[0].address",
    },
  );
  expect((await h.call("POST", `${P}/apps`, { name: "x", clientId: "short" })).body.member).toBe("clientId");
  expect((await h.call("DELETE", `${P}/apps/${given.clientId}`)).status).toBe(200);
});

test("an installation makes the declared webhooks and says app/installed; scopes change what is covered; uninstall ends it", async () => {
  const endpoint = await h.endpoint();
  const app = await h.install(
    {
      webhooks: [
        { topic: "orders/create", address: `${endpoint.url}/orders` },
        { topic: "products/create", address: `${endpoint.url}/products` },
        { topic: "app/installed", address: `${endpoint.url}/app` },
        { topic: "app/scopesUpdate", address: `${endpoint.url}/app` },
        { topic: "app/uninstalled", address: `${endpoint.url}/app` },
      ],
      complianceWebhooks: { "customers/redact": `${endpoint.url}/redact` },
    },
    SHOP,
    ["read_orders", "write_apps"],
  );
  const webhooks = await h.call("GET", "/api/202412/app/webhooks", undefined, { token: app.token });
  const summary = (webhooks.body.webhooks as { topic: string; status: string; statusReason: string | null }[]).map((each) => [
    each.topic,
    each.status,
    each.statusReason,
  ]);
  expect(summary).toEqual([
    ["orders/create", "active", null],
    ["products/create", "suspended", "scope_lost"],
  ]);
  await endpoint.waitFor(1);
  const path = `${P}/installations/${app.clientId}/${SHOP}`;
  await h.call("PUT", path, { scopes: ["read_products", "write_apps"] });
  await endpoint.waitFor(2);
  expect((await h.publish("orders/create", ORDER)).body.event.deliveries).toBe(0);
  await h.publish("products/create", { product: { productId: 1 } });
  await endpoint.waitFor(3);
  expect((await h.call("DELETE", path)).status).toBe(200);
  await endpoint.waitFor(4);
  expect((await h.publish("products/create", { product: { productId: 1 } })).body.event.deliveries).toBe(0);
  await h.publish("customers/redact", { customerRedact: { shopId: "1", customer: { id: 5 } } });
  await endpoint.waitFor(5);
  expect(endpoint.received.map((each) => each.headers["x-genstore-topic"])).toEqual([
    "app/installed",
    "app/scopesUpdate",
    "products/create",
    "app/uninstalled",
    "customers/redact",
  ]);
  expect(JSON.parse(endpoint.received[1]?.body.toString() ?? "")).toMatchObject({
    authScope: { previous: ["read_orders", "write_apps"], current: ["read_products", "write_apps"] },
  });
});

test("a delivery is signed both ways with the app's secrets", async () => {
  const endpoint = await h.endpoint();
  const app = await h.install();
  await h.subscribe(app, "orders/paid", endpoint.url);
  await h.publish("orders/paid", ORDER);
  await endpoint.waitFor(1);
  const [got] = endpoint.received;
  const body = got?.body ?? Buffer.alloc(0);
  await verifyHmac(body, got?.headers ?? {}, app.clientSecret);
  await verifySignature(body, got?.headers ?? {}, app.signingSecret);
  expect(got?.headers["x-genstore-hmac-sha256"]).toBe(createHmac("sha256", app.clientSecret).update(body).digest("base64"));
});

test("a failing delivery is retried, then dead, listed, shown with its attempts, and replayed", async () => {
  let isUp = false;
  const endpoint = await h.endpoint({ answer: () => (isUp ? 200 : 500) });
  const app = await h.install();
  const webhookId = await h.subscribe(app, "orders/cancelled", endpoint.url);
  const { body } = await h.publish("orders/cancelled", ORDER);
  await endpoint.waitFor(3);
  const dead = await h.until(`${P}/deliveries?state=dead&webhookId=${webhookId}`, (answer) => answer.body.deliveries.length === 1);
  const [delivery] = dead.body.deliveries as { id: string; eventId: string }[];
  expect(delivery).toMatchObject({
    eventId: body.event.id,
    state: "dead",
    reason: "attempts_exhausted",
    attemptCount: 3,
    lastStatus: 500,
    nextAttemptAt: null,
  });
  const path = `${P}/deliveries/${delivery?.id}`;
  const shown = await h.call("GET", path);
  const attempts = shown.body.delivery.attempts as { n: number; requestHeaders: Record<string, string> }[];
  expect(attempts.map((each) => [each.n, each.requestHeaders["X-Genstore-Attempt"]])).toEqual([
    [1, "1"],
    [2, "2"],
    [3, "3"],
  ]);
  expect(attempts[0]?.requestHeaders["webhook-signature"]).toBe(endpoint.received[0]?.headers["webhook-signature"]);
  isUp = true;
  expect((await h.call("POST", `${path}/replay`)).status).toBe(202);
  await h.until(path, (answer) => answer.body.delivery.state === "delivered");
  const stats = await h.call("GET", `${P}/stats?topic=orders/cancelled&step=1h`);
  expect(stats.body.series[0]).toMatchObject({ published: 1, delivered: 1, failed: 3, dead: 1 });
  expect(stats.body.now).toMatchObject({ held: 0 });
});

test("a paused webhook holds: pending is listed, nothing is sent, replay is refused, and resume delivers", async () => {
  const endpoint = await h.endpoint();
  const app = await h.install();
  const id = await h.subscribe(app, "orders/update", endpoint.url);
  await h.call("POST", `/api/202412/app/webhooks/${id}/pause`, undefined, { token: app.token });
  await h.publish("orders/update", ORDER);
  const pending = await h.call("GET", `${P}/deliveries?state=pending&webhookId=${id}`);
  const [delivery] = pending.body.deliveries as { id: string }[];
  expect(delivery).toMatchObject({ state: "pending", attemptCount: 0 });
  expect((await h.call("POST", `${P}/deliveries/${delivery?.id}/replay`)).body.code).toBe("delivery_pending");
  await h.until(`${P}/stats`, (answer) => answer.body.now.held === 1);
  expect((await h.call("GET", `${P}/deliveries?state=pending`)).status).toBe(422);
  expect(endpoint.received).toHaveLength(0);
  await h.call("POST", `/api/202412/app/webhooks/${id}/resume`, undefined, { token: app.token });
  await endpoint.waitFor(1);
});

test("410 ends the delivery and disables the webhook; its other deliveries are cancelled; replay waits for a resume", async () => {
  const endpoint = await h.endpoint({ answer: () => 410 });
  const app = await h.install();
  const id = await h.subscribe(app, "orders/fulfilled", endpoint.url);
  await h.publish("orders/fulfilled", ORDER);
  const path = `/api/202412/app/webhooks/${id}`;
  await h.until(path, (answer) => answer.body.webhook.status === "disabled", { token: app.token });
  expect((await h.publish("orders/fulfilled", ORDER)).body.event.deliveries).toBe(0);
  const dead = await h.until(`${P}/deliveries?state=dead&webhookId=${id}`, (answer) => answer.body.deliveries.length === 1);
  const [delivery] = dead.body.deliveries as { id: string; reason: string }[];
  expect(delivery?.reason).toBe("gone");
  expect((await h.call("POST", `${P}/deliveries/${delivery?.id}/replay`)).body.code).toBe("replay_refused");
  await h.call("POST", `${path}/resume`, undefined, { token: app.token });
  expect((await h.call("POST", `${P}/deliveries/${delivery?.id}/replay`)).status).toBe(202);
});

test("everything that was answered is there after a restart: entries, keys, what is owed", async () => {
  const endpoint = await h.endpoint();
  const app = await h.install();
  const id = await h.subscribe(app, "orders/create", endpoint.url);
  await h.call("POST", `/api/202412/app/webhooks/${id}/pause`, undefined, { token: app.token });
  const { body } = await h.publish("orders/create", ORDER, { idempotencyKey: "before the restart" });
  await h.restart({ "retry-waits": "50ms,50ms" });
  expect((await h.publish("orders/create", ORDER, { idempotencyKey: "before the restart" })).body.event).toMatchObject({
    id: body.event.id,
    duplicate: true,
  });
  await h.call("POST", `/api/202412/app/webhooks/${id}/resume`, undefined, { token: app.token });
  await endpoint.waitFor(1);
  expect(endpoint.received[0]?.headers["x-genstore-event-id"]).toBe(body.event.id);
});

test("every list of the platform API pages both ways, and installations are narrowed by shop and app", async () => {
  const shops = ["page-a", "page-b", "page-c"].map((name) => `${name}.genmystore.com`);
  const app = await h.install({}, shops[0]);
  for (const shop of shops.slice(1)) {
    await h.call("PUT", `${P}/shops/${shop}`, {});
    await h.call("PUT", `${P}/installations/${app.clientId}/${shop}`, { scopes: [] });
  }
  await h.call("POST", `${P}/apps`, { name: "Another" });
  await h.call("POST", `${P}/apps`, { name: "One more" });
  for (const name of ["a", "b"]) await h.call("POST", `${P}/keys`, { name, role: "read" });
  const link = (answer: Answer, rel: string): string | null =>
    new RegExp(`<([^>]+)>; rel="${rel}"`).exec(answer.headers.get("Link") ?? "")?.[1]?.replace(h.origin, "") ?? null;
  for (const [name, filter] of [
    ["shops", ""],
    ["apps", ""],
    ["keys", ""],
    ["installations", `&clientId=${app.clientId}`],
  ] as const) {
    const pages: Answer[] = [];
    for (let path: string | null = `${P}/${name}?limit=1${filter}`; path !== null; path = link(pages.at(-1) as Answer, "next")) {
      pages.push(await h.call("GET", path));
    }
    const whole = (await h.call("GET", `${P}/${name}?limit=250${filter}`)).body[name] as unknown[];
    expect(whole.length).toBeGreaterThanOrEqual(3);
    expect(pages.map((page) => page.body[name][0] as unknown)).toEqual(whole);
    const back: unknown[] = [];
    for (let page: Answer | undefined = pages.at(-1); page !== undefined;) {
      back.unshift(page.body[name][0]);
      const path = link(page, "previous");
      page = path === null ? undefined : await h.call("GET", path);
    }
    expect(back).toEqual(whole);
  }
  const narrowed = await h.call("GET", `${P}/installations?shop=${shops[1]}`);
  expect(narrowed.body.installations).toMatchObject([{ shop: shops[1], clientId: app.clientId }]);
  expect((await h.call("GET", `${P}/installations?shop=nobody.genmystore.com`)).body.installations).toEqual([]);
});

test("keys: shown once, revoked at once, the last admin stays", async () => {
  const made = await h.call("POST", `${P}/keys`, { name: "ci", role: "admin" });
  const { id, key } = made.body.key as { id: string; key: string };
  expect((await h.call("GET", `${P}/keys`, undefined, { key })).text).not.toContain(key);
  expect((await h.call("DELETE", `${P}/keys/${id}`)).status).toBe(200);
  expect((await h.call("GET", `${P}/keys`, undefined, { key })).status).toBe(401);
  const keys = (await h.call("GET", `${P}/keys`)).body.keys as { id: string; role: string; revokedTime: string | null }[];
  const admins = keys.filter((each) => each.role === "admin" && each.revokedTime === null);
  expect(admins).toHaveLength(1);
  expect((await h.call("DELETE", `${P}/keys/${admins[0]?.id}`)).status).toBe(422);
});

test("open paths answer without credentials; every answer names its request", async () => {
  const open = { key: null };
  expect((await h.call("GET", "/healthz", undefined, open)).body).toEqual({ alive: true });
  expect((await h.call("GET", "/readyz", undefined, open)).body).toEqual({ ready: true, reasons: [] });
  const metrics = await h.call("GET", "/metrics", undefined, open);
  expect(metrics.text).toContain("genhook_events_published_total");
  expect(metrics.text).not.toContain("genmystore");
  expect((await h.call("GET", "/openapi.json", undefined, open)).body.openapi).toBe("3.1.0");
  const docs = await h.call("GET", "/docs", undefined, open);
  expect(docs.headers.get("Content-Type")).toContain("text/html");
  expect(docs.text).toContain("orders/create");
  const named = await h.call("GET", "/nothing", undefined, { headers: { "X-Request-Id": "abc-1" } });
  expect([named.status, named.headers.get("X-Request-Id")]).toEqual([404, "abc-1"]);
  const method = await h.call("DELETE", "/healthz", undefined, open);
  expect([method.status, method.headers.get("Allow")]).toEqual([405, "GET"]);
});

test("topics are listed with schemas and samples that can be published", async () => {
  const { topics } = (await h.call("GET", `${P}/topics`)).body as {
    topics: { name: string; audience: string; madeByGenhook: boolean; sample: unknown }[];
  };
  expect(topics).toHaveLength(29);
  const open = topics.filter((topic) => topic.audience !== "app" && !topic.madeByGenhook);
  const answer = await h.call(
    "POST",
    `${P}/events`,
    open.map((topic) => ({ shop: SHOP, topic: topic.name, payload: topic.sample })),
  );
  expect((answer.body.events as { code?: string }[]).filter((each) => each.code !== undefined)).toEqual([]);
});
