import type { CallExample } from "./call-example.ts";
import * as story from "./story.ts";

const { ADDRESS, APP_ENTRY, CLIENT_ID, DELIVERY_ENTRY, INSTALLATION_ENTRY, KEY_ENTRY, REPLAY_ENTRY, SHOP, SHOP_ENTRY } = story;
const DOMAIN = { domain: SHOP };
const APP = { clientId: CLIENT_ID };
const INSTALLATION = { clientId: CLIENT_ID, shop: SHOP };
const EVENT = { id: story.EVENT_ID };
const DELIVERY = { id: story.DELIVERY_ID };
const REPLAY = { id: REPLAY_ENTRY.id };

const DECLARED = APP_ENTRY.webhooks;

const directoryExamples: Readonly<Record<string, CallExample>> = {
  createShop: { body: { domain: SHOP, plan: "standard" }, answer: { shop: SHOP_ENTRY } },
  listShops: { query: { limit: "50" }, answer: { shops: [SHOP_ENTRY] } },
  getShop: { params: DOMAIN, answer: { shop: SHOP_ENTRY } },
  putShop: { params: DOMAIN, body: { plan: "standard" }, answer: { shop: SHOP_ENTRY } },
  deleteShop: { params: DOMAIN, answer: {} },
  createApp: {
    body: { name: "Order sync", webhooks: DECLARED, complianceWebhooks: APP_ENTRY.complianceWebhooks, contact: APP_ENTRY.contact },
    answer: { app: { ...APP_ENTRY, ...story.SHOWN_ONCE } },
  },
  listApps: { query: { limit: "50" }, answer: { apps: [APP_ENTRY] } },
  getApp: { params: APP, answer: { app: APP_ENTRY } },
  putApp: { params: APP, body: { name: "Order sync", webhooks: DECLARED }, answer: { app: APP_ENTRY } },
  deleteApp: { params: APP, answer: {} },
  rotateSecret: {
    params: APP,
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
  createInstallation: {
    body: { ...INSTALLATION, scopes: ["read_orders", "write_apps"] },
    answer: { installation: { ...INSTALLATION_ENTRY, accessToken: story.ACCESS_TOKEN } },
  },
  listInstallations: { query: { clientId: CLIENT_ID }, answer: { installations: [INSTALLATION_ENTRY] } },
  getInstallation: { params: INSTALLATION, answer: { installation: INSTALLATION_ENTRY } },
  putInstallation: {
    params: INSTALLATION,
    body: { scopes: ["read_orders", "write_apps"] },
    answer: { installation: INSTALLATION_ENTRY },
  },
  deleteInstallation: { params: INSTALLATION, answer: {} },
};

const eventExamples: Readonly<Record<string, CallExample>> = {
  publishEvents: {
    body: {
      shop: SHOP,
      topic: "orders/create",
      payload: story.PAYLOAD,
      triggeredAt: "2024-12-30T23:59:59.123456789Z",
      idempotencyKey: "order-300157930096874-created",
    },
    answer: { event: { id: story.EVENT_ID, deliveries: 1, duplicate: false } },
  },
  getEvent: { params: EVENT, answer: { event: story.EVENT_ENTRY } },
  getDecisions: {
    params: EVENT,
    answer: {
      decisions: [
        {
          webhookId: story.WEBHOOK_ID,
          clientId: CLIENT_ID,
          address: ADDRESS,
          decision: "owed",
          reason: "matched",
          detail: null,
          deliveryId: story.DELIVERY_ID,
        },
      ],
    },
  },
  testFilter: {
    body: { topic: "orders/create", filter: 'order.financialStatus = "paid"', apiVersion: "202412" },
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
  listDeliveries: { query: { state: "dead", shop: SHOP }, answer: { deliveries: [DELIVERY_ENTRY] } },
  getDelivery: { params: DELIVERY, answer: { delivery: { ...DELIVERY_ENTRY, sequence: null, attempts: story.ATTEMPT_ENTRIES } } },
  listBlockedKeys: { query: { clientId: CLIENT_ID }, answer: { blockedKeys: [story.BLOCKED_KEY_ENTRY] } },
  skipDelivery: { params: DELIVERY, answer: { delivery: story.DEAD_ENTRY } },
  replayDelivery: { params: DELIVERY, answer: { delivery: story.REPLAYED_ENTRY } },
  createReplay: {
    body: { filter: REPLAY_ENTRY.filter, ratePerSecond: 20 },
    answer: { replay: { ...REPLAY_ENTRY, matched: 0, counted: false, done: 0, reopened: 0, updateTime: REPLAY_ENTRY.createTime } },
  },
  listReplays: { query: { limit: "50" }, answer: { replays: [REPLAY_ENTRY] } },
  getReplay: { params: REPLAY, answer: { replay: REPLAY_ENTRY } },
  pauseReplay: { params: REPLAY, answer: { replay: { ...REPLAY_ENTRY, state: "paused" } } },
  resumeReplay: { params: REPLAY, answer: { replay: REPLAY_ENTRY } },
  cancelReplay: { params: REPLAY, answer: { replay: { ...REPLAY_ENTRY, state: "cancelled" } } },
};

const otherExamples: Readonly<Record<string, CallExample>> = {
  listTopics: { answer: { topics: [story.TOPIC_ENTRY] } },
  getStats: {
    query: { step: "1h", shop: SHOP },
    answer: {
      series: [
        { at: "2024-12-30T23:00:00.000Z", published: 120, delivered: 236, failed: 9, dead: 0, cancelled: 1, p50Ms: 50, p99Ms: 2_000 },
      ],
      now: { pending: 3, held: 0, oldestPendingAt: "2024-12-31T00:00:00.000Z" },
    },
  },
  listAudit: {
    query: { subject: `app ${CLIENT_ID}` },
    answer: {
      records: [
        {
          id: 42,
          actor: "key first made at the first start",
          action: "putShop",
          subject: `shop ${SHOP}`,
          before: { ...SHOP_ENTRY, plan: "basic" },
          after: SHOP_ENTRY,
          requestId: "6f2f5b3f-7c02-4a0a-8c8b-3f644a0a8c8b",
          createTime: "2024-12-02T10:00:00.000Z",
        },
      ],
    },
  },
  createKey: {
    body: { name: "order service", role: "publish" },
    answer: { key: { ...KEY_ENTRY, key: "gpk_Qm9vdHN0cmFwIGtleSBmb3IgZG9jdW1lbnRhdGlvbiE" } },
  },
  listKeys: { query: { limit: "50" }, answer: { keys: [KEY_ENTRY] } },
  revokeKey: { params: { id: KEY_ENTRY.id }, answer: {} },
};

export const platformExamples: Readonly<Record<string, CallExample>> = { ...directoryExamples, ...eventExamples, ...otherExamples };
