import { Type } from "typebox";
import { Limit, PageToken, Rate, SEQUENCE_MEMBER, SETTING_MEMBERS, Webhook } from "../app-api/schemas.ts";
import { BODY_ERRORS, many, one, SHAPE_ERRORS, type Route } from "../route.ts";
import { closed } from "../schema-parts.ts";
import { ClientId, DeliveryListQuery, ShopDomain } from "./schemas.ts";

const { endpointId, topic } = DeliveryListQuery.properties;
const Status = Type.Union([Type.Literal("active"), Type.Literal("paused"), Type.Literal("suspended"), Type.Literal("disabled")], {
  expected: "active, paused, suspended or disabled",
});
const HostName = Type.String({ minLength: 1, maxLength: 253, expected: "a host's name, such as app.example.com" });
const Moment = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);

export const WebhookFilters = closed({
  shop: Type.Optional(ShopDomain),
  clientId: Type.Optional(ClientId),
  topic,
  status: Type.Optional(Status),
  endpointId,
  address: Type.Optional(Type.String({ minLength: 1, maxLength: 2_048, expected: "an address, as the webhook has it" })),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});

export const WebhookPatch = closed(
  {
    status: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("paused")], { expected: "active or paused" })),
    ...SEQUENCE_MEMBER,
    ...SETTING_MEMBERS,
  },
  { minProperties: 1, expected: "an object with status or a setting" },
);
export const EndpointPatch = closed({ ratePerSecond: Rate }, { expected: "an object with ratePerSecond" });

const HoldRef = Type.Object(
  { id: Type.String(), scope: Type.String(), subject: Type.String(), reason: Type.String(), endsAt: Moment },
  { description: "The operator's hold that stops it; of several the one that lasts longest." },
);

const { held: _held, ...WEBHOOK_MEMBERS } = Webhook.properties;

export const PlatformWebhookEntry = Type.Object({
  ...WEBHOOK_MEMBERS,
  uuid: Type.String(),
  shop: Type.Union([Type.String(), Type.Null()], { description: "Null where the address belongs to the app itself." }),
  clientId: Type.String(),
  endpointId: Type.Union([Type.String(), Type.Null()], { description: "Null in pull mode." }),
  declared: Type.Boolean({ description: "Made from the app's declaration." }),
  held: Type.Union([HoldRef, Type.Null()]),
});

export const EndpointFilters = closed({
  clientId: Type.Optional(ClientId),
  host: Type.Optional(HostName),
  state: Type.Optional(
    Type.Union([Type.Literal("failing"), Type.Literal("suspended"), Type.Literal("open"), Type.Literal("held")], {
      expected: "failing, suspended, open or held",
    }),
  ),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});

export const EndpointEntry = Type.Object({
  id: Type.String(),
  clientId: Type.String(),
  address: Type.String({ description: "Without its query." }),
  host: Type.String(),
  webhooks: Type.Object(
    {
      active: Type.Integer(),
      paused: Type.Integer(),
      suspended: Type.Integer({ description: "On account of this endpoint's failing." }),
      disabled: Type.Integer({ description: "Or suspended for a lost scope." }),
      held: Type.Integer({ description: "Of all these: covered by an operator's hold." }),
    },
    { description: "How many webhooks it has." },
  ),
  breaker: Type.Union([Type.Literal("closed"), Type.Literal("open")], { description: "Open also while a probe is under way." }),
  openedAt: Moment,
  nextProbeAt: Moment,
  pausedUntil: Type.Union([Type.String({ format: "date-time" }), Type.Null()], { description: "It asked for it with Retry-After." }),
  concurrency: Type.Union([Type.Integer(), Type.Null()], {
    description: "Attempts that it may have in flight, as learned; null where nothing is known.",
  }),
  ratePerSecond: Type.Union([Type.Number(), Type.Null()], {
    description: "Attempts that may start per second, as the operator has set it; null where it has not.",
  }),
  effectiveRatePerSecond: Type.Union([Type.Number(), Type.Null()], {
    description: "The lowest that the operator or one of the webhooks asks for, which holds; null where none does.",
  }),
  failingSince: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "The first failed attempt since the last success.",
  }),
  failedAttempts: Type.Integer({ description: "Since then." }),
  warnedPercent: Type.Integer({ description: "How far on the way to suspension its app was warned last: 0, 25, 50 or 75." }),
  suspendsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "When its webhooks will be suspended at the earliest, if it goes on failing.",
  }),
  lastSuccessAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
    description: "Kept when something else changes, so it may lag behind.",
  }),
  lastFailureAt: Moment,
  lastStatus: Type.Union([Type.Integer(), Type.Null()], { description: "Of the last failed attempt." }),
  lastError: Type.Union([Type.String(), Type.Null()], { description: "Of the last failed attempt." }),
  held: Type.Union([HoldRef, Type.Null()]),
});

export const EndpointBacklog = Type.Object({
  backlog: Type.Object({
    pending: Type.Integer({ description: "Deliveries that are owed to it." }),
    more: Type.Boolean({ description: "There are more than were counted." }),
    oldestPendingAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description: "Since when the oldest of them is due; in the future where all wait for another attempt.",
    }),
  }),
});
export const EndpointDetails = Type.Intersect([EndpointEntry, EndpointBacklog]);

const WEBHOOKS = "/platform/v1/webhooks";
const ENDPOINTS = "/platform/v1/endpoints";
const api = "platform";
const details = one("endpoint", EndpointDetails);

/** Webhooks and endpoints as operators see them: all of them, and what is being done about those in trouble. */
export const webhookRoutes: readonly Route[] = [
  {
    operation: "listAllWebhooks",
    method: "GET",
    path: WEBHOOKS,
    api,
    summary: "List the webhooks of all apps on all shops",
    allows: ["admin", "read"],
    query: WebhookFilters,
    status: 200,
    answer: many("webhooks", PlatformWebhookEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "getAnyWebhook",
    method: "GET",
    path: `${WEBHOOKS}/:id`,
    api,
    summary: "Get a webhook",
    allows: ["admin", "read"],
    status: 200,
    answer: one("webhook", PlatformWebhookEntry),
    errors: [],
  },
  {
    operation: "changeWebhook",
    method: "PATCH",
    path: `${WEBHOOKS}/:id`,
    api,
    summary: "Pause a webhook, make it active again, or change its settings; its app may end the pause, but not a hold",
    allows: ["admin"],
    body: WebhookPatch,
    status: 200,
    answer: one("webhook", PlatformWebhookEntry),
    errors: [...BODY_ERRORS, "invalid_filter", "topic_scope_missing", "webhook_not_active"],
  },
  {
    operation: "listEndpoints",
    method: "GET",
    path: ENDPOINTS,
    api,
    summary: "List endpoints, and how they are doing",
    allows: ["admin", "read"],
    query: EndpointFilters,
    status: 200,
    answer: many("endpoints", EndpointEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "getEndpoint",
    method: "GET",
    path: `${ENDPOINTS}/:id`,
    api,
    summary: "An endpoint with its backlog",
    allows: ["admin", "read"],
    status: 200,
    answer: details,
    errors: [],
  },
  {
    operation: "changeEndpoint",
    method: "PATCH",
    path: `${ENDPOINTS}/:id`,
    api,
    summary: "Limit how often attempts start at an endpoint, whatever its webhooks ask for; null ends it",
    allows: ["admin"],
    body: EndpointPatch,
    status: 200,
    answer: details,
    errors: BODY_ERRORS,
  },
  {
    operation: "probeEndpoint",
    method: "POST",
    path: `${ENDPOINTS}/:id/probe`,
    api,
    summary: "Try an endpoint whose breaker is open now, with the next delivery that is due",
    allows: ["admin"],
    status: 202,
    answer: details,
    errors: ["nothing_to_probe"],
  },
  {
    operation: "resumeEndpoint",
    method: "POST",
    path: `${ENDPOINTS}/:id/resume`,
    api,
    summary: "Resume all webhooks that were suspended because the endpoint failed",
    allows: ["admin"],
    status: 200,
    answer: details,
    errors: [],
  },
];
