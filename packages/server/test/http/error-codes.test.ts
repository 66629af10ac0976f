import { connect } from "node:net";
import { errorExample, ERRORS, isErrorCode, type ErrorBody, type ErrorCode } from "@genhook/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, type Answer, type CallOptions, type Installed } from "../harness.ts";

/**
 * Every code of the table is provoked on a running server, and what it answers is what the documents show: the same members, and the same
 * words but for names and numbers.
 */
const h = new Harness();
const SHOP = "errors.genmystore.com";
const P = "/platform/v1";
const WEBHOOKS = "/api/202412/app/webhooks";
let own: Installed;
let webhook = 0;
let delivery = "";

beforeAll(async () => {
  await h.start({ "allow-private-addresses": false, "trust-proxy": "loopback" });
  own = await h.install({}, SHOP, ["write_apps", "read_orders"]);
  webhook = await h.subscribe(own, "orders/create", "https://app.example.com/hooks");
  await h.call("POST", `${WEBHOOKS}/${webhook}/pause`, undefined, { token: own.token });
  const event = await h.publish("orders/create", ORDER, { shop: SHOP });
  const shown = await h.call("GET", `${P}/events/${event.body.event.id}`);
  delivery = shown.body.event.deliveries[0].id as string;
});
afterAll(() => h.stop());

const asApp = (method: string, path: string, body?: unknown, more: CallOptions = {}): Promise<Answer> =>
  h.call(method, path, body, { token: own.token, ...more });
const subscribe = (topic: string, address: string): Promise<Answer> => asApp("POST", WEBHOOKS, { webhook: { topic, address } });
const ADDRESS = "https://app.example.com/hooks";

/** What Node itself could not read. */
function sendBytes(bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(h.origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n");
      resolve({ status: Number(/ (\d+) /.exec(head)?.[1]), headers: new Headers(), text: body, body: JSON.parse(body) });
    });
  });
}

async function ended(): Promise<Answer> {
  const made = await h.call("POST", `${P}/replays`, { filter: { shop: SHOP } });
  const path = `${P}/replays/${made.body.replay.id}`;
  await h.until(path, (answer) => answer.body.replay.state === "done");
  return h.call("POST", `${path}/pause`);
}

async function emptied(): Promise<Answer> {
  const shop = "plain-errors.genmystore.com";
  await h.call("POST", `${P}/shops`, { domain: shop });
  const { token } = await h.installOn(shop);
  for (;;) {
    const answer = await h.call("GET", `${WEBHOOKS}/count`, undefined, { token });
    if (answer.status === 429) return answer;
  }
}

/** From another address, so that nobody else here has to wait. */
async function guessed(): Promise<Answer> {
  const headers = { "X-Forwarded-For": "203.0.113.77" };
  for (;;) {
    const answer = await h.call("GET", `${P}/shops`, undefined, { key: "guess", headers });
    if (answer.status === 429) return answer;
  }
}

async function full(): Promise<Answer> {
  const shop = "full.genmystore.com";
  const webhooks = Array.from({ length: 100 }, (_, index) => ({ topic: "orders/create", address: `${ADDRESS}/${index}` }));
  const app = await h.install({ webhooks }, shop, ["write_apps", "read_orders"]);
  return h.call("POST", WEBHOOKS, { webhook: { topic: "orders/create", address: ADDRESS } }, { token: app.token });
}

async function unsubscribed(): Promise<Answer> {
  const id = (await subscribe("orders/paid", `${ADDRESS}/gone`)).body.webhook.id as number;
  await asApp("POST", `${WEBHOOKS}/${id}/pause`);
  const event = await h.publish("orders/paid", ORDER, { shop: SHOP });
  const shown = await h.call("GET", `${P}/events/${event.body.event.id}`);
  await asApp("DELETE", `${WEBHOOKS}/${id}`);
  const path = `${P}/deliveries/${shown.body.event.deliveries[0].id}`;
  await h.until(path, (answer) => answer.body.delivery.state === "cancelled");
  return h.call("POST", `${path}/replay`);
}

async function reused(): Promise<Answer> {
  await h.publish("orders/create", ORDER, { shop: SHOP, idempotencyKey: "k" });
  return h.publish("orders/create", { order: { id: 2 } }, { shop: SHOP, idempotencyKey: "k" });
}

const text = (type: string): CallOptions => ({ raw: "{}", headers: { "Content-Type": type } });

const PROVOKED: Readonly<Partial<Record<ErrorCode, () => Promise<Answer>>>> = {
  malformed_json: () => asApp("POST", WEBHOOKS, undefined, { raw: '{"webhook":{"topic":"orders' }),
  malformed_request: () => sendBytes("HELLO\r\n\r\n"),
  malformed_query: () => asApp("GET", `${WEBHOOKS}?pageToken=e30&topic=orders/create`),
  token_missing: () => h.call("GET", WEBHOOKS, undefined, { key: null }),
  token_invalid: () => h.call("GET", WEBHOOKS, undefined, { token: "gat_nobody_has_this_one" }),
  scope_missing: async () =>
    h.call("DELETE", "/api/202412/oauth2/uninstall", undefined, { token: (await h.installOn(SHOP, {}, [])).token }),
  topic_scope_missing: async () => {
    const { token } = await h.installOn(SHOP, {}, ["write_apps"]);
    return h.call("POST", WEBHOOKS, { webhook: { topic: "orders/create", address: ADDRESS } }, { token });
  },
  not_found: () => asApp("GET", `${WEBHOOKS}/1`),
  unknown_version: () => h.call("GET", "/api/199901/app/webhooks"),
  method_not_allowed: () => h.call("PATCH", WEBHOOKS),
  already_exists: () => h.call("POST", `${P}/shops`, { domain: SHOP }),
  webhook_not_active: () => asApp("POST", `${WEBHOOKS}/${webhook}/test`),
  webhook_not_numbered: () => asApp("GET", `${WEBHOOKS}/${webhook}/events`),
  secret_step_refused: () => h.call("POST", `${P}/apps/${own.clientId}/secrets`, { kind: "signing", step: "use" }),
  webhook_exists: () => subscribe("orders/create", ADDRESS),
  idempotency_key_reused: reused,
  delivery_pending: () => h.call("POST", `${P}/deliveries/${delivery}/replay`),
  not_blocking: () => h.call("POST", `${P}/deliveries/${delivery}/skip`),
  nothing_to_probe: async () => {
    const shown = await h.call("GET", `${P}/webhooks/${webhook}`);
    return h.call("POST", `${P}/endpoints/${shown.body.webhook.endpointId}/probe`);
  },
  replay_ended: ended,
  replay_refused: unsubscribed,
  body_too_large: () => asApp("POST", WEBHOOKS, undefined, { raw: " ".repeat(70_000) }),
  unsupported_media_type: () => asApp("POST", WEBHOOKS, undefined, text("text/plain")),
  missing_member: () => asApp("POST", WEBHOOKS, { webhook: { topic: "orders/create" } }),
  unknown_member: () => asApp("POST", WEBHOOKS, { webhook: { topic: "orders/create", address: ADDRESS, format: "json" } }),
  duplicate_member: () => asApp("POST", WEBHOOKS, undefined, { raw: '{"webhook":{"topic":"orders/create","topic":"orders/paid"}}' }),
  invalid_member: () => asApp("POST", WEBHOOKS, { webhook: { topic: 5, address: ADDRESS } }),
  invalid_filter: () =>
    asApp("POST", "/api/202412/app/filters/test", { topic: "orders/create", filter: 'order.financialStatus == "paid"' }),
  payload_mismatch: () => h.publish("orders/create", { order: {} }, { shop: SHOP }),
  unknown_topic: () => h.publish("orders/made", {}, { shop: SHOP }),
  topic_made_by_genhook: () => h.publish("app/uninstalled", { uninstalled: {} }, { shop: SHOP }),
  topic_not_subscribable: () => subscribe("shop/redact", ADDRESS),
  client_id_required: () => h.publish("appSubscriptions/update", {}, { shop: SHOP }),
  unknown_shop: () => h.publish("orders/create", ORDER, { shop: "suns-shop-2.genmystore.com" }),
  unknown_app: () => h.publish("appSubscriptions/update", {}, { shop: SHOP, clientId: "0".repeat(32) }),
  address_malformed: () => subscribe("orders/create", "app.example.com/hooks"),
  address_not_https: () => subscribe("orders/create", "http://app.example.com/hooks"),
  address_has_user_info: () => subscribe("orders/create", "https://me@app.example.com/hooks"),
  address_has_fragment: () => subscribe("orders/create", `${ADDRESS}#here`),
  address_too_long: () => subscribe("orders/create", `${ADDRESS}/${"a".repeat(2_181)}`),
  address_refused: () => subscribe("orders/create", "https://localhost/hooks"),
  too_many_webhooks: full,
  too_many_items: () =>
    h.call(
      "POST",
      `${P}/events`,
      Array.from({ length: 1_200 }, () => ({})),
    ),
  headers_too_large: () => sendBytes(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${"a".repeat(20_000)}\r\n\r\n`),
  rate_limited: emptied,
  too_many_wrong_keys: guessed,
};

/** Codes that need a store that fails, a minute of silence, or a thousand webhooks: where they are provoked instead. */
const ELSEWHERE: Readonly<Partial<Record<ErrorCode, string>>> = {
  request_timeout: "http-server.test: needs a request that takes too long",
  history_gone: "decisions.test: needs retention to pass",
  not_installed: "subscriptions.test: an uninstall between two steps of one call",
  numbers_gone: "catch-up.test: needs retention to pass",
  too_many_holds: "holds.test: needs a thousand of them",
  too_many_matches: "publisher.test: needs more webhooks than the other limits let through",
  internal_error: "http-server.test: needs a fault of ours",
  overloaded: "http-server.test: needs a store that is down",
};

test("no code of the table is forgotten, here or elsewhere", () => {
  const known = [...Object.keys(PROVOKED), ...Object.keys(ELSEWHERE)].toSorted();
  expect(known).toEqual(Object.keys(ERRORS).toSorted());
});

/** Words without the names and numbers in them. */
function wordsOf(body: ErrorBody, prefix = ""): string {
  return body.error
    .replaceAll(/"[^"]*"|\S*\.genmystore\.com|dlv_\S+|[0-9A-Fa-f]{8}-[0-9a-f-]{27}|[0-9A-Fa-f]{32}|\d+/g, "_")
    .replaceAll(prefix, "");
}

test.each(Object.entries(PROVOKED))("%s", async (code, provoke) => {
  if (!isErrorCode(code)) throw new Error(`${code} is no code`);
  const answer = await provoke();
  const body = answer.body as ErrorBody;
  const prefix = body.member?.startsWith("webhook.") === true ? "webhook." : "";
  const example = errorExample(code, prefix);
  expect([answer.status, body.code]).toEqual([ERRORS[code].status, code]);
  expect(Object.keys(body)).toEqual(Object.keys(example));
  expect([wordsOf(body, "webhook."), body.member]).toEqual([wordsOf(example, "webhook."), example.member]);
});
