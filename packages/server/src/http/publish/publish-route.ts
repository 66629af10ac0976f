import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  DELIVERY_HEADERS,
  EXACT_BYTES_MEDIA_TYPE,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  NDJSON_MEDIA_TYPE,
  API_HEADERS,
  PUBLISH_HEADERS,
  PUBLISH_REQUEST_BYTES_MAX,
} from "@genhook/contract";
import { apiError, fail, refusalError } from "../api-error.ts";
import type { Call, Reply } from "../call.ts";
import { JsonError, skipSpace } from "../json-bytes.ts";
import { announcedBytes, mediaType, parseText, readBody, type BodyBudget } from "../request-body.ts";
import { inTraceOf, type EventPublisher } from "./event-publisher.ts";
import { batchReply, publishLines, publishList } from "./publish-batch.ts";
import { readExact, readItem, type ItemResult } from "./publish-item.ts";

const MEDIA_TYPES = ["application/json", NDJSON_MEDIA_TYPE, EXACT_BYTES_MEDIA_TYPE];
/** Publishes what a request carries, in any of its four forms. Answers only what is durable. */
export async function publishEvents(call: Call, events: EventPublisher, budget: BodyBudget): Promise<Reply> {
  const { request } = call;
  const publisher = inTraceOf(request.headers[DELIVERY_HEADERS.traceparent], events);
  announcedBytes(request, PUBLISH_REQUEST_BYTES_MAX);
  const type = mediaType(request, MEDIA_TYPES);
  const account = budget.open();
  try {
    if (type === NDJSON_MEDIA_TYPE) {
      refuseKeyHeader(request);
      return batchReply(await publishLines(request, publisher, account));
    }
    const body = await readBody(request, PUBLISH_REQUEST_BYTES_MAX, account);
    if (type === EXACT_BYTES_MEDIA_TYPE) return await publishOne(readExact(checkText(body), envelopeOf(request)), publisher);
    const first = valueStart(checkText(body));
    if (body[first] === 0x5b) {
      refuseKeyHeader(request);
      return batchReply(await publishList(body, first, publisher));
    }
    return await publishOne(withKeyHeader(readItem(body), request), publisher);
  } finally {
    account.giveAll();
  }
}

async function publishOne(item: ItemResult, publisher: EventPublisher): Promise<Reply> {
  if (!item.ok) throw apiError(item.error);
  const published = await publisher.publish(item.request);
  if (!published.ok) throw refusalError(published.refusal);
  return { body: { event: published.value } };
}

/** The header that many clients send by habit counts for one event; that it was sent and did nothing would be noticed too late. */
function withKeyHeader(item: ItemResult, request: IncomingMessage): ItemResult {
  const key = keyHeader(request);
  if (!item.ok || key === null || item.request.idempotencyKey === key) return item;
  if (key.length > IDEMPOTENCY_KEY_LENGTH_MAX) {
    fail("invalid_member", `idempotencyKey must be text of 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters.`, "idempotencyKey");
  }
  if (item.request.idempotencyKey !== undefined) {
    fail("invalid_member", `idempotencyKey and the header ${API_HEADERS.idempotencyKey} say different things; send one.`, "idempotencyKey");
  }
  return { ok: true, request: { ...item.request, idempotencyKey: key } };
}

function refuseKeyHeader(request: IncomingMessage): void {
  if (keyHeader(request) === null) return;
  fail(
    "invalid_member",
    `The header ${API_HEADERS.idempotencyKey} goes with one event; give each item its idempotencyKey.`,
    "idempotencyKey",
  );
}

function keyHeader(request: IncomingMessage): string | null {
  const value = request.headers[API_HEADERS.idempotencyKey.toLowerCase()];
  return typeof value === "string" && value !== "" ? Buffer.from(value, "latin1").toString("utf8") : null;
}

function valueStart(body: Buffer): number {
  try {
    return skipSpace(body, 0);
  } catch (error) {
    if (error instanceof JsonError) fail("malformed_json", error.message);
    throw error;
  }
}

function checkText(body: Buffer): Buffer {
  if (body.length === 0 || !isUtf8(body) || body[0] === 0xef) parseText(body);
  return body;
}

function envelopeOf(request: IncomingMessage): Record<string, unknown> {
  const envelope: Record<string, unknown> = {};
  const members = {
    shop: PUBLISH_HEADERS.shop,
    topic: PUBLISH_HEADERS.topic,
    clientId: PUBLISH_HEADERS.clientId,
    triggeredAt: PUBLISH_HEADERS.triggeredAt,
    orderKey: PUBLISH_HEADERS.orderKey,
    idempotencyKey: API_HEADERS.idempotencyKey,
  };
  for (const [member, header] of Object.entries(members)) {
    const value = request.headers[header.toLowerCase()];
    // Node reads headers as Latin-1; what a publisher writes is UTF-8.
    if (typeof value === "string") envelope[member] = Buffer.from(value, "latin1").toString("utf8");
  }
  const changed = request.headers[PUBLISH_HEADERS.changed.toLowerCase()];
  if (typeof changed === "string") envelope["changed"] = listOf(Buffer.from(changed, "latin1").toString("utf8"));
  refuseUnknownHeaders(request);
  return envelope;
}

const KNOWN_HEADERS: ReadonlySet<string> = new Set(Object.values(PUBLISH_HEADERS).map((name) => name.toLowerCase()));

/** Headers are the members of this form: one that is misspelt would publish without its key, or out of its order. */
function refuseUnknownHeaders(request: IncomingMessage): void {
  const name = Object.keys(request.headers).find((each) => each.startsWith("genhook-") && !KNOWN_HEADERS.has(each));
  if (name === undefined) return;
  const isKey = name.replaceAll("-", "") === "genhookidempotencykey";
  const known = Object.values(PUBLISH_HEADERS).join(", ");
  const remedy = isKey ? `the key's is called ${API_HEADERS.idempotencyKey}.` : `there are ${known} and ${API_HEADERS.idempotencyKey}.`;
  fail("unknown_member", `The header ${name} is not known here; ${remedy}`, name);
}

/** A header that is no JSON, such as a bare path, is told apart from a list that is wrong in itself. */
function listOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fail("invalid_member", `${PUBLISH_HEADERS.changed} must be a JSON list of paths, such as ["order.totalPrice"].`, "changed");
  }
}
