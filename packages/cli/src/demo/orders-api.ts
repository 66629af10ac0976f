import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { API_HEADERS, CURRENT_VERSION, ERRORS, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, type ErrorCode } from "@genhook/contract";
import { TokenBuckets } from "@genhook/storage";
import { listenLocally, type LocalServer } from "./local-server.ts";
import type { OrderBook } from "./order-book.ts";

export interface OrdersApiOptions {
  readonly book: OrderBook;
  readonly accessToken: string;
  /** Wall time, ms. */
  readonly now: () => number;
  /** Of the bucket; 40 and 2 per second, as for a shop without a plan, unless given. */
  readonly bucket?: { readonly size: number; readonly perSecond: number };
}

const BUCKET = { size: 40, perSecond: 2 };
const ORDERS = `/api/${CURRENT_VERSION}/orders`;

class Refused extends Error {
  readonly code: ErrorCode;
  readonly member: string | null;

  constructor(code: ErrorCode, message: string, member: string | null = null) {
    super(message);
    this.code = code;
    this.member = member;
  }
}

/**
 * The shop's own REST API, as far as polling needs it: `GET /orders`, `/orders/count`, `/orders/{id}`, under the same rules as the App API
 * (token, then bucket, then the rest; `Link` to the next page). For the demo: it stands in for a platform that Genhook is not part of.
 */
export async function startOrdersApi(options: OrdersApiOptions): Promise<LocalServer> {
  const buckets = new TokenBuckets();
  const server = createServer((request, response) => {
    try {
      answer(request, response, options, buckets);
    } catch (error) {
      if (error instanceof Refused) refuse(response, error);
      else response.writeHead(500).end();
    }
  });
  return listenLocally(server);
}

function answer(request: IncomingMessage, response: ServerResponse, options: OrdersApiOptions, buckets: TokenBuckets): void {
  const { book, accessToken, now, bucket = BUCKET } = options;
  const url = new URL(request.url ?? "/", "http://shop");
  if (!url.pathname.startsWith(ORDERS)) throw new Refused("not_found", `There is nothing at ${url.pathname}; orders are at ${ORDERS}.`);
  if (request.method !== "GET") throw new Refused("method_not_allowed", "Orders can only be read here.");
  const token = request.headers[API_HEADERS.accessToken.toLowerCase()];
  if (token === undefined) throw new Refused("token_missing", `Send ${API_HEADERS.accessToken}.`);
  if (token !== accessToken) throw new Refused("token_invalid", "The access token is not one of this shop.");
  const state = buckets.take(accessToken, bucket.size, bucket.perSecond, now());
  response.setHeader(API_HEADERS.rateLimit, `${state.used}/${bucket.size}`);
  if (!state.taken) {
    response.setHeader("Retry-After", String(Math.max(1, Math.ceil(state.waitMs / 1_000))));
    throw new Refused("rate_limited", `The bucket of ${bucket.size} calls is empty; it fills up by ${bucket.perSecond} a second.`);
  }
  const rest = url.pathname.slice(ORDERS.length);
  if (rest === "/count") return send(response, { count: book.count(readTime(url)) });
  if (rest !== "") {
    const order = book.get(decodeURIComponent(rest.slice(1)));
    if (order === null) throw new Refused("not_found", "There is no order with this id.");
    return send(response, { order });
  }
  list(url, response, book);
}

function list(url: URL, response: ServerResponse, book: OrderBook): void {
  const token = url.searchParams.get("pageToken");
  const [other] = [...url.searchParams.keys()].filter((name) => name !== "limit" && name !== "pageToken");
  if (token !== null && other !== undefined) throw new Refused("malformed_query", `With pageToken only limit may go along, not ${other}.`);
  const { after, createTimeMin } = token === null ? { after: readId(url), createTimeMin: readTime(url) } : readToken(token);
  const limit = readLimit(url);
  const orders = book.list(after, createTimeMin, limit);
  const last = orders.at(-1);
  if (last !== undefined && orders.length === limit && book.list(last.id, createTimeMin, 1).length > 0) {
    const pageToken = Buffer.from(JSON.stringify({ after: last.id, createTimeMin })).toString("base64url");
    response.setHeader("Link", `<${ORDERS}?limit=${limit}&pageToken=${pageToken}>; rel="next"`);
  }
  send(response, { orders });
}

function readLimit(url: URL): number {
  const text = url.searchParams.get("limit") ?? String(PAGE_LIMIT_DEFAULT);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= PAGE_LIMIT_MAX) return limit;
  throw new Refused("invalid_member", `limit must be a whole number from 1 to ${PAGE_LIMIT_MAX}.`, "limit");
}

function readId(url: URL): string | null {
  const id = url.searchParams.get("sinceId");
  if (id === null || /^\d{1,19}$/.test(id)) return id;
  throw new Refused("invalid_member", "sinceId must be an order's id.", "sinceId");
}

function readTime(url: URL): number | null {
  const text = url.searchParams.get("createTimeMin");
  if (text === null) return null;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new Refused("invalid_member", "createTimeMin must be an RFC 3339 date and time.", "createTimeMin");
}

function readToken(token: string): { readonly after: string | null; readonly createTimeMin: number | null } {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (typeof value === "object" && value !== null && "after" in value && "createTimeMin" in value) {
      const { after, createTimeMin } = value;
      if (typeof after === "string" && /^\d{1,19}$/.test(after) && (createTimeMin === null || typeof createTimeMin === "number"))
        return { after, createTimeMin };
    }
  } catch {
    // Said below.
  }
  throw new Refused("malformed_query", "The pageToken is not one that this list has given out; begin without one.");
}

function send(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, { code, message, member }: Refused): void {
  const { status } = ERRORS[code];
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ error: message, code, ...(status === 422 ? { member: member ?? "body" } : {}) }));
}
