import { Type } from "typebox";
import { many, one, SHAPE_ERRORS, type Route } from "../route.ts";
import { closed } from "../schema-parts.ts";
import { DeliveryEntry, DeliveryListQuery } from "./schemas.ts";

export const BlockedKeyEntry = Type.Object({
  orderKey: Type.String(),
  deliveryId: Type.String({ description: "The dead letter that blocks the key: replay it, or skip it." }),
  webhookId: Type.Integer(),
  endpointId: Type.String(),
  shop: Type.String(),
  clientId: Type.String(),
  since: Type.String({ format: "date-time" }),
  pending: Type.Integer({ description: "Deliveries that were set aside behind it." }),
  more: Type.Boolean({ description: "There are more than were counted." }),
});

const { shop, clientId, webhookId, limit, pageToken } = DeliveryListQuery.properties;

const SKIP = "Pass over a dead letter that blocks its order key: the key goes on with what was accepted next";

/** Order keys that wait for a dead letter (docs/ordered.md). */
export const orderRoutes: readonly Route[] = [
  {
    operation: "listBlockedKeys",
    method: "GET",
    path: "/platform/v1/blocked-keys",
    api: "platform",
    summary: "List order keys that a dead letter blocks, with what waits behind it",
    allows: ["admin", "read"],
    query: closed({ shop, clientId, webhookId, limit, pageToken }),
    status: 200,
    answer: many("blockedKeys", BlockedKeyEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "skipDelivery",
    method: "POST",
    path: "/platform/v1/deliveries/:id/skip",
    api: "platform",
    summary: SKIP,
    allows: ["admin"],
    status: 200,
    answer: one("delivery", DeliveryEntry),
    errors: ["not_blocking"],
  },
];

/** The same for apps, on all their shops. */
export const appOrderRoutes: readonly Route[] = [
  {
    operation: "listAppBlockedKeys",
    method: "GET",
    path: "/apps/v1/blocked-keys",
    api: "apps",
    summary: "List the app's order keys that a dead letter blocks, with what waits behind it",
    allows: ["read"],
    query: closed({ shop, webhookId, limit, pageToken }),
    status: 200,
    answer: many("blockedKeys", BlockedKeyEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "skipAppDelivery",
    method: "POST",
    path: "/apps/v1/deliveries/:id/skip",
    api: "apps",
    summary: SKIP,
    allows: ["replay"],
    status: 200,
    answer: one("delivery", DeliveryEntry),
    errors: ["not_blocking"],
  },
];

/** The same for an app on one shop. */
export const ownOrderRoutes: readonly Route[] = [
  {
    operation: "listOwnBlockedKeys",
    method: "GET",
    path: "/api/:version/app/blocked-keys",
    api: "app",
    summary: "List the app's order keys on this shop that a dead letter blocks",
    allows: ["write_apps", "read_apps"],
    query: closed({ webhookId, limit, pageToken }),
    status: 200,
    answer: many("blockedKeys", BlockedKeyEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "skipOwnDelivery",
    method: "POST",
    path: "/api/:version/app/deliveries/:id/skip",
    api: "app",
    summary: SKIP,
    allows: ["write_apps"],
    status: 200,
    answer: one("delivery", DeliveryEntry),
    errors: ["not_blocking"],
  },
];
