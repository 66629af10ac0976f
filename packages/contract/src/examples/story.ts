/**
 * One story that all examples tell: the shop suns-shop, the app Order sync on it, its webhook for new orders, one order, and what became of
 * its delivery.
 */
export const SHOP = "suns-shop.genmystore.com";
export const CLIENT_ID = "58DAED6AEC7AA1C2C8DFD719E8E06E3A";
export const WEBHOOK_ID = 8_589_934_859;
export const EVENT_ID = "0193f5e2-8c1f-7abc-9def-0123456789ab";
export const DELIVERY_ID = "dlv_0193f5e28c1f7abc9def0123456789ab_8589934859";
export const ADDRESS = "https://app.example.com/hooks/orders";
export const PAYLOAD = { order: { id: "300157930096874", totalPrice: "409.94", financialStatus: "pending" } };

export const SHOP_ENTRY = {
  domain: SHOP,
  shopId: "4022054969604",
  plan: "standard",
  createTime: "2024-12-01T08:00:00.000Z",
  updateTime: "2024-12-01T08:00:00.000Z",
};

const SECRETS = [
  { id: "1f0c5d1e-7c3a-4a53-9d5a-3f1f2f6a9b01", kind: "client", state: "live", createTime: "2024-12-01T08:05:00.000Z" },
  { id: "6a7f9f0e-3f64-4a0a-8c8b-6f2f5b3f7c02", kind: "signing", state: "live", createTime: "2024-12-01T08:05:00.000Z" },
];

export const APP_ENTRY = {
  clientId: CLIENT_ID,
  name: "Order sync",
  apiVersion: "202412",
  webhooks: [{ topic: "orders/paid", address: "https://app.example.com/hooks/paid" }],
  complianceWebhooks: { "customers/redact": "https://app.example.com/hooks/redact" },
  listed: false,
  contact: { email: "dev@example.com" },
  declaration: { version: 1, changeTime: "2024-12-01T08:05:00.000Z", installations: 12, done: 12, missing: 0 },
  secrets: SECRETS,
  createTime: "2024-12-01T08:05:00.000Z",
  updateTime: "2024-12-01T08:05:00.000Z",
};

/** What the answer that makes an app shows beside the entry, once. */
export const SHOWN_ONCE = {
  clientSecret: "0f3c1d9a4b8e7c6d5a2f1e0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b",
  signingSecret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw9ZIo2LaLaSw=",
};

export const INSTALLATION_ENTRY = {
  clientId: CLIENT_ID,
  shop: SHOP,
  scopes: ["read_orders", "write_apps"],
  installedAt: "2024-12-01T09:00:00.000Z",
};
export const ACCESS_TOKEN = "gat_3f56c8bf63277ef253027f1734ab9c2d";

export const WEBHOOK_ENTRY = {
  id: WEBHOOK_ID,
  topic: "orders/create",
  address: ADDRESS,
  createTime: "2024-12-01T09:10:00.000Z",
  updateTime: "2024-12-01T09:10:00.000Z",
  status: "active",
  statusReason: null,
  apiVersion: "202412",
};

/** The same event as a numbered webhook has it, and the one behind it. */
export const CAUGHT_UP = {
  sequence: 42,
  id: EVENT_ID,
  deliveryId: DELIVERY_ID,
  state: "available",
  topic: "orders/create",
  shop: SHOP,
  apiVersion: "202412",
  triggeredAt: "2024-12-30T23:59:59.000000000Z",
  payload: PAYLOAD,
};
export const NUMBERED_NEXT = {
  sequence: 43,
  id: "0193f5e2-9d30-7bcd-8ef0-123456789abc",
  deliveryId: "dlv_0193f5e29d307bcd8ef0123456789abc_8589934859",
};

/** The endpoint of that address, two days into trouble. */
export const ENDPOINT_ENTRY = {
  id: "ep_5b1e0c9d8f7a6b5c4d3e2f10",
  clientId: CLIENT_ID,
  address: ADDRESS,
  host: "app.example.com",
  webhooks: { active: 12, paused: 0, suspended: 0, disabled: 0, held: 0 },
  breaker: "open",
  openedAt: "2024-12-31T02:10:40.120Z",
  nextProbeAt: "2025-01-02T15:04:10.000Z",
  pausedUntil: null,
  concurrency: 1,
  ratePerSecond: null,
  effectiveRatePerSecond: 20,
  failingSince: "2024-12-31T02:09:58.310Z",
  failedAttempts: 391,
  warnedPercent: 50,
  suspendsAt: "2025-01-05T02:09:58.310Z",
  lastSuccessAt: "2024-12-31T02:08:11.904Z",
  lastFailureAt: "2025-01-02T14:54:10.006Z",
  lastStatus: 503,
  lastError: null,
  held: null,
};
export const WELL_AGAIN = {
  breaker: "closed",
  openedAt: null,
  nextProbeAt: null,
  failingSince: null,
  failedAttempts: 0,
  warnedPercent: 0,
  suspendsAt: null,
};

export const HOLD_ENTRY = {
  id: "3f0d2c1b-7a69-4d58-8c47-b6a5948372f1",
  scope: "host",
  subject: "app.example.com",
  reason: "INC-1042: its provider is down",
  madeBy: "key first made at the first start",
  createTime: "2025-01-02T15:00:00.000Z",
  endsAt: "2025-01-02T18:00:00.000Z",
};

export const DELIVERY_ENTRY = {
  id: DELIVERY_ID,
  eventId: EVENT_ID,
  webhookId: WEBHOOK_ID,
  endpointId: "ep_5b1e0c9d8f7a6b5c4d3e2f10",
  shop: SHOP,
  clientId: CLIENT_ID,
  topic: "orders/create",
  address: ADDRESS,
  state: "delivered",
  reason: null,
  round: 1,
  attemptCount: 2,
  nextAttemptAt: null,
  lastStatus: 200,
  lastError: null,
  test: false,
  createTime: "2024-12-30T23:59:59.871Z",
  updateTime: "2024-12-31T00:00:10.214Z",
};
/** The same delivery, opened again. */
export const REPLAYED_ENTRY = {
  ...DELIVERY_ENTRY,
  state: "pending",
  round: 2,
  nextAttemptAt: "2024-12-31T09:00:00.000Z",
  updateTime: "2024-12-31T09:00:00.000Z",
};

/** The same, had none of its attempts succeeded, and the order key that then waits for it. */
export const DEAD_ENTRY = { ...DELIVERY_ENTRY, state: "dead", reason: "attempts_exhausted", attemptCount: 8, lastStatus: 500 };
export const BLOCKED_KEY_ENTRY = {
  orderKey: "order 300157930096874",
  deliveryId: DELIVERY_ID,
  webhookId: WEBHOOK_ID,
  endpointId: DELIVERY_ENTRY.endpointId,
  shop: SHOP,
  clientId: CLIENT_ID,
  since: "2024-12-31T03:42:11.008Z",
  pending: 12,
  more: false,
};

export const REQUEST_HEADERS = {
  "content-type": "application/json",
  "X-Genstore-Topic": "orders/create",
  "X-Genstore-Hmac-Sha256": "4iiJAxAvqvWtPCqXFjTRjqVYVWXfRZdSqgXl4yDLOmM=",
  "X-Genstore-Shop-Domain": SHOP,
  "X-Genstore-Attempt": "1",
  "webhook-id": DELIVERY_ID,
};
const ATTEMPT = { round: 1, address: ADDRESS, requestHeaders: REQUEST_HEADERS };
export const ATTEMPT_ENTRIES = [
  {
    ...ATTEMPT,
    n: 1,
    at: "2024-12-30T23:59:59.902Z",
    durationMs: 5_000,
    error: "timeout",
    responseHeaders: null,
    responseBody: null,
  },
  { ...ATTEMPT, n: 2, at: "2024-12-31T00:00:10.120Z", durationMs: 94, status: 200, responseHeaders: null, responseBody: "ok" },
];

export const EVENT_ENTRY = {
  id: EVENT_ID,
  shop: SHOP,
  topic: "orders/create",
  clientId: null,
  apiVersion: "202412",
  triggeredAt: "2024-12-30T23:59:59.123456789Z",
  createTime: "2024-12-30T23:59:59.871000000Z",
  orderKey: null,
  traceparent: null,
  changed: null,
  test: false,
  erased: false,
  deliveries: [DELIVERY_ENTRY],
  payload: PAYLOAD,
};

export const REPLAY_ENTRY = {
  id: "0193f7d4-1b2c-7def-8abc-0123456789ab",
  state: "running",
  dryRun: false,
  filter: { state: "dead", shop: SHOP, createTimeMin: "2024-12-30T00:00:00Z" },
  ratePerSecond: 20,
  matched: 1_200,
  counted: true,
  done: 340,
  reopened: 338,
  madeBy: "key first made at the first start",
  createTime: "2024-12-31T09:00:00.000Z",
  updateTime: "2024-12-31T09:00:17.000Z",
};

export const KEY_ENTRY = {
  id: "c0a8f1de-5b7c-4b9a-8f0e-1d2c3b4a5f60",
  name: "order service",
  role: "publish",
  createTime: "2024-12-01T08:10:00.000Z",
  revokedTime: null,
};

export const TOPIC_ENTRY = {
  name: "shop/redact",
  domain: "Compliance",
  title: "Requests to delete shop data",
  description: "A shop's data is to be deleted.",
  audience: "compliance",
  scopes: [],
  root: "shopRedact",
  subjects: [],
  madeByGenhook: false,
  versions: {
    "202412": {
      schema: {
        type: "object",
        required: ["shopRedact"],
        properties: { shopRedact: { type: "object", required: ["shopId"], properties: { shopId: { type: "string" } } } },
      },
    },
  },
  sample: { shopRedact: { shopId: "4022054969604", shopDomain: SHOP } },
};

/** App-wide access of its developer, and a link for the same. */
export const TOKEN_ENTRY = {
  clientId: CLIENT_ID,
  shop: null,
  can: ["read", "replay", "edit"],
  expiresAt: "2025-01-02T11:00:00.000Z",
};
export const APP_TOKEN = "gap_Zk2u8x1bq0m5c7v9n3s4t6r8w0y2a1d3f5h7j9k1l3p";
export const LINK_ENTRY = {
  id: "01942a7e-5d10-7c3a-9b1f-2f3e4d5c6b7a",
  clientId: CLIENT_ID,
  shop: SHOP,
  can: ["read", "replay"],
  frameAncestors: ["https://partners.example.com"],
  state: "unopened",
  expiresAt: "2025-01-02T10:15:00.000Z",
  madeBy: "key 5a1e7e6c-2f3e-4d5c-8b7a-9f8e7d6c5b4a ops",
  createTime: "2025-01-02T10:00:00.000Z",
  openTime: null,
  revokedTime: null,
};
export const LINK_CODE = "Q3v0b9c8x7z6l5k4j3h2g1f0d9s8a7p6o5i4u3y2t1r";
