import type { IncomingMessage } from "node:http";
import { BODY_BYTES_MAX, compile, type Check, type Route } from "@genhook/contract";
import { apiError, fail } from "./api-error.ts";
import { mediaType, parseJson, readBody } from "./request-body.ts";

/** Who makes a call, for the audit. */
export type Actor = string;

/** One call, routed and identified. */
export interface Call {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  /** Query members; checked against the route's schema where it has one. */
  readonly query: Readonly<Record<string, string>>;
  /** Scheme, host and path as the caller used them: for links. */
  readonly url: () => string;
}

/** What a handler answers; the status is the route's unless given. `text` is sent as it is. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: { readonly type: string; readonly content: string | Buffer };
}

const JSON_TYPES = ["application/json"];
const checks = new WeakMap<object, Check>();

/** The call's JSON body, checked against the route's schema: size, media type, JSON, members, in this order. */
export async function readJsonBody(call: Call): Promise<unknown> {
  return (await readJson(call)).value;
}

/** The same with the bytes, for what must not be parsed and written again. */
export async function readJson(call: Call): Promise<{ readonly value: unknown; readonly bytes: Buffer }> {
  const bytes = await readBody(call.request, BODY_BYTES_MAX);
  if (bytes.length > 0) mediaType(call.request, JSON_TYPES);
  const value = parseJson(bytes);
  const error = call.route.body === undefined ? null : checkOf(call.route.body)(value);
  if (error !== null) throw apiError(error);
  return { value, bytes };
}

/** Query parameters as text, each at most once, checked against the route's schema where it has one. */
export function readQuery(route: Route, search: string): Record<string, string> {
  const query: Record<string, string> = {};
  // Most calls have none.
  for (const [name, value] of search === "" ? [] : new URLSearchParams(search)) {
    if (Object.hasOwn(query, name)) fail("malformed_query", `${name.slice(0, 100)} stands twice in the query.`);
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  if (route.query !== undefined) {
    const error = checkOf(route.query)(query);
    if (error !== null) throw apiError(error);
  }
  return query;
}

function checkOf(schema: NonNullable<Route["body"]>): Check {
  let check = checks.get(schema);
  if (check === undefined) checks.set(schema, (check = compile(schema)));
  return check;
}
