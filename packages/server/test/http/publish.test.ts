import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BodyBudget } from "../../src/http/request-body.ts";
import { Harness, KEY, ORDER, SHOP, type Answer } from "../harness.ts";

const h = new Harness();

beforeAll(async () => {
  await h.start();
  await h.install();
});
afterAll(() => h.stop());

const EVENTS = "/platform/v1/events";
const NDJSON = { "Content-Type": "application/x-ndjson" };
const event = (more: object = {}): object => ({ shop: SHOP, topic: "orders/create", payload: ORDER, ...more });
const post = (raw: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
  h.call("POST", EVENTS, undefined, { raw, headers });

test("one event: 202 with its id, how many deliveries, and that it is no duplicate", async () => {
  const answer = await h.publish("orders/create", ORDER);
  expect(answer.status).toBe(202);
  expect(answer.body).toEqual({ event: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, deliveries: 0, duplicate: false } });
});

test("an array answers per item, in order; an item's error is its own", async () => {
  const items = [
    event(),
    event({ topic: "no/such" }),
    event({ payload: [] }),
    7,
    event({ shop: "nobody.genmystore.com" }),
    event({ extra: 1 }),
  ];
  const answer = await h.call("POST", EVENTS, items);
  expect(answer.status).toBe(202);
  const results = answer.body.events as Record<string, unknown>[];
  expect(results.map((each) => each["code"] ?? "accepted")).toEqual([
    "accepted",
    "unknown_topic",
    "invalid_member",
    "invalid_member",
    "unknown_shop",
    "unknown_member",
  ]);
  expect(results.map((each) => each["member"])).toEqual([undefined, "topic", "payload", "body", "shop", "extra"]);
});

test("an empty array is a batch of none; more than 1,000 are refused as a whole", async () => {
  expect((await post("[]")).body).toEqual({ events: [] });
  const many = await post(`[${Array.from({ length: 1_001 }, () => "{}").join(",")}]`);
  expect([many.status, many.body.code]).toEqual([422, "too_many_items"]);
});

test("NDJSON: a broken line is that line's error, blank lines are none, the last needs no end", async () => {
  const lines = [JSON.stringify(event()), "", "{broken", JSON.stringify(event({ topic: 5 })), "  ", JSON.stringify(event())];
  const answer = await post(lines.join("\n"), NDJSON);
  expect(answer.status).toBe(202);
  expect((answer.body.events as { code?: string }[]).map((each) => each.code ?? "accepted")).toEqual([
    "accepted",
    "malformed_json",
    "invalid_member",
    "accepted",
  ]);
});

test("NDJSON: a line over its limit is that line's error, and the next is read", async () => {
  const long = JSON.stringify(event({ payload: { order: { id: 1, note: "x".repeat(1_100_000) } } }));
  const answer = await post(`${long}\n${JSON.stringify(event())}\n`, NDJSON);
  expect((answer.body.events as { code?: string }[]).map((each) => each.code ?? "accepted")).toEqual(["body_too_large", "accepted"]);
});

test("the exact-bytes form: the body is the payload, the rest stands in headers", async () => {
  const raw = '{ "order": {"id": 12345678901234567890, "totalPrice": 1.10} }';
  const headers = {
    "Content-Type": "application/vnd.genhook.event+json",
    "Genhook-Shop": SHOP,
    "Genhook-Topic": "orders/create",
    "Genhook-Changed": '["order.note"]',
    "Idempotency-Key": "exact-1",
  };
  const options = { raw: raw.replace("12345678901234567890", "1234567890123456789"), headers };
  const answer = await h.call("POST", EVENTS, undefined, { ...options, raw: '{ "order": {"id": "12345", "totalPrice": 1.10} }' });
  expect(answer.status).toBe(202);
  const stored = await h.call("GET", `${EVENTS}/${answer.body.event.id as string}`);
  expect(stored.text).toContain('"payload":{ "order": {"id": "12345", "totalPrice": 1.10} }');
  expect((await h.call("POST", EVENTS, undefined, { ...options, headers: { ...headers, "Genhook-Topic": "" } })).body.member).toBe("topic");
  expect(stored.body.event.changed).toEqual(["order.note"]);
  for (const [changed, code, member] of [
    ["order.note", "invalid_member", "changed"],
    ["[5]", "invalid_member", "changed[0]"],
    ['["order..x"]', "invalid_filter", "changed[0]"],
  ]) {
    const refused = await h.call("POST", EVENTS, undefined, {
      raw: '{"order":{"id":1}}',
      headers: { ...headers, "Genhook-Changed": changed ?? "" },
    });
    expect([refused.status, refused.body.code, refused.body.member], changed).toEqual([422, code, member]);
  }
});

test.each([
  ["Genhook-Idempotency-Key", "the key's is called Idempotency-Key."],
  ["Genhook-OrderKey", "there are Genhook-Shop, Genhook-Topic, Genhook-Client-Id,"],
])("the exact-bytes form: a misspelt %s publishes nothing without what it was to say", async (name, remedy) => {
  const headers = { "Content-Type": "application/vnd.genhook.event+json", "Genhook-Shop": SHOP, "Genhook-Topic": "orders/create" };
  const refused = await h.call("POST", EVENTS, undefined, { raw: '{"order":{"id":1}}', headers: { ...headers, [name]: "x" } });
  expect([refused.status, refused.body.code, refused.body.member]).toEqual([422, "unknown_member", name.toLowerCase()]);
  expect(refused.body.error).toContain(remedy);
});

test.each([
  ['{"shop":', {}, "The event is not JSON: it ends too early"],
  ['{"shop":x}', {}, "The event is not JSON: it has something that does not belong there"],
  ['{"order":{"id":1,}}', { "Content-Type": "application/vnd.genhook.event+json" }, "The body is not JSON: it has something"],
])("what is wrong with %s is said, and where", async (raw, more, message) => {
  const refused = await post(raw, { "Genhook-Shop": SHOP, "Genhook-Topic": "orders/create", ...more });
  expect([refused.status, refused.body.code]).toEqual([400, "malformed_json"]);
  expect(refused.body.error).toContain(message);
});

test("idempotency: same key and content is the first event, other content is refused, a refused publish keeps no key", async () => {
  const first = await h.publish("orders/create", ORDER, { idempotencyKey: "k1" });
  const again = await h.publish("orders/create", ORDER, { idempotencyKey: "k1" });
  expect(again.body.event).toEqual({ ...first.body.event, duplicate: true });
  const other = await h.publish("orders/create", { order: { id: 2 } }, { idempotencyKey: "k1" });
  expect([other.status, other.body.code, other.body.member]).toEqual([409, "idempotency_key_reused", "idempotencyKey"]);
  expect((await h.publish("orders/create", { order: {} }, { idempotencyKey: "k2" })).status).toBe(422);
  expect((await h.publish("orders/create", ORDER, { idempotencyKey: "k2" })).body.event.duplicate).toBe(false);
  const twins = await h.call("POST", EVENTS, [event({ idempotencyKey: "k3" }), event({ idempotencyKey: "k3" })]);
  const [one, two] = twins.body.events as { id: string; duplicate: boolean }[];
  expect([one?.duplicate, two?.duplicate, one?.id === two?.id]).toEqual([false, true, true]);
});

test("Idempotency-Key counts for one event in any form, and is refused where it could not", async () => {
  const header = { "Idempotency-Key": "from the header" };
  const first = await post(JSON.stringify(event()), header);
  const again = await post(JSON.stringify(event({ idempotencyKey: "from the header" })), header);
  expect(again.body.event).toEqual({ id: first.body.event.id, deliveries: 0, duplicate: true });
  const refused = [
    await post(JSON.stringify(event({ idempotencyKey: "another" })), header),
    await post(JSON.stringify([event()]), header),
    await post(JSON.stringify(event()), { ...header, ...NDJSON }),
    await post(JSON.stringify(event()), { "Idempotency-Key": "k".repeat(256) }),
  ];
  expect(refused.map(({ status, body }) => [status, body.member])).toEqual(refused.map(() => [422, "idempotencyKey"]));
});

test.each([
  ["", 400, "malformed_json", undefined],
  ["{", 400, "malformed_json", undefined],
  ["[1", 400, "malformed_json", undefined],
  ['[{"shop":"x",}]', 400, "malformed_json", undefined],
  ["[] []", 400, "malformed_json", undefined],
  ["7", 422, "invalid_member", "body"],
  ["{}", 422, "missing_member", "shop"],
  [`{"shop":"${SHOP}","topic":"orders/create"}`, 422, "missing_member", "payload"],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":null}`, 422, "invalid_member", "payload"],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":{},"payload":{}}`, 422, "duplicate_member", "payload"],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":{}}`, 422, "payload_mismatch", "payload.order"],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":{"order":{}}}`, 422, "payload_mismatch", "payload.order.id"],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":{"order":{"id":-1}}}`, 422, "payload_mismatch", "payload.order.id"],
  [`{"shop":"UPPER","topic":"orders/create","payload":{}}`, 422, "invalid_member", "shop"],
  [`{"shop":"nobody.genmystore.com","topic":"orders/create","payload":{"order":{"id":1}}}`, 422, "unknown_shop", "shop"],
  [`{"shop":"${SHOP}","topic":"orders\\r\\nX: y","payload":{"order":{"id":1}}}`, 422, "unknown_topic", "topic"],
  [`{"shop":"${SHOP}","topic":"app/installed","payload":{}}`, 422, "topic_made_by_genhook", "topic"],
  [`{"shop":"${SHOP}","topic":"appSubscriptions/update","payload":{}}`, 422, "client_id_required", "clientId"],
  [
    `{"shop":"${SHOP}","topic":"orders/create","clientId":"${"0".repeat(32)}","payload":{"order":{"id":1}}}`,
    422,
    "invalid_member",
    "clientId",
  ],
  [`{"shop":"${SHOP}","topic":"appSubscriptions/update","clientId":"${"0".repeat(32)}","payload":{}}`, 422, "unknown_app", "clientId"],
  [`{"shop":"${SHOP}","topic":"orders/create","triggeredAt":"today","payload":{"order":{"id":1}}}`, 422, "invalid_member", "triggeredAt"],
  [
    `{"shop":"${SHOP}","topic":"orders/create","triggeredAt":"2024-12-30T23:59:59.1234567890Z","payload":{"order":{"id":1}}}`,
    422,
    "invalid_member",
    "triggeredAt",
  ],
  [
    `{"shop":"${SHOP}","topic":"orders/create","idempotencyKey":"${"k".repeat(256)}","payload":{"order":{"id":1}}}`,
    422,
    "invalid_member",
    "idempotencyKey",
  ],
  [`{"shop":"${SHOP}","topic":"orders/create","changed":"a","payload":{"order":{"id":1}}}`, 422, "invalid_member", "changed"],
  [
    `{"shop":"${SHOP}","topic":"orders/create","payload":{"order":{"id":1,"n":"${"x".repeat(1_048_576)}"}}}`,
    413,
    "body_too_large",
    undefined,
  ],
  [`{"shop":"${SHOP}","topic":"orders/create","payload":{"order":${"[".repeat(200)}${"]".repeat(200)}}}`, 400, "malformed_json", undefined],
])("%.120s is %i %s at %s", async (raw, status, code, member) => {
  const answer = await post(raw);
  expect([answer.status, answer.body.code, answer.body.member]).toEqual([status, code, member]);
});

test("bytes that are no UTF-8, a byte order mark, other media types and encodings", async () => {
  expect((await post(Buffer.from([0x7b, 0xff, 0x7d]))).body.code).toBe("malformed_json");
  expect((await post(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from("{}")]))).body.code).toBe("malformed_json");
  expect((await post("{}", { "Content-Type": "text/plain" })).status).toBe(415);
  expect((await post("{}", { "Content-Type": "application/json; charset=utf-16" })).status).toBe(415);
  expect((await post("{}", { "Content-Encoding": "gzip" })).status).toBe(415);
});

test("a request over 32 MiB is 413, announced or not", async () => {
  const big = Buffer.alloc(33_554_433, 0x20);
  expect((await post(big).catch(() => ({ status: 413 }))).status).toBe(413);
});

test("triggeredAt goes out in UTC with nine digits, whatever it came as", async () => {
  const { body } = await h.publish("orders/create", ORDER, { triggeredAt: "2024-12-31T01:59:59.5+02:00" });
  const stored = await h.call("GET", `${EVENTS}/${body.event.id as string}`);
  expect(stored.body.event.triggeredAt).toBe("2024-12-30T23:59:59.500000000Z");
});

test("publishing needs the publish role, or admin; a read key may look", async () => {
  const key = async (role: string): Promise<string> =>
    (await h.call("POST", "/platform/v1/keys", { name: role, role })).body.key.key as string;
  const [publish, read] = [await key("publish"), await key("read")];
  expect((await h.call("POST", EVENTS, event(), { key: publish })).status).toBe(202);
  expect((await h.call("POST", EVENTS, event(), { key: read })).status).toBe(403);
  expect((await h.call("GET", "/platform/v1/stats", undefined, { key: read })).status).toBe(200);
  expect((await h.call("GET", "/platform/v1/stats", undefined, { key: publish })).status).toBe(403);
  expect((await h.call("GET", "/platform/v1/stats", undefined, { key: null })).body.code).toBe("token_missing");
  expect((await h.call("GET", "/platform/v1/stats", undefined, { key: "wrong" })).body.code).toBe("token_invalid");
});

test("publishers that announce much and send nothing keep nobody out", async () => {
  const { hostname, port } = new URL(h.origin);
  const head = `POST ${EVENTS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\n`;
  const sockets = await Promise.all(
    Array.from({ length: 40 }, (_, n) => {
      const type = n % 2 === 0 ? "application/json" : "application/x-ndjson";
      return new Promise<Socket>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => {
          // Node answers this once the call's own code has the request, and waits for its body.
          socket.write(`${head}Content-Type: ${type}\r\nContent-Length: 33554432\r\nExpect: 100-continue\r\n\r\n[`);
        });
        socket.once("data", () => resolve(socket));
        socket.once("error", reject);
      });
    }),
  );
  const answer = await h.publish("orders/create", ORDER);
  for (const socket of sockets) socket.destroy();
  expect(answer.status).toBe(202);
});

test("what is held of bodies is bounded: beyond it a publish is told to come back", () => {
  const budget = new BodyBudget();
  const first = budget.open();
  for (let mib = 0; mib < 256; mib += 1) first.take(1_048_576);
  expect(() => budget.open().take(1)).toThrow("Too many large requests at once");
  first.giveAll();
  expect(() => budget.open().take(1)).not.toThrow();
});
