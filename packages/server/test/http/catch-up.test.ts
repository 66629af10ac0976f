import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();
const WEBHOOKS = "/api/202412/app/webhooks";
let own: Installed;

beforeAll(async () => {
  await h.start({ "retry-waits": "1ms,1ms" });
  own = await h.install();
});
afterAll(() => h.stop());

const asApp = (method: string, path: string, body?: unknown, token = own.token): Promise<Answer> => h.call(method, path, body, { token });
const make = async (webhook: Readonly<Record<string, unknown>>): Promise<Answer> => asApp("POST", WEBHOOKS, { webhook });
const pull = async (topic: string, more: Readonly<Record<string, unknown>> = {}): Promise<number> =>
  (await make({ topic, mode: "pull", ...more })).body.webhook.id as number;
const read = (id: number, query = "", token = own.token): Promise<Answer> =>
  asApp("GET", `${WEBHOOKS}/${id}/events${query}`, undefined, token);
/** Reads once the webhook has been given so many numbers. */
const readAll = async (id: number, last: number): Promise<Answer> => {
  await read(id, `?after=${last - 1}&wait=60s`);
  return read(id, "?after=0&limit=250");
};
const publish = async (topic: string, payload: unknown): Promise<void> => {
  expect((await h.publish(topic, payload)).status).toBe(202);
};
const sequencesOf = (answer: Answer): number[] => (answer.body.events as { sequence: number }[]).map(({ sequence }) => sequence);

test("numbered deliveries carry their number, the same on every attempt and replay, and can be read again", async () => {
  let failures = 2;
  const endpoint = await h.endpoint({ answer: () => (failures-- > 0 ? 500 : 200) });
  const made = await make({ topic: "orders/create", address: endpoint.url, sequence: true });
  expect(made.body.webhook).toMatchObject({ sequence: true, address: endpoint.url });
  expect(made.body.webhook).not.toHaveProperty("mode");
  const id = made.body.webhook.id as number;
  await publish("orders/create", ORDER);
  await endpoint.waitFor(3);
  expect(endpoint.received.map(({ headers }) => [headers["x-genstore-sequence"], headers["x-genstore-attempt"]])).toEqual([
    ["1", "1"],
    ["1", "2"],
    ["1", "3"],
  ]);
  const raw = '{"order":{"totalPrice":1.10, "id":  300157930096874, "note":"\\u00e9"}}';
  await h.call("POST", "/platform/v1/events", undefined, { raw: `{"shop":"${SHOP}","topic":"orders/create","payload":${raw}}` });
  await endpoint.waitFor(4);
  const answer = await readAll(id, 2);
  const [first, second] = answer.body.events as { id: string; deliveryId: string }[];
  expect(first).toMatchObject({
    sequence: 1,
    state: "available",
    topic: "orders/create",
    shop: SHOP,
    apiVersion: "202412",
    payload: ORDER,
  });
  expect(second).toMatchObject({ sequence: 2, state: "available" });
  expect(answer.text).toContain(`"payload":${raw}}`);
  await h.until(`/platform/v1/deliveries/${first?.deliveryId}`, ({ body }) => body.delivery.state === "delivered");
  await h.call("POST", `/platform/v1/deliveries/${first?.deliveryId}/replay`);
  await endpoint.waitFor(5);
  const replayed = endpoint.received[4];
  expect([replayed?.headers["x-genstore-sequence"], replayed?.headers["x-genstore-replay"]]).toEqual(["1", "true"]);
  const shown = await asApp("GET", `/api/202412/app/deliveries/${first?.deliveryId}`);
  expect(shown.body.delivery.sequence).toBe(1);
  expect(shown.body.delivery.attempts[0].requestHeaders["X-Genstore-Sequence"]).toBe("1");
  expect((await readAll(id, 2)).body.last).toBe(2);
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
  expect((await read(id)).status).toBe(404);
});

test("a webhook in pull mode has no address, nothing is sent, and every event can be fetched", async () => {
  const made = await make({ topic: "orders/create", mode: "pull", fields: ["order.id"] });
  expect(made.status).toBe(201);
  expect(made.body.webhook).toMatchObject({ address: null, mode: "pull", sequence: true, status: "active" });
  const id = made.body.webhook.id as number;
  const published = await h.call(
    "POST",
    "/platform/v1/events",
    Array.from({ length: 30 }, (_, n) => ({ shop: SHOP, topic: "orders/create", payload: { order: { id: n + 1, note: "x" } } })),
  );
  const answer = await readAll(id, 30);
  expect(sequencesOf(answer)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
  expect(new Set(answer.body.events.map((each: { id: string }) => each.id))).toEqual(
    new Set(published.body.events.map((each: { id: string }) => each.id)),
  );
  expect(answer.body.events[7].payload).toEqual({ order: { id: answer.body.events[7].payload.order.id } });
  const { deliveryId } = answer.body.events[0];
  const delivery = await h.until(`/platform/v1/deliveries/${deliveryId}`, ({ body }) => body.delivery.state !== "pending");
  expect(delivery.body.delivery).toMatchObject({
    state: "delivered",
    reason: "available",
    address: "",
    endpointId: "",
    sequence: 1,
    attempts: [],
  });
  expect((await h.call("POST", `/platform/v1/deliveries/${deliveryId}/replay`)).body).toMatchObject({ code: "replay_refused" });
  expect(
    (await h.call("GET", "/platform/v1/endpoints")).body.endpoints.filter(
      (each: { clientId: string; address: string }) => each.address === "",
    ),
  ).toEqual([]);
  expect((await h.call("GET", `/platform/v1/webhooks/${id}`)).body.webhook).toMatchObject({ endpointId: null, address: null });
  const test = await asApp("POST", `${WEBHOOKS}/${id}/test`);
  expect((await readAll(id, 31)).body.events[30]).toMatchObject({ test: true, id: test.body.delivery.eventId });
  expect((await h.call("GET", `/platform/v1/events/${published.body.events[0].id}/decisions`)).body.decisions).toContainEqual(
    expect.objectContaining({ webhookId: id, decision: "owed" }),
  );
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
});

test("what waits for an endpoint that is down has its number and can be fetched meanwhile", async () => {
  const endpoint = await h.endpoint({ answer: () => 503 });
  const id = (await make({ topic: "orders/fulfilled", address: endpoint.url, sequence: true })).body.webhook.id as number;
  const items = Array.from({ length: 600 }, (_, n) => ({ shop: SHOP, topic: "orders/fulfilled", payload: { order: { id: n + 1 } } }));
  expect((await h.call("POST", "/platform/v1/events", items)).status).toBe(202);
  expect(sequencesOf(await read(id, "?after=599&wait=60s"))).toEqual([600]);
  expect((await read(id, "?after=350&limit=250")).body.events).toHaveLength(250);
  // Nothing was answered well, and most of it was never tried.
  expect(endpoint.received.length).toBeLessThan(600);
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
});

test("pages go on where they are told to, and end by number and by bytes", async () => {
  const id = await pull("products/create");
  const large = "x".repeat(900_000);
  for (let n = 0; n < 7; n += 1) await publish("products/create", { product: { productId: n + 1, large } });
  expect(sequencesOf(await read(id, "?after=6&wait=60s"))).toEqual([7]);
  const page = await read(id, "?after=0&limit=250");
  expect(sequencesOf(page)).toEqual([1, 2, 3, 4, 5]);
  expect(page.body.last).toBe(7);
  expect(sequencesOf(await read(id, "?after=2&limit=2"))).toEqual([3, 4]);
  expect(sequencesOf(await read(id, "?limit=1"))).toEqual([1]);
  expect((await read(id, "?after=7")).body).toEqual({ events: [], last: 7 });
  for (const [query, member] of [
    ["?after=-1", "after"],
    ["?after=9007199254740993", "after"],
    ["?limit=0", "limit"],
    ["?limit=251", "limit"],
    ["?wait=61s", "wait"],
    ["?wait=30", "wait"],
    ["?before=3", "before"],
  ] as const) {
    expect((await read(id, query)).body).toMatchObject({ member });
  }
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
});

test("a call that waits is answered by the next event, and costs one token", async () => {
  const id = await pull("products/update");
  const started = performance.now();
  const waiting = read(id, "?after=0&wait=60s");
  await publish("products/update", { product: { productId: 1 } });
  const answer = await waiting;
  expect(sequencesOf(answer)).toEqual([1]);
  const used = (each: Answer): number => Number(each.headers.get("X-Genstore-Shop-Api-Rate-Limit")?.split("/")[0]);
  expect(used(answer)).toBeLessThanOrEqual(used(await read(id)) + Math.ceil((performance.now() - started) / 1_000) * 40);
  expect((await read(id, "?after=1&wait=1ms")).body).toEqual({ events: [], last: 1 });
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
});

test("whoever waits is answered when the webhook, the scope or the token goes", async () => {
  const app = await h.installOn(SHOP, {}, ["write_apps", "read_products"]);
  const webhook = async (): Promise<number> =>
    (await asApp("POST", WEBHOOKS, { webhook: { topic: "products/delete", mode: "pull" } }, app.token)).body.webhook.id as number;
  const [deleted, unscoped, revoked] = [await webhook(), await webhook(), await webhook()];
  const waiting = read(deleted, "?wait=60s", app.token);
  await asApp("DELETE", `${WEBHOOKS}/${deleted}`, undefined, app.token);
  expect((await waiting).body).toMatchObject({ code: "not_found" });
  const installation = `/platform/v1/installations/${app.clientId}/${SHOP}`;
  const unscopedWait = read(unscoped, "?wait=60s", app.token);
  await h.call("PUT", installation, { scopes: ["write_apps"] });
  expect((await unscopedWait).body).toMatchObject({ code: "topic_scope_missing" });
  await h.call("PUT", installation, { scopes: ["write_apps", "read_products"] });
  const revokedWait = read(revoked, "?wait=60s", app.token);
  await asApp("DELETE", "/api/202412/oauth2/uninstall", undefined, app.token);
  expect((await revokedWait).body).toMatchObject({ code: "token_invalid" });
});

test("of too many that wait on one webhook the oldest is let go", async () => {
  const id = await pull("products/delete");
  const ended: number[] = [];
  const waiting = Array.from({ length: 11 }, async (_, n) => {
    const answer = await read(id, "?wait=60s");
    ended.push(n);
    return answer;
  });
  const first = await Promise.race(waiting);
  expect(first.body).toEqual({ events: [], last: 0 });
  expect(ended).toHaveLength(1);
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
  expect((await Promise.all(waiting)).filter(({ status }) => status === 404)).toHaveLength(10);
});

test("what of address, mode and sequence fits together, and what does not", async () => {
  const address = "https://app.example.com/numbered";
  const refused = async (webhook: Readonly<Record<string, unknown>>): Promise<unknown[]> => {
    const { status, body } = await make({ topic: "orders/paid", ...webhook });
    return [status, body.code, body.member];
  };
  expect(await refused({ mode: "pull", address })).toEqual([422, "invalid_member", "webhook.address"]);
  expect(await refused({ mode: "push" })).toEqual([422, "missing_member", "webhook.address"]);
  expect(await refused({ mode: "poll" })).toEqual([422, "invalid_member", "webhook.mode"]);
  expect(await refused({ address, sequence: "yes" })).toEqual([422, "invalid_member", "webhook.sequence"]);
  const id = await pull("orders/paid");
  const other = await pull("orders/paid");
  expect(other).not.toBe(id);
  const put = (webhook: Readonly<Record<string, unknown>>): Promise<Answer> => asApp("PUT", `${WEBHOOKS}/${id}`, { webhook });
  const shown = (await asApp("GET", `${WEBHOOKS}/${id}`)).body.webhook;
  expect((await put(shown)).body.webhook).toEqual({ ...shown, updateTime: expect.any(String) });
  expect((await put({ sequence: false })).body).toMatchObject({ code: "invalid_member", member: "webhook.sequence" });
  expect((await put({ address })).body).toMatchObject({ code: "invalid_member", member: "webhook.address" });
  expect((await put({ mode: null })).body).toMatchObject({ code: "missing_member", member: "webhook.address" });
  expect((await h.call("PATCH", `/platform/v1/webhooks/${id}`, { sequence: false })).body).toMatchObject({
    code: "invalid_member",
    member: "sequence",
  });
  const pushed = await put({ mode: "push", address });
  expect(pushed.body.webhook).toMatchObject({ address, sequence: true });
  expect(pushed.body.webhook).not.toHaveProperty("mode");
  expect((await h.call("PATCH", `/platform/v1/webhooks/${id}`, { sequence: null })).body.webhook).not.toHaveProperty("sequence");
  expect((await read(id)).body).toMatchObject({ code: "webhook_not_numbered", member: "sequence" });
  expect((await h.call("PATCH", `/platform/v1/webhooks/${id}`, { sequence: true })).body.webhook).toMatchObject({ sequence: true });
  expect((await put({ mode: "pull" })).body.webhook).toMatchObject({ address: null, mode: "pull" });
  for (const each of [id, other]) await asApp("DELETE", `${WEBHOOKS}/${each}`);
});

test("numbers go on over a restart, and who waits is answered when the server stops", async () => {
  const id = await pull("collections/create");
  await publish("collections/create", { collection: { collectionId: 1 } });
  await read(id, "?after=0&wait=60s");
  const waiting = read(id, "?after=1&wait=60s");
  // The call has been routed once a later one was answered.
  await read(id);
  await h.restart({ "retry-waits": "1ms,1ms" });
  expect((await waiting).body).toEqual({ events: [], last: 1 });
  await publish("collections/create", { collection: { collectionId: 2 } });
  expect(sequencesOf(await readAll(id, 2))).toEqual([1, 2]);
});
