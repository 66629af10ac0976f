import { Type } from "typebox";
import { appRoutes } from "./app-api/routes.ts";
import { appsRoutes } from "./apps-api/routes.ts";
import { PublicKeyEntry } from "./platform-api/schemas.ts";
import { platformRoutes } from "./platform-api/routes.ts";
import { many, type Route } from "./route.ts";

const Ready = Type.Object({ ready: Type.Boolean(), reasons: Type.Array(Type.String()) });

const openRoutes: readonly Route[] = [
  {
    operation: "getHealth",
    method: "GET",
    path: "/healthz",
    api: "open",
    summary: "The process is alive",
    allows: [],
    status: 200,
    answer: Type.Object({ alive: Type.Boolean() }),
    errors: [],
  },
  {
    operation: "getReadiness",
    method: "GET",
    path: "/readyz",
    api: "open",
    summary: "The store is reachable and leases are held; 503 with reasons otherwise",
    allows: [],
    status: 200,
    otherStatuses: { 503: "Not ready: the reasons say why" },
    answer: Ready,
    errors: [],
  },
  {
    operation: "getMetrics",
    method: "GET",
    path: "/metrics",
    api: "open",
    summary: "Prometheus metrics",
    allows: [],
    status: 200,
    textType: "text/plain",
    answer: Type.String(),
    errors: [],
  },
  {
    operation: "getOpenApi",
    method: "GET",
    path: "/openapi.json",
    api: "open",
    summary: "This document (OpenAPI 3.1)",
    allows: [],
    status: 200,
    answer: Type.Object({}),
    errors: [],
  },
  {
    operation: "getAsyncApi",
    method: "GET",
    path: "/asyncapi.json",
    api: "open",
    summary: "What endpoints receive, as an AsyncAPI 3 document",
    allows: [],
    status: 200,
    answer: Type.Object({}),
    errors: [],
  },
  {
    operation: "getDocs",
    method: "GET",
    path: "/docs",
    api: "open",
    summary: "All of this, to read",
    allows: [],
    status: 200,
    textType: "text/html",
    answer: Type.String(),
    errors: [],
  },
  {
    operation: "getPublicKeys",
    method: "GET",
    path: "/.well-known/webhook-keys/:clientId",
    api: "open",
    isForApps: true,
    summary: "The public keys that an app's deliveries are signed with, as a JSON Web Key Set (RFC 7517)",
    allows: [],
    status: 200,
    answer: many("keys", PublicKeyEntry),
    errors: ["not_found"],
  },
];

/** Every call, in the order of the document. */
export const ROUTES: readonly Route[] = [...appRoutes, ...appsRoutes, ...platformRoutes, ...openRoutes];
