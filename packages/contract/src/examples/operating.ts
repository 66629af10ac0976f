import type { CallExample } from "./call-example.ts";
import * as story from "./story.ts";

const WEBHOOK = { id: String(story.WEBHOOK_ID) };
const ENDPOINT = { id: story.ENDPOINT_ENTRY.id };
const HOLD = { id: story.HOLD_ENTRY.id };
const WEBHOOK_ENTRY = {
  ...story.WEBHOOK_ENTRY,
  uuid: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
  shop: story.SHOP,
  clientId: story.CLIENT_ID,
  endpointId: story.ENDPOINT_ENTRY.id,
  declared: false,
  held: null,
};
const BACKLOG = { pending: 57, more: false, oldestPendingAt: "2025-01-01T09:58:12.004Z" };
const DETAILS = { ...story.ENDPOINT_ENTRY, backlog: BACKLOG };

/** What operators do about endpoints in trouble. */
export const operatingExamples: Readonly<Record<string, CallExample>> = {
  listAllWebhooks: { query: { shop: story.SHOP, status: "active" }, answer: { webhooks: [WEBHOOK_ENTRY] } },
  getAnyWebhook: { params: WEBHOOK, answer: { webhook: WEBHOOK_ENTRY } },
  changeWebhook: { params: WEBHOOK, body: { status: "paused" }, answer: { webhook: { ...WEBHOOK_ENTRY, status: "paused" } } },
  listEndpoints: { query: { state: "failing" }, answer: { endpoints: [story.ENDPOINT_ENTRY] } },
  getEndpoint: { params: ENDPOINT, answer: { endpoint: DETAILS } },
  changeEndpoint: {
    params: ENDPOINT,
    body: { ratePerSecond: 5 },
    answer: { endpoint: { ...DETAILS, ratePerSecond: 5, effectiveRatePerSecond: 5 } },
  },
  probeEndpoint: { params: ENDPOINT, answer: { endpoint: { ...DETAILS, nextProbeAt: "2025-01-02T15:00:00.000Z" } } },
  resumeEndpoint: {
    params: ENDPOINT,
    answer: { endpoint: { ...DETAILS, ...story.WELL_AGAIN, webhooks: { ...story.ENDPOINT_ENTRY.webhooks, active: 12, suspended: 0 } } },
  },
  createHold: {
    body: { scope: "host", subject: "app.example.com", reason: "INC-1042: its provider is down", endsAt: "2025-01-02T18:00:00Z" },
    answer: { hold: story.HOLD_ENTRY },
  },
  listHolds: { query: { scope: "host" }, answer: { holds: [story.HOLD_ENTRY] } },
  getHold: { params: HOLD, answer: { hold: story.HOLD_ENTRY } },
  releaseHold: { params: HOLD, answer: {} },
};
