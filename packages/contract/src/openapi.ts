import type { TSchema } from "typebox";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { API_HEADERS, DELIVERY_HEADERS, EXACT_BYTES_MEDIA_TYPE, NDJSON_MEDIA_TYPE } from "./headers.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { BUILT_IN_TOPICS } from "./topics/topic-table.ts";
import type { Topic } from "./topics/topic.ts";
import { API_VERSIONS, CURRENT_VERSION } from "./versions.ts";

export interface OpenApiOptions {
  readonly version: string;
  /** Where the server is reached, when known. */
  readonly serverUrl?: string;
  /** The built-in ones unless given. */
  readonly topics?: readonly Topic[];
}

type Json = Readonly<Record<string, unknown>>;

/** Codes that every call of an API can answer. */
const COMMON_ERRORS: Readonly<Record<Route["api"], readonly ErrorCode[]>> = {
  app: [
    "not_found",
    "unknown_version",
    "method_not_allowed",
    "token_missing",
    "token_invalid",
    "rate_limited",
    "scope_missing",
    "internal_error",
    "overloaded",
  ],
  platform: ["not_found", "method_not_allowed", "token_missing", "token_invalid", "scope_missing", "internal_error", "overloaded"],
  open: [],
};

/** The OpenAPI 3.1 document of both APIs, made from the route table; topics stand under `webhooks`. */
export function buildOpenApi(options: OpenApiOptions): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Genhook",
      version: options.version,
      description: "Webhooks for Genstore: the App API, the platform API, and what endpoints receive.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    ...(options.serverUrl === undefined ? {} : { servers: [{ url: options.serverUrl }] }),
    paths,
    webhooks: Object.fromEntries((options.topics ?? BUILT_IN_TOPICS.topics).map((topic) => [topic.name, { post: webhookOf(topic) }])),
    components: {
      securitySchemes: {
        accessToken: { type: "apiKey", in: "header", name: API_HEADERS.accessToken },
        platformKey: { type: "http", scheme: "bearer" },
      },
      schemas: { Error: errorSchema() },
    },
  };
}

function operationOf(route: Route): Json {
  const security = route.api === "app" ? [{ accessToken: route.allows }] : [{ platformKey: route.allows }];
  return {
    operationId: route.operation,
    summary: route.summary,
    tags: [route.api],
    ...(route.api === "open" ? {} : { security }),
    parameters: [...pathParameters(route), ...queryParameters(route.query)],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route, route.body) }),
    responses: {
      [route.status]: { description: "Done", content: { "application/json": { schema: route.answer } } },
      ...errorResponses(route),
    },
  };
}

function pathParameters(route: Route): readonly Json[] {
  return [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: name === "version" ? { type: "string", enum: API_VERSIONS } : { type: "string" },
  }));
}

function queryParameters(query: TSchema | undefined): readonly Json[] {
  const properties: unknown = query === undefined ? {} : Reflect.get(query, "properties");
  return Object.entries(properties as Record<string, TSchema>).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

function requestBody(route: Route, body: TSchema): Json {
  const content: Record<string, unknown> = { "application/json": { schema: body } };
  if (route.operation === "publishEvents") {
    content["application/json"] = { schema: { anyOf: [body, { type: "array", items: body, maxItems: 1_000 }] } };
    content[NDJSON_MEDIA_TYPE] = { schema: { type: "string", description: "One event per line." } };
    content[EXACT_BYTES_MEDIA_TYPE] = {
      schema: { type: "object", description: "The payload itself; everything else stands in Genhook-* headers." },
    };
  }
  return { required: true, content };
}

function errorResponses(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...COMMON_ERRORS[route.api], ...route.errors])) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join("\n\n"),
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" }, example: exampleOf(codes[0], status) } },
    };
  }
  return responses;
}

function exampleOf(code: ErrorCode | undefined, status: number): Json {
  if (code === undefined) return {};
  const named = status === 409 || status === 422 ? { member: "webhook.address" } : {};
  return { error: ERRORS[code].meaning, code, ...named };
}

function errorSchema(): Json {
  return {
    type: "object",
    required: ["error", "code"],
    properties: {
      error: { type: "string", description: "For people; may change." },
      code: { type: "string", enum: Object.keys(ERRORS), description: "For programs; does not change." },
      member: { type: "string", description: "On 409 and 422: what is wrong." },
      column: { type: "integer", description: "On invalid_filter: the character of the member's text, from 1." },
    },
  };
}

function webhookOf(topic: Topic): Json {
  const headers = [
    DELIVERY_HEADERS.topic,
    DELIVERY_HEADERS.hmac,
    DELIVERY_HEADERS.shopDomain,
    DELIVERY_HEADERS.apiVersion,
    DELIVERY_HEADERS.webhookId,
    DELIVERY_HEADERS.triggeredAt,
    DELIVERY_HEADERS.eventId,
    DELIVERY_HEADERS.attempt,
    DELIVERY_HEADERS.standardId,
    DELIVERY_HEADERS.standardTimestamp,
    DELIVERY_HEADERS.standardSignature,
  ];
  return {
    operationId: topic.name,
    summary: topic.title,
    description: topic.description,
    tags: [topic.domain],
    parameters: headers.map((name) => ({ name, in: "header", required: true, schema: { type: "string" } })),
    requestBody: {
      required: true,
      content: { "application/json": { schema: topic.versions[CURRENT_VERSION]?.schema, example: topic.sample } },
    },
    responses: { "2XX": { description: "Taken. Anything else is tried again, eight times in all." } },
  };
}
