import { verifyHmac } from "@genhook/receiver";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type CallOptions, type Installed } from "../harness.ts";

const h = new Harness();
let own: Installed;
let count = 0;

beforeAll(() => h.start());
afterAll(() => h.stop());
beforeEach(async () => {
  count += 1;
  own = await h.install({}, `shop-${count}.genmystore.com`);
});

const WEBHOOKS = "/api/202412/app/webhooks";
const as = (installed: Installed, more: CallOptions = {}): CallOptions => ({ token: installed.token, ...more });
const create = (topic: string, address: string, more: CallOptions = {}): Promise<Answer> =>
  h.call("POST", WEBHOOKS, { webhook: { topic, address } }, as(own, more));

test("a webhook is made, read, changed, listed, counted and deleted", async () => {
  const made = await create("orders/create", "https://app.example.com/hooks?a=1");
  expect(made.status).toBe(201);
  const { id } = made.body.webhook as { id: number };
  expect(made.body).toEqual({
    webhook: {
      id: expect.any(Number) as number,
      topic: "orders/create",
      address: "https://app.example.com/hooks?a=1",
      createTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      updateTime: expect.any(String) as string,
      status: "active",
      statusReason: null,
      apiVersion: "202412",
    },
  });
  expect((await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).body).toEqual(made.body);
  const changed = await h.call("PUT", `${WEBHOOKS}/${id}`, { webhook: { topic: "products/update" } }, as(own));
  expect(changed.body.webhook).toMatchObject({ id, topic: "products/update", address: "https://app.example.com/hooks?a=1" });
  expect((await h.call("GET", WEBHOOKS, undefined, as(own))).body.webhooks).toHaveLength(1);
  expect((await h.call("GET", `${WEBHOOKS}/count`, undefined, as(own))).body).toEqual({ count: 1 });
  expect((await h.call("GET", `${WEBHOOKS}/count?topic=orders/create`, undefined, as(own))).body).toEqual({ count: 0 });
  const deleted = await h.call("DELETE", `${WEBHOOKS}/${id}`, undefined, as(own));
  expect([deleted.status, deleted.body]).toEqual([200, {}]);
  expect((await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).status).toBe(404);
});

test("pause holds, resume sends; the answers show the status", async () => {
  const { id } = (await create("orders/create", "https://app.example.com/a")).body.webhook as { id: number };
  expect((await h.call("POST", `${WEBHOOKS}/${id}/pause`, undefined, as(own))).body.webhook.status).toBe("paused");
  expect((await h.call("POST", `${WEBHOOKS}/${id}/resume`, undefined, as(own))).body.webhook.status).toBe("active");
});

test.each([
  ["[]", 422, "invalid_member", "body"],
  ["null", 422, "invalid_member", "body"],
  ['"text"', 422, "invalid_member", "body"],
  ["{}", 422, "missing_member", "webhook"],
  ['{"webhook":null}', 422, "invalid_member", "webhook"],
  ['{"webhook":{"topic":1,"address":"https://a.example.com/"}}', 422, "invalid_member", "webhook.topic"],
  ['{"webhook":{"topic":"","address":"https://a.example.com/"}}', 422, "invalid_member", "webhook.topic"],
  ['{"webhook":{"topic":"orders/create","address":"https://a.example.com/","x":1}}', 422, "unknown_member", "webhook.x"],
  ['{"webhook":{"topic":"orders/create","address":"https://a.example.com/"},"y":1}', 422, "unknown_member", "y"],
  [
    '{"webhook":{"topic":"orders/create","topic":"orders/paid","address":"https://a.example.com/"}}',
    422,
    "duplicate_member",
    "webhook.topic",
  ],
  ['{"webhook":{"topic":"no/such","address":"https://a.example.com/"}}', 422, "unknown_topic", "webhook.topic"],
  ['{"webhook":{"topic":"orders/create\\r\\nX-Evil: 1","address":"https://a.example.com/"}}', 422, "unknown_topic", "webhook.topic"],
  ['{"webhook":{"topic":"shop/redact","address":"https://a.example.com/"}}', 422, "topic_not_subscribable", "webhook.topic"],
  ['{"webhook":{"topic":"orders/create","address":"nowhere"}}', 422, "address_malformed", "webhook.address"],
  ['{"webhook":{"topic":"orders/create","address":"https://a.example.com/\\r\\nX-Evil: 1"}}', 422, "address_malformed", "webhook.address"],
  ['{"webhook":{"topic":"orders/create","address":"ftp://a.example.com/"}}', 422, "address_not_https", "webhook.address"],
  ['{"webhook":{"topic":"orders/create","address":"https://u:p@a.example.com/"}}', 422, "address_has_user_info", "webhook.address"],
  ['{"webhook":{"topic":"orders/create","address":"https://a.example.com/#f"}}', 422, "address_has_fragment", "webhook.address"],
  [
    `{"webhook":{"topic":"orders/create","address":"https://a.example.com/${"a".repeat(2_048)}"}}`,
    422,
    "address_too_long",
    "webhook.address",
  ],
  ['{"webhook":{"__proto__":{},"topic":"orders/create","address":"https://a.example.com/"}}', 422, "unknown_member", "webhook.__proto__"],
  ["", 400, "malformed_json", undefined],
  ["{", 400, "malformed_json", undefined],
  ["{}{}", 400, "malformed_json", undefined],
  ["\u{feff}{}", 400, "malformed_json", undefined],
  [`${"[".repeat(200)}${"]".repeat(200)}`, 400, "malformed_json", undefined],
])("POST %s is %i %s at %s", async (raw, status, code, member) => {
  const answer = await h.call("POST", WEBHOOKS, undefined, as(own, raw === "" ? {} : { raw }));
  expect([answer.status, answer.body.code, answer.body.member]).toEqual([status, code, member]);
  expect(answer.body.error).toEqual(expect.any(String));
});

test("bytes that are no UTF-8 are malformed JSON", async () => {
  const raw = Buffer.concat([Buffer.from('{"webhook":{"topic":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]);
  expect((await h.call("POST", WEBHOOKS, undefined, as(own, { raw }))).body.code).toBe("malformed_json");
});

test("a token of another shop, by Host, is 401; where the Host is no shop, the token says which", async () => {
  const other = await h.install({}, `other-${count}.genmystore.com`);
  const node = await import("node:http");
  const statusFor = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = new URL(h.origin);
      node
        .get(
          { host: url.hostname, port: url.port, path: WEBHOOKS, headers: { host, "X-Genstore-Access-Token": own.token } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        )
        .on("error", reject);
    });
  expect(await statusFor(own.shop)).toBe(200);
  expect(await statusFor(own.shop.toUpperCase())).toBe(200);
  expect(await statusFor(other.shop)).toBe(401);
  expect(await statusFor("nobody.genmystore.com")).toBe(401);
  expect(await statusFor("localhost:8080")).toBe(200);
});

test("a webhook is named by number, decimal text or UUID wherever an id is read; its UUID goes out with --webhook-id uuid", async () => {
  const endpoint = await h.endpoint();
  const first = (await create("orders/create", `${endpoint.url}/a`)).body.webhook.id as number;
  const second = (await create("orders/create", `${endpoint.url}/b`)).body.webhook.id as number;
  await h.restart({ "webhook-id": "uuid" });
  await h.publish("orders/create", ORDER, { shop: own.shop });
  await endpoint.waitFor(2);
  const uuid = endpoint.received.find((each) => each.path === "/a")?.headers["x-genstore-webhook-id"] ?? "";
  expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
  await h.restart();
  for (const id of [String(first), uuid, uuid.toUpperCase()]) {
    expect((await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).body.webhook.id).toBe(first);
    for (const given of [id, ...(id === uuid ? [] : [first])]) {
      const changed = await h.call("PUT", `${WEBHOOKS}/${id}`, { webhook: { id: given, topic: "orders/create" } }, as(own));
      expect([id, given, changed.status]).toEqual([id, given, 200]);
    }
    const list = await h.call("GET", `${WEBHOOKS}?sinceId=${id}`, undefined, as(own));
    expect((list.body.webhooks as { id: number }[]).map((each) => each.id)).toEqual([second]);
    const deliveries = await h.until(
      `/api/202412/app/deliveries?state=delivered&webhookId=${id}`,
      (answer) => answer.body.deliveries.length === 1,
      as(own),
    );
    expect(deliveries.body.deliveries[0].webhookId).toBe(first);
  }
  const wrong = await h.call("PUT", `${WEBHOOKS}/${first}`, { webhook: { id: second, topic: "orders/paid" } }, as(own));
  expect([wrong.status, wrong.body.member]).toEqual([422, "webhook.id"]);
  const unknown = await h.call(
    "GET",
    `${WEBHOOKS}?sinceId=${uuid.replace(/.$/, (last) => (last === "0" ? "1" : "0"))}`,
    undefined,
    as(own),
  );
  expect([unknown.status, unknown.body.member]).toEqual([422, "sinceId"]);
});

test("a PUT changes what it names, ends a pause, and needs something to do", async () => {
  const { id } = (await create("orders/create", "https://app.example.com/a")).body.webhook as { id: number };
  await create("orders/paid", "https://app.example.com/a");
  const put = (webhook: unknown): Promise<Answer> => h.call("PUT", `${WEBHOOKS}/${id}`, { webhook }, as(own));
  await h.call("POST", `${WEBHOOKS}/${id}/pause`, undefined, as(own));
  const changed = await put({ address: "https://app.example.com/b" });
  expect(changed.body.webhook).toMatchObject({ id, topic: "orders/create", address: "https://app.example.com/b", status: "active" });
  const nothing = await put({});
  expect([nothing.status, nothing.body.code, nothing.body.member]).toEqual([422, "invalid_member", "webhook"]);
  await put({ address: "https://app.example.com/a" });
  expect((await put({ topic: "orders/paid" })).body).toMatchObject({ code: "webhook_exists", member: "webhook.address" });
  expect((await put({ topic: "discounts/create" })).body).toMatchObject({ code: "topic_scope_missing" });
  expect((await put({ topic: "shop/redact" })).body).toMatchObject({ code: "topic_not_subscribable", member: "webhook.topic" });
  expect((await put({ format: "json" })).body).toMatchObject({ code: "unknown_member", member: "webhook.format" });
  // As clients do it: what was read is sent back, with one thing changed.
  const read = (await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).body.webhook as object;
  const back = await put({ ...read, address: "https://app.example.com/c", status: "paused", createTime: "2001-01-01T00:00:00Z" });
  expect(back.body.webhook).toEqual({ ...read, address: "https://app.example.com/c", updateTime: expect.any(String) as string });
  expect((await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).body.webhook).toMatchObject({ topic: "orders/create" });
});

test("a test event carries the topic's sample to that webhook alone, is a delivery, and counts as nothing that happened", async () => {
  const endpoint = await h.endpoint();
  const id = (await create("orders/paid", `${endpoint.url}/tested`)).body.webhook.id as number;
  await create("orders/paid", `${endpoint.url}/other`);
  const sent = await h.call("POST", `${WEBHOOKS}/${id}/test`, undefined, as(own));
  expect([sent.status, sent.body.webhook.id]).toEqual([202, id]);
  await endpoint.waitFor(1);
  const [got] = endpoint.received;
  expect(got?.path).toBe("/tested");
  expect(got?.headers).toMatchObject({ "x-genstore-test": "true", "x-genstore-topic": "orders/paid", "webhook-id": sent.body.delivery.id });
  await verifyHmac(got?.body ?? "", got?.headers ?? {}, own.clientSecret);
  const topics = (await h.call("GET", "/platform/v1/topics")).body.topics as { name: string; sample: unknown }[];
  expect(JSON.parse(got?.body.toString() ?? "")).toEqual(topics.find((topic) => topic.name === "orders/paid")?.sample);
  const done = await h.until(
    `/api/202412/app/deliveries/${sent.body.delivery.id}`,
    (answer) => answer.body.delivery.state === "delivered",
    as(own),
  );
  expect(done.body.delivery).toMatchObject({ test: true, attemptCount: 1, eventId: sent.body.delivery.eventId });
  expect((await h.call("GET", `/platform/v1/events/${sent.body.delivery.eventId}`)).body.event).toMatchObject({
    test: true,
    shop: own.shop,
  });
  expect((await h.call("GET", `/platform/v1/stats?shop=${own.shop}&topic=orders/paid`)).body.series).toEqual([]);
  expect(endpoint.received).toHaveLength(1);
});

test("a test is refused where it could not be sent: paused, without its scope, gone; and for others' webhooks as for none", async () => {
  const endpoint = await h.endpoint({ answer: () => 410 });
  const id = (await create("orders/create", endpoint.url)).body.webhook.id as number;
  const send = async (options: CallOptions = as(own)): Promise<unknown[]> => {
    const answer = await h.call("POST", `${WEBHOOKS}/${id}/test`, undefined, options);
    return [answer.status, answer.body.code, answer.body.member];
  };
  await h.call("POST", `${WEBHOOKS}/${id}/pause`, undefined, as(own));
  expect(await send()).toEqual([409, "webhook_not_active", "status"]);
  const path = `/platform/v1/installations/${own.clientId}/${own.shop}`;
  await h.call("PUT", path, { scopes: ["write_apps"] });
  expect(await send()).toEqual([409, "webhook_not_active", "status"]);
  await h.call("PUT", path, { scopes: ["write_apps", "read_orders"] });
  expect(await send()).toEqual([202, undefined, undefined]);
  await h.until(`${WEBHOOKS}/${id}`, (answer) => answer.body.webhook.status === "disabled", as(own));
  expect(await send()).toEqual([409, "webhook_not_active", "status"]);
  const other = await h.install({}, own.shop);
  expect(await send(as(other))).toEqual([404, "not_found", undefined]);
});

test("ids are read as numbers and UUIDs; strange ones are 404, not 500", async () => {
  for (const id of ["0", "-1", "1e3", "9".repeat(30), "abc", "%00", "..%2f..", "a".repeat(600)]) {
    expect([id, (await h.call("GET", `${WEBHOOKS}/${id}`, undefined, as(own))).status]).toEqual([id, 404]);
  }
});

test("the bucket: 40 calls without a plan, then 429 with Retry-After, and the header on every answer to a valid token", async () => {
  const shop = `plain-${count}.genmystore.com`;
  await h.call("POST", "/platform/v1/shops", { domain: shop });
  const { token } = await h.installOn(shop);
  const statuses: number[] = [];
  for (let call = 0; call < 45; call += 1) {
    const answer = await h.call("GET", `${WEBHOOKS}/count`, undefined, { token });
    statuses.push(answer.status);
    expect(answer.headers.get("X-Genstore-Shop-Api-Rate-Limit")).toMatch(/^\d+\/40$/);
    if (answer.status === 429) expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
  }
  expect(statuses.slice(0, 40).every((status) => status === 200)).toBe(true);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(1);
});

test("lists page through everything, once each, with Link headers both ways", async () => {
  const ids: number[] = [];
  for (let index = 0; index < 7; index += 1) {
    ids.push((await create("orders/create", `https://app.example.com/${index}`)).body.webhook.id as number);
  }
  const seen: number[] = [];
  let path: string | null = `${WEBHOOKS}?limit=3`;
  let last: Answer | null = null;
  while (path !== null) {
    last = await h.call("GET", path, undefined, as(own));
    seen.push(...(last.body.webhooks as { id: number }[]).map(({ id }) => id));
    path = linkOf(last, "next");
  }
  expect(seen).toEqual(ids);
  const back = await h.call("GET", linkOf(last, "previous") ?? "", undefined, as(own));
  expect((back.body.webhooks as { id: number }[]).map(({ id }) => id)).toEqual(ids.slice(3, 6));
  expect((await h.call("GET", `${WEBHOOKS}?sinceId=${ids[4]}`, undefined, as(own))).body.webhooks).toHaveLength(2);
});

test.each([
  ["limit=0", 422],
  ["limit=251", 422],
  ["limit=x", 422],
  ["limit=1&limit=2", 400],
  ["pageToken=zzz", 400],
  ["pageToken=e30&topic=orders/create", 400],
  ["createTimeMin=yesterday", 422],
  ["nothing=1", 422],
])("GET ?%s is %i", async (query, status) => {
  expect((await h.call("GET", `${WEBHOOKS}?${query}`, undefined, as(own))).status).toBe(status);
});

test("scopes are told; uninstall takes the token away at once and says app/uninstalled to the app's own address", async () => {
  const endpoint = await h.endpoint();
  const app = await h.install({ webhooks: [{ topic: "app/uninstalled", address: `${endpoint.url}/bye` }] }, own.shop);
  expect((await h.call("GET", "/api/202412/oauth2/access_scopes", undefined, as(app))).body.accessScopes).toContain("write_apps");
  const gone = await h.call("DELETE", "/api/202412/oauth2/uninstall", undefined, as(app));
  expect([gone.status, gone.body]).toEqual([200, {}]);
  expect((await h.call("GET", WEBHOOKS, undefined, as(app))).status).toBe(401);
  await endpoint.waitFor(1);
  expect(endpoint.received[0]?.headers["x-genstore-topic"]).toBe("app/uninstalled");
  expect(JSON.parse(endpoint.received[0]?.body.toString() ?? "")).toMatchObject({ uninstalled: { clientId: app.clientId } });
});

test("an app sees its own deliveries on its own shop, their attempts, and may replay them", async () => {
  const replayAnswered = Promise.withResolvers<undefined>();
  // What is replayed has not arrived before its answer is written.
  const endpoint = await h.endpoint({ answer: (_, count) => (count < 3 ? 200 : replayAnswered.promise.then(() => 200)) });
  const mine = await h.install();
  const other = await h.install();
  await h.subscribe(mine, "orders/create", `${endpoint.url}/mine`);
  await h.subscribe(other, "orders/create", `${endpoint.url}/other`);
  await h.publish("orders/create", ORDER);
  await endpoint.waitFor(2);
  const list = await h.until("/api/202412/app/deliveries?state=delivered", (answer) => answer.body.deliveries.length === 1, as(mine));
  const [delivery] = list.body.deliveries as { id: string; address: string; shop: string }[];
  expect(delivery).toMatchObject({ address: `${endpoint.url}/mine`, shop: SHOP, state: "delivered", attemptCount: 1, lastStatus: 200 });
  const path = `/api/202412/app/deliveries/${delivery?.id}`;
  expect((await h.call("GET", path, undefined, as(other))).status).toBe(404);
  expect((await h.call("POST", `${path}/replay`, undefined, as(other))).status).toBe(404);
  const replayed = await h.call("POST", `${path}/replay`, undefined, as(mine));
  replayAnswered.resolve(undefined);
  expect([replayed.status, replayed.body.delivery.state, replayed.body.delivery.round]).toEqual([202, "pending", 2]);
  await endpoint.waitFor(3);
  expect(endpoint.received[2]?.headers).toMatchObject({
    "x-genstore-replay": "true",
    "x-genstore-attempt": "1",
    "webhook-id": delivery?.id,
  });
  const done = await h.until(path, (answer) => answer.body.delivery.state === "delivered", as(mine));
  expect((done.body.delivery.attempts as { n: number; round: number }[]).map(({ n, round }) => [n, round])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test("deliveries page both ways: what is held, then what is final, newest first; an event's deliveries page too", async () => {
  const endpoint = await h.endpoint();
  const id = (await create("orders/create", `${endpoint.url}/a`)).body.webhook.id as number;
  const publish = (): Promise<Answer> => h.publish("orders/create", ORDER, { shop: own.shop });
  for (let index = 0; index < 5; index += 1) await publish();
  await h.until("/api/202412/app/deliveries?state=delivered", (answer) => answer.body.deliveries.length === 5, as(own));
  await h.call("POST", `${WEBHOOKS}/${id}/pause`, undefined, as(own));
  for (let index = 0; index < 3; index += 1) await publish();
  const all = (await h.call("GET", "/api/202412/app/deliveries", undefined, as(own))).body.deliveries as { id: string; state: string }[];
  expect(all.map((each) => each.state)).toEqual([...Array<string>(3).fill("pending"), ...Array<string>(5).fill("delivered")]);
  const idsOf = (answer: Answer | null): string[] => ((answer?.body.deliveries ?? []) as { id: string }[]).map((each) => each.id);
  const pages: Answer[] = [];
  for (let path: string | null = "/api/202412/app/deliveries?limit=3"; path !== null; path = linkOf(pages.at(-1) ?? null, "next")) {
    pages.push(await h.call("GET", path, undefined, as(own)));
  }
  expect(pages.map(idsOf)).toEqual([0, 3, 6].map((from) => all.slice(from, from + 3).map((each) => each.id)));
  const back = await h.call("GET", linkOf(pages[2] ?? null, "previous") ?? "", undefined, as(own));
  expect(idsOf(back)).toEqual(idsOf(pages[1] ?? null));
  const first = await h.call("GET", linkOf(back, "previous") ?? "", undefined, as(own));
  expect(idsOf(first)).toEqual(idsOf(pages[0] ?? null));
  expect(linkOf(first, "previous")).toBeNull();
  await h.subscribe(own, "orders/create", `${endpoint.url}/b`);
  const two = await publish();
  const page = await h.call("GET", `/platform/v1/deliveries?eventId=${two.body.event.id}&limit=1`);
  const next = await h.call("GET", linkOf(page, "next") ?? "");
  expect(new Set([...idsOf(page), ...idsOf(next)]).size).toBe(2);
  expect(idsOf(await h.call("GET", linkOf(next, "previous") ?? ""))).toEqual(idsOf(page));
  expect(linkOf(next, "next")).toBeNull();
});

function linkOf(answer: Answer | null, rel: string): string | null {
  const match = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(answer?.headers.get("Link") ?? "");
  return match?.[1]?.replace(h.origin, "") ?? null;
}
