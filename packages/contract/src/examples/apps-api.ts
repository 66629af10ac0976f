import type { CallExample } from "./call-example.ts";
import * as story from "./story.ts";

const { CLIENT_ID, DELIVERY_ENTRY, REPLAY_ENTRY, SHOP, TOKEN_ENTRY, LINK_ENTRY } = story;
const { declaration: _declaration, ...OWN_APP } = story.APP_ENTRY;
const WEBHOOK = { id: String(story.WEBHOOK_ID) };
const ENDPOINT = { id: story.ENDPOINT_ENTRY.id };
const DELIVERY = { id: story.DELIVERY_ID };
const REPLAY = { id: REPLAY_ENTRY.id };
const LINK = { id: LINK_ENTRY.id };
const OWN_REPLAY = { ...REPLAY_ENTRY, madeBy: `app ${CLIENT_ID} token 01942a7e-11c0-7a22-8d3e-4f5a6b7c8d9e` };
const WEBHOOK_ENTRY = {
  ...story.WEBHOOK_ENTRY,
  uuid: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
  shop: SHOP,
  clientId: CLIENT_ID,
  endpointId: story.ENDPOINT_ENTRY.id,
  declared: false,
  held: null,
};
const DETAILS = {
  ...story.ENDPOINT_ENTRY,
  backlog: { pending: 57, more: false, oldestPendingAt: "2025-01-01T09:58:12.004Z" },
};
const TEST_DELIVERY = { id: story.DELIVERY_ID, eventId: story.EVENT_ID };

const accessExamples: Readonly<Record<string, CallExample>> = {
  createAppToken: {
    body: { clientId: CLIENT_ID, clientSecret: story.SHOWN_ONCE.clientSecret },
    answer: { token: { token: story.APP_TOKEN, ...TOKEN_ENTRY } },
  },
  openPortalLink: {
    params: LINK,
    body: { code: story.LINK_CODE },
    answer: {
      token: { token: story.APP_TOKEN, clientId: CLIENT_ID, shop: SHOP, can: LINK_ENTRY.can, expiresAt: LINK_ENTRY.expiresAt },
    },
  },
  getAppToken: { answer: { token: TOKEN_ENTRY } },
  revokeAppToken: { answer: {} },
  getOwnApp: { answer: { app: OWN_APP } },
  rotateAppSecret: {
    body: { kind: "signing", step: "stage" },
    answer: {
      secret: {
        id: "9b2f6c1a-0d3e-4f58-a7b9-c8d7e6f5a403",
        kind: "signing",
        state: "staged",
        createTime: "2025-01-02T10:00:00.000Z",
        secret: "whsec_3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=",
      },
    },
  },
  listAppInstallations: { query: { limit: "50" }, answer: { installations: [story.INSTALLATION_ENTRY] } },
};

const webhookExamples: Readonly<Record<string, CallExample>> = {
  createAppWebhook: {
    body: { webhook: { shop: SHOP, topic: "orders/create", address: story.ADDRESS } },
    answer: { webhook: WEBHOOK_ENTRY },
  },
  listAppWebhooks: { query: { shop: SHOP, status: "active" }, answer: { webhooks: [WEBHOOK_ENTRY] } },
  getAppWebhook: { params: WEBHOOK, answer: { webhook: WEBHOOK_ENTRY } },
  catchUpAppWebhook: {
    params: WEBHOOK,
    query: { after: "41", limit: "100", wait: "30s" },
    answer: { events: [story.CAUGHT_UP, { ...story.NUMBERED_NEXT, state: "erased", reason: "redacted" }], last: 43 },
  },
  changeAppWebhook: {
    params: WEBHOOK,
    body: { filter: "order.totalPrice > 100" },
    answer: { webhook: { ...WEBHOOK_ENTRY, filter: "order.totalPrice > 100" } },
  },
  deleteAppWebhook: { params: WEBHOOK, answer: {} },
  pauseAppWebhook: { params: WEBHOOK, answer: { webhook: { ...WEBHOOK_ENTRY, status: "paused" } } },
  resumeAppWebhook: { params: WEBHOOK, answer: { webhook: WEBHOOK_ENTRY } },
  testAppWebhook: { params: WEBHOOK, answer: { webhook: WEBHOOK_ENTRY, delivery: TEST_DELIVERY } },
  testAppFilter: {
    body: { topic: "orders/create", filter: 'order.financialStatus = "paid"' },
    answer: {
      test: {
        matches: false,
        reason: "filter_not_matched",
        detail: 'order.financialStatus is "pending".',
        apiVersion: "202412",
        payload: null,
      },
    },
  },
  listAppEndpoints: { query: { state: "failing" }, answer: { endpoints: [story.ENDPOINT_ENTRY] } },
  getAppEndpoint: { params: ENDPOINT, answer: { endpoint: DETAILS } },
  probeAppEndpoint: { params: ENDPOINT, answer: { endpoint: { ...DETAILS, nextProbeAt: "2025-01-02T15:00:00.000Z" } } },
  resumeAppEndpoint: {
    params: ENDPOINT,
    answer: { endpoint: { ...DETAILS, ...story.WELL_AGAIN, webhooks: { ...story.ENDPOINT_ENTRY.webhooks, active: 12, suspended: 0 } } },
  },
};

const deliveryExamples: Readonly<Record<string, CallExample>> = {
  listAppDeliveries: { query: { state: "dead", shop: SHOP }, answer: { deliveries: [DELIVERY_ENTRY] } },
  getAppDelivery: { params: DELIVERY, answer: { delivery: { ...DELIVERY_ENTRY, sequence: null, attempts: story.ATTEMPT_ENTRIES } } },
  getAppDeliveryPayload: { params: DELIVERY, answer: { payload: story.PAYLOAD } },
  listAppBlockedKeys: { query: { shop: SHOP }, answer: { blockedKeys: [story.BLOCKED_KEY_ENTRY] } },
  skipAppDelivery: { params: DELIVERY, answer: { delivery: story.DEAD_ENTRY } },
  replayAppDelivery: { params: DELIVERY, answer: { delivery: story.REPLAYED_ENTRY } },
  createAppReplay: {
    body: { filter: { state: "dead", shop: SHOP }, ratePerSecond: 20 },
    answer: { replay: { ...OWN_REPLAY, matched: 0, counted: false, done: 0, reopened: 0, updateTime: REPLAY_ENTRY.createTime } },
  },
  listAppReplays: { query: { limit: "50" }, answer: { replays: [OWN_REPLAY] } },
  getAppReplay: { params: REPLAY, answer: { replay: OWN_REPLAY } },
  pauseAppReplay: { params: REPLAY, answer: { replay: { ...OWN_REPLAY, state: "paused" } } },
  resumeAppReplay: { params: REPLAY, answer: { replay: OWN_REPLAY } },
  cancelAppReplay: { params: REPLAY, answer: { replay: { ...OWN_REPLAY, state: "cancelled" } } },
  getAppDecisions: {
    params: { id: story.EVENT_ID },
    answer: {
      decisions: [
        {
          webhookId: story.WEBHOOK_ID,
          clientId: CLIENT_ID,
          address: story.ADDRESS,
          decision: "owed",
          reason: "matched",
          detail: null,
          deliveryId: story.DELIVERY_ID,
        },
      ],
    },
  },
  getAppStats: {
    query: { step: "1h", shop: SHOP },
    answer: {
      series: [
        { at: "2024-12-30T23:00:00.000Z", published: 120, delivered: 236, failed: 9, dead: 0, cancelled: 1, p50Ms: 50, p99Ms: 2_000 },
      ],
      now: { pending: 3, held: 0, oldestPendingAt: "2024-12-31T00:00:00.000Z" },
    },
  },
  listAppTopics: { answer: { topics: [story.TOPIC_ENTRY] } },
};

/** What app developers call over all shops of their app. */
export const appsExamples: Readonly<Record<string, CallExample>> = { ...accessExamples, ...webhookExamples, ...deliveryExamples };

/** How operators let them in. */
export const linkExamples: Readonly<Record<string, CallExample>> = {
  createPortalLink: {
    body: { clientId: CLIENT_ID, shop: SHOP, can: ["read", "replay"], minutes: 15, frameAncestors: LINK_ENTRY.frameAncestors },
    answer: {
      id: LINK_ENTRY.id,
      url: `https://hooks.example.com/portal-links/${LINK_ENTRY.id}#${story.LINK_CODE}`,
      expiresAt: LINK_ENTRY.expiresAt,
    },
  },
  listPortalLinks: { query: { clientId: CLIENT_ID }, answer: { portalLinks: [LINK_ENTRY] } },
  revokePortalLink: { params: LINK, answer: {} },
};
