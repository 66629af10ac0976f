import { TOPICS } from "@genhook/contract";
import type { ScriptedApi } from "./harness.ts";

/** As it stands on the wire: an entry may have more members by now than are of interest here. */
type Entry = Readonly<Record<string, unknown>>;

const P = "/platform/v1";
const CLIENT_ID = "DE30DE30DE30DE30DE30DE30DE30DE30";
const SHOP = {
  domain: "linen.genmystore.com",
  shopId: "4022054969604",
  plan: "advanced",
  createTime: "2026-01-12T12:00:00.000Z",
  updateTime: "2026-01-15T11:48:00.000Z",
};

function delivery(change: Entry): Entry {
  return {
    id: "dlv_01a2147b362f719397b05e0be20012d1_8589934859",
    eventId: "01a2147b-362f-7193-97b0-5e0be20012d1",
    webhookId: 8_589_934_859,
    endpointId: "ep_5f2c8a1e7b3d4c6f9a0b1c2d",
    shop: SHOP.domain,
    clientId: CLIENT_ID,
    topic: "orders/create",
    address: "https://app.example/hooks/genstore?tenant=linen",
    state: "delivered",
    reason: null,
    round: 1,
    attemptCount: 1,
    nextAttemptAt: null,
    lastStatus: 200,
    lastError: null,
    createTime: "2026-01-15T11:57:00.000Z",
    updateTime: "2026-01-15T11:57:01.000Z",
    ...change,
  };
}

function attempt(n: number, at: string, change: Entry): Entry {
  return {
    n,
    round: 1,
    at,
    address: "https://app.example/hooks/genstore?tenant=linen",
    durationMs: 12,
    requestHeaders: {},
    responseHeaders: {},
    responseBody: null,
    ...change,
  };
}

const PENDING = delivery({
  id: "dlv_pending",
  state: "pending",
  attemptCount: 3,
  nextAttemptAt: "2026-01-15T12:09:41.000Z",
  lastStatus: null,
  lastError: "timeout",
});
const DEAD = delivery({
  id: "dlv_dead",
  state: "dead",
  reason: "attempts_exhausted",
  attemptCount: 8,
  lastStatus: 500,
  updateTime: "2026-01-15T11:59:00.000Z",
});
const HOSTILE = delivery({
  id: "dlv_01a2147b362f719397b05e0be20012d1_8589934860",
  address: "https://app.example/\u001b]0;owned\u0007\u202Egnp.exe",
  state: "cancelled",
  reason: "unsubscribed",
  lastStatus: null,
});
const PENDING_ATTEMPTS = [
  attempt(1, "2026-01-15T11:57:00.050Z", {
    status: 503,
    durationMs: 12,
    responseHeaders: { "retry-after": "30" },
    responseBody: "<h1>Back soon</h1>\n\u001b[2J",
  }),
  attempt(2, "2026-01-15T11:57:31.000Z", { status: 302, durationMs: 350, responseHeaders: { location: "https://app.example/login" } }),
  attempt(3, "2026-01-15T11:59:40.000Z", {
    error: "timeout",
    durationMs: 5_003,
    detail: "no response headers after 5000 ms",
    address: "https://old.example/hooks",
  }),
];

/** Everything that the golden cases ask for. */
export function script(api: ScriptedApi): ScriptedApi {
  scriptEntries(api);
  scriptDeliveries(api);
  return api;
}

function scriptEntries(api: ScriptedApi): void {
  const other = { ...SHOP, domain: "a-shop-with-a-longer-name.genmystore.com", plan: "none", updateTime: SHOP.createTime };
  api.on(`GET ${P}/shops`, { body: { shops: [SHOP, other] } });
  api.on(`GET ${P}/shops?limit=1`, { body: { shops: [SHOP] }, headers: { Link: '<http://x/?limit=1&pageToken=t>; rel="next"' } });
  api.on(`GET ${P}/shops/linen.genmystore.com`, { body: { shop: SHOP } });
  api.on(`GET ${P}/shops/nowhere.genmystore.com`, {
    status: 404,
    body: { error: "There is no shop nowhere.genmystore.com.", code: "not_found" },
  });
  api.on(`POST ${P}/shops`, {
    status: 409,
    body: { error: "There is a shop linen.genmystore.com already.", code: "already_exists", member: "domain" },
  });
  api.on(`PUT ${P}/shops/linen.genmystore.com`, {
    status: 422,
    body: { error: "shopId must be an id.", code: "invalid_member", member: "shopId" },
  });
  const app = {
    clientId: CLIENT_ID,
    name: "Stock sync",
    apiVersion: "202412",
    webhooks: [],
    complianceWebhooks: {},
    listed: false,
    contact: {},
    createTime: SHOP.createTime,
    updateTime: SHOP.createTime,
  };
  api.on(`POST ${P}/apps`, { status: 201, body: { app: { ...app, clientSecret: "c0ffee", signingSecret: "whsec_c2VjcmV0" } } });
  api.on(`DELETE ${P}/apps/${CLIENT_ID}`, { body: {} });
  api.on(`GET ${P}/topics`, { body: { topics: TOPICS } });
  api.on(`GET ${P}/keys`, { status: 401, body: { error: "The key is not in force.", code: "token_invalid" } });
  api.on(`POST ${P}/keys`, { status: 403, body: { error: "The key's role read does not allow this.", code: "scope_missing" } });
  const webhook = {
    id: 8_589_934_859,
    topic: "orders/create",
    address: "https://app.example/hooks",
    createTime: SHOP.createTime,
    updateTime: SHOP.updateTime,
    status: "active",
    statusReason: null,
    apiVersion: "202412",
  };
  api.on("GET /api/202412/app/webhooks", {
    body: {
      webhooks: [webhook, { ...webhook, id: 8_589_934_860, topic: "orders/paid", status: "suspended", statusReason: "endpoint_failing" }],
    },
  });
  api.on("POST /api/202412/app/webhooks", {
    status: 422,
    body: { error: 'There is no topic "orders/creat".', code: "unknown_topic", member: "webhook.topic" },
  });
  const zero = { published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, p50Ms: null, p99Ms: null };
  api.on(`GET ${P}/stats`, {
    body: {
      series: [
        { ...zero, at: "2026-01-15T11:58:00.000Z", published: 1_204, delivered: 2_400, failed: 12, dead: 1, p50Ms: 10, p99Ms: 2_000 },
        { ...zero, at: "2026-01-15T11:59:00.000Z", published: 3 },
      ],
      now: { pending: 1_017, held: 12, oldestPendingAt: "2026-01-15T11:40:00.000Z" },
    },
  });
  api.on(`GET ${P}/stats?shop=quiet.genmystore.com`, { body: { series: [], now: { pending: 0, held: 0, oldestPendingAt: null } } });
}

function scriptDeliveries(api: ScriptedApi): void {
  api.on(`GET ${P}/deliveries`, ({ call }) => ({
    body: { deliveries: call.includes("state=dead") ? [DEAD] : [delivery({}), DEAD, PENDING, HOSTILE] },
  }));
  api.on(`GET ${P}/deliveries/dlv_pending`, { body: { delivery: { ...PENDING, attempts: PENDING_ATTEMPTS } } });
  const due = { ...PENDING, id: "dlv_due", attemptCount: 0, lastStatus: null, lastError: null, nextAttemptAt: "2026-01-15T11:00:00.000Z" };
  api.on(`GET ${P}/deliveries/dlv_due`, { body: { delivery: { ...due, attempts: [] } } });
  const eight = Array.from({ length: 8 }, (_, index) =>
    attempt(index + 1, `2026-01-14T1${index}:00:00.000Z`, { status: index % 2 === 0 ? 500 : 404, durationMs: 90 }),
  );
  api.on(`GET ${P}/deliveries/dlv_dead`, { body: { delivery: { ...DEAD, attempts: eight } } });
  api.on(`GET ${P}/deliveries/dlv_delivered`, {
    body: { delivery: { ...delivery({ id: "dlv_delivered" }), attempts: [attempt(1, "2026-01-15T11:57:00.050Z", { status: 200 })] } },
  });
  api.on(`POST ${P}/deliveries/dlv_dead/replay`, { status: 202, body: { delivery: { ...DEAD, state: "pending", round: 2 } } });
  const event = { id: "01a2147b-362f-7193-97b0-5e0be20012d1", shop: SHOP.domain, topic: "orders/create", apiVersion: "202412" };
  const times = { triggeredAt: "2026-01-15T11:57:00.000000000Z", createTime: "2026-01-15T11:57:00.000000000Z" };
  api.on(`GET ${P}/events/${event.id}`, {
    // As text: a 64-bit id and trailing zeros must come out as they went in.
    body: `{"event":${JSON.stringify({ ...event, ...times, erased: false }).slice(0, -1)},"deliveries":${JSON.stringify([delivery({}), PENDING])},"payload":{"order":{"id":9223372036854775807,"total":12.00}}}}`,
  });
  const decision = {
    webhookId: 8_589_934_859,
    clientId: CLIENT_ID,
    address: "https://app.example/hooks",
    decision: "owed",
    reason: "matched",
    detail: null,
    deliveryId: delivery({})["id"],
  };
  api.on(`GET ${P}/events/${event.id}/decisions`, {
    body: { decisions: [decision, { ...decision, webhookId: 8_589_934_860, decision: "not_owed", reason: "filtered", deliveryId: null }] },
  });
  api.on(`POST ${P}/events`, { status: 202, body: { event: { id: event.id, deliveries: 2, duplicate: false } } });
}
