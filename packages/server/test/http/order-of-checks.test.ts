import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, type Answer, type Installed } from "../harness.ts";

/**
 * The contract names one order in which a call is checked. Each failure here can be provoked beside each other one; whichever pair is
 * provoked at once, the one that comes first in the contract is the answer.
 */
const FAILURES = [
  { name: "version", answer: [404, "unknown_version"] },
  { name: "method", answer: [405, "method_not_allowed"] },
  { name: "token", answer: [401, "token_invalid"] },
  { name: "bucket", answer: [429, "rate_limited"] },
  { name: "scope", answer: [403, "scope_missing"] },
  { name: "id", answer: [404, "not_found"] },
  { name: "size", answer: [413, "body_too_large"] },
  { name: "mediaType", answer: [415, "unsupported_media_type"] },
  { name: "json", answer: [400, "malformed_json"] },
  { name: "members", answer: [422, "unknown_member"] },
  { name: "topicScope", answer: [403, "topic_scope_missing"] },
  { name: "conflict", answer: [409, "webhook_exists"] },
] as const;
type Name = (typeof FAILURES)[number]["name"];

const h = new Harness();
const ADDRESS = "https://app.example.com/hooks";
const PLAIN = "plain.genmystore.com";
const ROOMY = "roomy.genmystore.com";
/** By shop: an installation that may do everything but has lost the scope of discounts/*, and one that may not write. */
const installed = new Map<string, { readonly full: Installed; readonly reader: Installed; readonly id: number }>();

beforeAll(async () => {
  await h.start();
  await h.call("POST", "/platform/v1/shops", { domain: PLAIN });
  await h.call("POST", "/platform/v1/shops", { domain: ROOMY, plan: "advanced" });
  for (const shop of [PLAIN, ROOMY]) {
    const scopes = ["read_orders", "write_apps"];
    const full = await h.installOn(shop, {}, [...scopes, "read_discounts"]);
    await h.subscribe(full, "discounts/create", ADDRESS);
    await h.subscribe(full, "orders/create", ADDRESS);
    const id = await h.subscribe(full, "orders/paid", ADDRESS);
    await h.call("PUT", `/platform/v1/installations/${full.clientId}/${shop}`, { scopes });
    installed.set(shop, { full, reader: await h.installOn(shop, {}, ["read_orders"]), id });
  }
});
afterAll(() => h.stop());

/** Makes one call in which all of these things are wrong. */
async function provoke(wrong: ReadonlySet<Name>): Promise<Answer> {
  const own = installed.get(wrong.has("bucket") ? PLAIN : ROOMY);
  if (own === undefined) throw new Error("nothing is installed");
  const caller = wrong.has("scope") ? own.reader : own.full;
  const token = wrong.has("token") ? "nobody" : caller.token;
  const topic = wrong.has("topicScope") ? "discounts/create" : "orders/create";
  // A PUT of these onto another webhook is a conflict with the one that has them.
  const address = wrong.has("conflict") ? ADDRESS : `${ADDRESS}/free`;
  let raw = JSON.stringify({ webhook: { topic, address, ...(wrong.has("members") ? { unknown: 1 } : {}) } });
  if (wrong.has("json")) raw = raw.slice(0, -1);
  if (wrong.has("size")) raw += " ".repeat(70_000);
  const id = wrong.has("id") ? "12345" : wrong.has("scope") ? own.id : own.id;
  const path = `/api/${wrong.has("version") ? "199901" : "202412"}/app/webhooks/${id}`;
  const headers = { "Content-Type": wrong.has("mediaType") ? "text/plain" : "application/json" };
  const method = wrong.has("method") ? "PATCH" : "PUT";
  for (;;) {
    if (wrong.has("bucket")) await empty(caller.token);
    const answer = await h.call(method, path, undefined, { token, raw, headers });
    // A bucket that has gained a token between the two calls is emptied again.
    const isDecidedEarlier = wrong.has("version") || wrong.has("method") || wrong.has("token");
    if (!wrong.has("bucket") || answer.status === 429 || isDecidedEarlier) return answer;
  }
}

async function empty(token: string): Promise<void> {
  for (;;) {
    const { status } = await h.call("GET", "/api/202412/oauth2/access_scopes", undefined, { token });
    if (status === 429) return;
  }
}

const pairs = FAILURES.flatMap((first, index) =>
  FAILURES.slice(index + 1).map((second): [Name, Name, readonly unknown[]] => [first.name, second.name, first.answer]),
);

test.each(FAILURES.map(({ name, answer }): [Name, readonly unknown[]] => [name, answer]))("%s alone", async (name, expected) => {
  const answer = await provoke(new Set([name]));
  expect([answer.status, answer.body.code]).toEqual(expected);
});

test.each(pairs)("%s before %s", async (first, second, expected) => {
  const answer = await provoke(new Set([first, second]));
  expect([answer.status, answer.body.code]).toEqual(expected);
});

test("everything wrong at once is peeled off one by one, in order", async () => {
  const wrong = new Set<Name>(FAILURES.map(({ name }) => name));
  for (const { name, answer: expected } of FAILURES) {
    const answer = await provoke(wrong);
    expect([name, answer.status, answer.body.code]).toEqual([name, ...expected]);
    wrong.delete(name);
  }
  expect((await provoke(new Set())).status).toBe(200);
});

test("a call without a body has none to complain of, unless it is large", async () => {
  const own = installed.get(ROOMY);
  const path = `/api/202412/app/webhooks/${own?.id}/pause`;
  const token = own?.full.token ?? "";
  expect((await h.call("POST", path, undefined, { token, raw: "not JSON", headers: { "Content-Type": "text/plain" } })).status).toBe(200);
  expect((await h.call("POST", path, undefined, { token, raw: " ".repeat(70_000) })).status).toBe(413);
  const empty = await h.call("PUT", `/api/202412/app/webhooks/${own?.id}`, undefined, { token });
  expect([empty.status, empty.body.code]).toEqual([400, "malformed_json"]);
});
