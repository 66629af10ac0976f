import type { TSchema } from "typebox";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { errorExample } from "../examples/error-examples.ts";
import { EXAMPLES } from "../examples/examples.ts";
import { API_HEADERS, EXACT_BYTES_MEDIA_TYPE, NDJSON_MEDIA_TYPE, PUBLISH_HEADERS } from "../headers.ts";
import { PUBLISH_ITEMS_MAX } from "../limits.ts";
import type { Route } from "../route.ts";
import { schemaOf, type Json } from "./components.ts";
import { pathParameters } from "./parameters.ts";

/** What can be wrong with any request, before a call is even recognised or because of the store behind it. */
const ANY_CALL: readonly ErrorCode[] = [
  "malformed_request",
  "malformed_query",
  "not_found",
  "method_not_allowed",
  "request_timeout",
  "body_too_large",
  "headers_too_large",
  "internal_error",
  "overloaded",
];
const COMMON_ERRORS: Readonly<Record<Route["api"], readonly ErrorCode[]>> = {
  app: [...ANY_CALL, "unknown_version", "token_missing", "token_invalid", "too_many_wrong_keys", "rate_limited", "scope_missing"],
  apps: [...ANY_CALL, "token_missing", "token_invalid", "too_many_wrong_keys", "rate_limited", "scope_missing"],
  platform: [...ANY_CALL, "token_missing", "token_invalid", "too_many_wrong_keys", "scope_missing"],
  open: ANY_CALL,
};

/** Every code that a call may answer, each once. */
export function errorCodesOf(route: Route): readonly ErrorCode[] {
  return [...new Set([...COMMON_ERRORS[route.api], ...route.errors])];
}

/** One call as the document describes it. */
export function operationOf(route: Route): Json {
  const { operation, summary, api, allows } = route;
  const asks = { app: [{ accessToken: allows }], apps: [{ appToken: allows }], platform: [{ platformKey: allows }], open: [] }[api];
  return {
    operationId: operation,
    summary,
    ...(allows.length === 0 ? {} : { description: allowance(route) }),
    tags: [api],
    security: route.isSignIn === true ? [] : asks,
    parameters: [...pathParametersOf(route), ...queryParameters(route)],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route, route.body) }),
    responses: { ...successes(route), ...errorResponses(route) },
  };
}

function allowance({ api, allows }: Route): string {
  const what = { app: "scope", apps: "allowance", platform: "role", open: "" }[api];
  return `Needs the ${what} ${allows.map((each) => `\`${each}\``).join(" or ")}.`;
}

function pathParametersOf(route: Route): readonly Json[] {
  return pathParameters(route).map(({ name, ...rest }) => ({ name, in: "path", required: true, ...rest }));
}

function queryParameters(route: Route): readonly Json[] {
  const properties: unknown = route.query === undefined ? {} : Reflect.get(route.query, "properties");
  const examples = EXAMPLES[route.operation]?.query ?? {};
  return Object.entries(properties as Record<string, TSchema>).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema) as Record<string, unknown>;
    return {
      name,
      in: "query",
      required: false,
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(examples[name] === undefined ? {} : { example: examples[name] }),
    };
  });
}

function requestBody(route: Route, body: TSchema): Json {
  const example = EXAMPLES[route.operation]?.body;
  const shown = example === undefined ? {} : { example };
  if (route.operation !== "publishEvents") return { required: true, content: { "application/json": { schema: schemaOf(body), ...shown } } };
  const schema = { anyOf: [schemaOf(body), { type: "array", items: schemaOf(body), maxItems: PUBLISH_ITEMS_MAX }] };
  const { payload, shop, topic } = example as { readonly payload: unknown; readonly shop: string; readonly topic: string };
  return {
    required: true,
    description: `With ${EXACT_BYTES_MEDIA_TYPE} the body is the payload itself, and everything else stands in headers: ${Object.values(PUBLISH_HEADERS).join(", ")}, ${API_HEADERS.idempotencyKey} (${PUBLISH_HEADERS.shop}: ${shop}, ${PUBLISH_HEADERS.topic}: ${topic}).`,
    content: {
      "application/json": { schema, ...shown },
      [NDJSON_MEDIA_TYPE]: { schema: { type: "string", description: "One event per line." }, example: `${JSON.stringify(example)}\n` },
      [EXACT_BYTES_MEDIA_TYPE]: { schema: { type: "object" }, example: payload },
    },
  };
}

function successes(route: Route): Json {
  const content = contentOf(route);
  const headers = { ...COMMON_HEADERS, ...(route.api === "app" ? RATE_HEADERS : {}), ...(isPaged(route) ? LINK_HEADER : {}) };
  const all = { [route.status]: route.status === 202 ? "Accepted" : route.status === 201 ? "Created" : "Done", ...route.otherStatuses };
  return Object.fromEntries(Object.entries(all).map(([status, description]) => [status, { description, headers, ...content }]));
}

function contentOf(route: Route): Json {
  const type = route.textType ?? "application/json";
  const example = EXAMPLES[route.operation]?.answer;
  return { content: { [type]: { schema: schemaOf(route.answer), ...(example === undefined ? {} : { example }) } } };
}

function isPaged(route: Route): boolean {
  const properties: unknown = route.query === undefined ? undefined : Reflect.get(route.query, "properties");
  return typeof properties === "object" && properties !== null && "pageToken" in properties;
}

function errorResponses(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodesOf(route)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    // A 503 of the readiness check is its answer; that the store is down is what it says.
    if (route.otherStatuses?.[status] !== undefined) continue;
    const isCommon = codes.every((code) => COMMON_ERRORS[route.api].includes(code));
    responses[status] = isCommon ? { $ref: `#/components/responses/${route.api}${status}` } : errorResponse(status, codes, prefixOf(route));
  }
  return responses;
}

function errorResponse(status: number, codes: readonly ErrorCode[], prefix: string): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join("\n\n"),
    headers: { ...COMMON_HEADERS, ...(status === 429 || status === 503 ? RETRY_HEADER : {}) },
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/Error" },
        examples: Object.fromEntries(codes.map((code) => [code, { summary: ERRORS[code].remedy, value: errorExample(code, prefix) }])),
      },
    },
  };
}

/** `components.responses`: the errors that every call of an API can answer, by API and status. */
export function commonResponses(): Json {
  return Object.fromEntries(
    Object.entries(COMMON_ERRORS).flatMap(([api, common]) => {
      const statuses = [...new Set(common.map((code) => ERRORS[code].status))].sort((a, b) => a - b);
      return statuses.map((status) => {
        const codes = common.filter((code) => ERRORS[code].status === status);
        return [`${api}${status}`, errorResponse(status, codes, "")];
      });
    }),
  );
}

/** What stands before `topic` and `address` in the members that this call's errors name. */
function prefixOf(route: Route): string {
  const properties: unknown = route.body === undefined ? undefined : Reflect.get(route.body, "properties");
  if (typeof properties !== "object" || properties === null) return "";
  if ("webhook" in properties) return "webhook.";
  return "webhooks" in properties ? "webhooks[0]." : "";
}

const text = (description: string, example: string): Json => ({ description, schema: { type: "string" }, example });
const COMMON_HEADERS = { [API_HEADERS.requestId]: { $ref: "#/components/headers/RequestId" } };
const RATE_HEADERS = { [API_HEADERS.rateLimit]: { $ref: "#/components/headers/RateLimit" } };
const LINK_HEADER = { Link: { $ref: "#/components/headers/Link" } };
const RETRY_HEADER = { "Retry-After": { $ref: "#/components/headers/RetryAfter" } };

/** `components.headers`. */
export const HEADER_COMPONENTS: Json = {
  RequestId: text(
    "Names this call in logs and in the audit; taken from the request where it has one.",
    "6f2f5b3f-7c02-4a0a-8c8b-3f644a0a8c8b",
  ),
  RateLimit: text("Calls used of the bucket of this app on this shop, and its size.", "30/40"),
  RetryAfter: text("Seconds after which it is worth trying again.", "1"),
  Link: text(
    "Addresses of the neighbouring pages (RFC 8288); absent where there are none.",
    '<https://suns-shop.genmystore.com/api/202412/app/webhooks?limit=50&pageToken=eyJ…>; rel="next"',
  ),
};

/** `components.schemas.Error`. */
export const ERROR_SCHEMA: Json = {
  type: "object",
  required: ["error", "code"],
  properties: {
    error: { type: "string", description: "For people; may change." },
    code: { type: "string", enum: Object.keys(ERRORS), description: "For programs; does not change." },
    member: { type: "string", description: "On 409 and 422: what is wrong." },
    oldest: { type: "integer", description: "On numbers_gone: the oldest number that is kept." },
    column: { type: "integer", description: "On invalid_filter: the character of the member's text, from 1." },
  },
  additionalProperties: false,
};
