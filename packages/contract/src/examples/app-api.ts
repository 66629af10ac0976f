import type { CallExample } from "./call-example.ts";
import * as story from "./story.ts";

const { ADDRESS, WEBHOOK_ENTRY } = story;
const ID = { id: String(story.WEBHOOK_ID) };
const DELIVERY = { id: story.DELIVERY_ID };

export const appExamples: Readonly<Record<string, CallExample>> = {
  createWebhook: { body: { webhook: { topic: "orders/create", address: ADDRESS } }, answer: { webhook: WEBHOOK_ENTRY } },
  listWebhooks: { query: { topic: "orders/create", limit: "50" }, answer: { webhooks: [WEBHOOK_ENTRY] } },
  countWebhooks: { query: { topic: "orders/create" }, answer: { count: 1 } },
  getWebhook: { params: ID, answer: { webhook: WEBHOOK_ENTRY } },
  updateWebhook: {
    params: ID,
    body: { webhook: { address: "https://app.example.com/v2/orders", filter: "order.totalPrice > 100" } },
    answer: { webhook: { ...WEBHOOK_ENTRY, address: "https://app.example.com/v2/orders", filter: "order.totalPrice > 100" } },
  },
  deleteWebhook: { params: ID, answer: {} },
  pauseWebhook: { params: ID, answer: { webhook: { ...WEBHOOK_ENTRY, status: "paused" } } },
  resumeWebhook: { params: ID, answer: { webhook: WEBHOOK_ENTRY } },
  testWebhook: { params: ID, answer: { webhook: WEBHOOK_ENTRY, delivery: { id: story.DELIVERY_ID, eventId: story.EVENT_ID } } },
  catchUp: {
    params: ID,
    query: { after: "41", limit: "100", wait: "30s" },
    answer: { events: [story.CAUGHT_UP, { ...story.NUMBERED_NEXT, state: "erased", reason: "redacted" }], last: 43 },
  },
  testOwnFilter: {
    body: { filter: "order.totalPrice > 100", fields: ["order.id", "order.totalPrice"], payload: story.PAYLOAD },
    answer: {
      test: {
        matches: true,
        reason: "matched",
        detail: null,
        apiVersion: "202412",
        payload: { order: { id: "300157930096874", totalPrice: "409.94" } },
      },
    },
  },
  listOwnDeliveries: { query: { state: "dead", createTimeMin: "2024-12-30T00:00:00Z" }, answer: { deliveries: [story.DELIVERY_ENTRY] } },
  getOwnDelivery: { params: DELIVERY, answer: { delivery: { ...story.DELIVERY_ENTRY, sequence: null, attempts: story.ATTEMPT_ENTRIES } } },
  listOwnBlockedKeys: { query: { limit: "50" }, answer: { blockedKeys: [story.BLOCKED_KEY_ENTRY] } },
  skipOwnDelivery: { params: DELIVERY, answer: { delivery: story.DEAD_ENTRY } },
  replayOwnDelivery: { params: DELIVERY, answer: { delivery: story.REPLAYED_ENTRY } },
  getScopes: { answer: { accessScopes: ["read_orders", "write_apps"] } },
  uninstall: { answer: {} },
};
