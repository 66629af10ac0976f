import type { TSchema } from "typebox";
import { EmptyAnswer, FilterTestAnswer } from "../app-api/schemas.ts";
import type { ErrorCode } from "../errors.ts";
import { ADDRESS_ERRORS, BODY_ERRORS, many, one, SHAPE_ERRORS, type Route } from "../route.ts";
import { holdRoutes } from "./hold-routes.ts";
import { orderRoutes } from "./order-routes.ts";
import { linkRoutes } from "./link-routes.ts";
import { replayRoutes } from "./replay-routes.ts";
import * as platform from "./schemas.ts";
import { webhookRoutes } from "./webhook-routes.ts";

const ADMIN = ["admin"];
const ANY_ROLE = ["admin", "read"];
const PUBLISH = ["admin", "publish"];

interface Noun {
  readonly plural: string;
  readonly one: string;
  readonly many: string;
  readonly title: string;
  /** Path of the natural key. */
  readonly keys: string;
  readonly create: TSchema;
  readonly put: TSchema;
  readonly list: TSchema;
  readonly entry: TSchema;
  readonly errors: readonly ErrorCode[];
}

/** The five calls of an entry with a natural key: repeated POST conflicts, PUT creates or changes. */
function crud(noun: Noun): readonly Route[] {
  const path = `/platform/v1/${noun.plural}`;
  const onePath = `${path}/${noun.keys}`;
  const answer = one(noun.one, noun.entry);
  const name = noun.one.charAt(0).toUpperCase() + noun.one.slice(1);
  const api = "platform";
  const errors: readonly ErrorCode[] = [...BODY_ERRORS, "already_exists", ...noun.errors];
  const list = { query: noun.list, answer: many(noun.many, noun.entry), errors: ["malformed_query", ...SHAPE_ERRORS] } as const;
  return [
    {
      operation: `create${name}`,
      method: "POST",
      path,
      api,
      summary: `Create ${noun.title}`,
      allows: ADMIN,
      body: noun.create,
      status: 201,
      answer,
      errors,
    },
    { operation: `list${name}s`, method: "GET", path, api, summary: `List ${noun.plural}`, allows: ANY_ROLE, status: 200, ...list },
    {
      operation: `get${name}`,
      method: "GET",
      path: onePath,
      api,
      summary: `Get ${noun.title}`,
      allows: ANY_ROLE,
      status: 200,
      answer,
      errors: [],
    },
    {
      operation: `put${name}`,
      method: "PUT",
      path: onePath,
      api,
      summary: `Create or change ${noun.title}`,
      allows: ADMIN,
      body: noun.put,
      status: 200,
      otherStatuses: { 201: "Created" },
      answer,
      errors,
    },
    {
      operation: `delete${name}`,
      method: "DELETE",
      path: onePath,
      api,
      summary: `Delete ${noun.title}`,
      allows: ADMIN,
      status: 200,
      answer: EmptyAnswer,
      errors: [],
    },
  ];
}

const SHOP: Noun = {
  plural: "shops",
  one: "shop",
  many: "shops",
  title: "a shop",
  keys: ":domain",
  create: platform.ShopCreate,
  put: platform.ShopPut,
  list: platform.PageQuery,
  entry: platform.ShopEntry,
  errors: [],
};
const APP: Noun = {
  plural: "apps",
  one: "app",
  many: "apps",
  title: "an app",
  keys: ":clientId",
  create: platform.AppCreate,
  put: platform.AppPut,
  list: platform.PageQuery,
  entry: platform.AppEntry,
  errors: [...ADDRESS_ERRORS, "unknown_topic"],
};
const INSTALLATION: Noun = {
  plural: "installations",
  one: "installation",
  many: "installations",
  title: "an installation",
  keys: ":clientId/:shop",
  create: platform.InstallationCreate,
  put: platform.InstallationPut,
  list: platform.InstallationListQuery,
  entry: platform.InstallationEntry,
  errors: ["unknown_shop", "unknown_app"],
};

/** What operators call (contract section 9). */
export const platformRoutes: readonly Route[] = [
  ...crud(SHOP),
  ...crud(APP),
  {
    operation: "rotateSecret",
    method: "POST",
    path: "/platform/v1/apps/:clientId/secrets",
    api: "platform",
    summary: "Replace a secret: stage reveals a new one, use makes it sign beside the old one, revoke ends the old one",
    allows: ADMIN,
    body: platform.SecretRotation,
    status: 200,
    answer: one("secret", platform.SecretEntry),
    errors: [...BODY_ERRORS, "secret_step_refused"],
  },
  ...crud(INSTALLATION),
  {
    operation: "publishEvents",
    method: "POST",
    path: "/platform/v1/events",
    api: "platform",
    summary: "Publish one event, an array of at most 1,000, or NDJSON",
    allows: PUBLISH,
    body: platform.EventCreate,
    status: 202,
    answer: platform.PublishedAnswer,
    errors: [
      ...BODY_ERRORS,
      "unknown_shop",
      "unknown_app",
      "unknown_topic",
      "topic_made_by_genhook",
      "client_id_required",
      "payload_mismatch",
      "invalid_filter",
      "too_many_items",
      "too_many_matches",
      "idempotency_key_reused",
    ],
  },
  {
    operation: "getEvent",
    method: "GET",
    path: "/platform/v1/events/:id",
    api: "platform",
    summary: "An event with its payload and deliveries",
    allows: ANY_ROLE,
    status: 200,
    answer: one("event", platform.EventEntry),
    errors: [],
  },
  {
    operation: "getDecisions",
    method: "GET",
    path: "/platform/v1/events/:id/decisions",
    api: "platform",
    summary: "Why each webhook with the event's topic on its shop was owed it or not, by the configuration of then",
    allows: ANY_ROLE,
    query: platform.DecisionQuery,
    status: 200,
    answer: many("decisions", platform.DecisionEntry),
    errors: ["unknown_app", "history_gone", ...SHAPE_ERRORS],
  },
  {
    operation: "testFilter",
    method: "POST",
    path: "/platform/v1/filters/test",
    api: "platform",
    summary: "Try filter, changed and fields out on a payload or a topic's sample",
    allows: ANY_ROLE,
    body: platform.PlatformFilterTest,
    status: 200,
    answer: FilterTestAnswer,
    errors: [...BODY_ERRORS, "unknown_topic", "invalid_filter"],
  },
  {
    operation: "listDeliveries",
    method: "GET",
    path: "/platform/v1/deliveries",
    api: "platform",
    summary: "List deliveries; state=pending needs webhookId, eventId or endpointId",
    allows: ANY_ROLE,
    query: platform.DeliveryListQuery,
    status: 200,
    answer: many("deliveries", platform.DeliveryEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "getDelivery",
    method: "GET",
    path: "/platform/v1/deliveries/:id",
    api: "platform",
    summary: "A delivery with its attempts, oldest first",
    allows: ANY_ROLE,
    status: 200,
    answer: one("delivery", platform.FullDeliveryEntry),
    errors: [],
  },
  {
    operation: "replayDelivery",
    method: "POST",
    path: "/platform/v1/deliveries/:id/replay",
    api: "platform",
    summary: "Send a delivery again, as a new round",
    allows: ADMIN,
    status: 202,
    answer: one("delivery", platform.DeliveryEntry),
    errors: ["delivery_pending", "replay_refused"],
  },
  ...replayRoutes,
  ...webhookRoutes,
  ...holdRoutes,
  ...orderRoutes,
  {
    operation: "listTopics",
    method: "GET",
    path: "/platform/v1/topics",
    api: "platform",
    summary: "All topics with schemas and samples",
    allows: ["admin", "publish", "read"],
    status: 200,
    answer: many("topics", platform.TopicEntry),
    errors: [],
  },
  {
    operation: "getStats",
    method: "GET",
    path: "/platform/v1/stats",
    api: "platform",
    summary: "Counts and latency over time, and what is pending now",
    allows: ANY_ROLE,
    query: platform.StatsQuery,
    status: 200,
    answer: platform.StatsAnswer,
    errors: SHAPE_ERRORS,
  },
  {
    operation: "listAudit",
    method: "GET",
    path: "/platform/v1/audit",
    api: "platform",
    summary: "Who changed what, newest first",
    allows: ANY_ROLE,
    query: platform.AuditListQuery,
    status: 200,
    answer: many("records", platform.AuditEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "createKey",
    method: "POST",
    path: "/platform/v1/keys",
    api: "platform",
    summary: "Make a platform key; shown once",
    allows: ADMIN,
    body: platform.KeyCreate,
    status: 201,
    answer: one("key", platform.KeyEntry),
    errors: BODY_ERRORS,
  },
  {
    operation: "listKeys",
    method: "GET",
    path: "/platform/v1/keys",
    api: "platform",
    summary: "List platform keys",
    allows: ADMIN,
    query: platform.PageQuery,
    status: 200,
    answer: many("keys", platform.KeyEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "revokeKey",
    method: "DELETE",
    path: "/platform/v1/keys/:id",
    api: "platform",
    summary: "Revoke a platform key",
    allows: ADMIN,
    status: 200,
    answer: EmptyAnswer,
    errors: ["invalid_member"],
  },
  ...linkRoutes,
];
