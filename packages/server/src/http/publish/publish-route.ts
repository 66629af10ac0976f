import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  ENVELOPE_BYTES_MAX,
  errorBody,
  EXACT_BYTES_MEDIA_TYPE,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  NDJSON_MEDIA_TYPE,
  PAYLOAD_BYTES_MAX,
  API_HEADERS,
  PUBLISH_HEADERS,
  PUBLISH_ITEMS_MAX,
  PUBLISH_REQUEST_BYTES_MAX,
} from "@genhook/contract";
import type { Published, Publisher, Result } from "@genhook/core";
import { apiError, fail, refusalError } from "../api-error.ts";
import type { Call, Reply } from "../call.ts";
import { elementsOf, JsonError, skipSpace } from "../json-bytes.ts";
import { announcedBytes, mediaType, parseText, readBody, tooLarge, type BodyBudget } from "../request-body.ts";
import { readExact, readItem, type ItemResult } from "./publish-item.ts";

const MEDIA_TYPES = ["application/json", NDJSON_MEDIA_TYPE, EXACT_BYTES_MEDIA_TYPE];
/** A line of NDJSON: the largest item. */
const LINE_BYTES_MAX = PAYLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX;
/** Lines under way at once: enough to fill groups, little enough to bound memory. */
const LINES_UNDER_WAY_MAX = 512;
const LINE_BYTES_UNDER_WAY_MAX = 8_388_608;

type ItemAnswer = Published | ReturnType<typeof errorBody>;

/** Publishes what a request carries, in any of its four forms. Answers only what is durable. */
export async function publishEvents(call: Call, publisher: Publisher, budget: BodyBudget): Promise<Reply> {
  const { request } = call;
  const announced = announcedBytes(request, PUBLISH_REQUEST_BYTES_MAX);
  const type = mediaType(request, MEDIA_TYPES);
  const held = type === NDJSON_MEDIA_TYPE ? LINE_BYTES_UNDER_WAY_MAX : (announced ?? PUBLISH_REQUEST_BYTES_MAX);
  budget.take(held);
  try {
    if (type === NDJSON_MEDIA_TYPE) {
      refuseKeyHeader(request);
      return batchReply(await publishLines(request, publisher));
    }
    const body = await readBody(request, PUBLISH_REQUEST_BYTES_MAX);
    if (type === EXACT_BYTES_MEDIA_TYPE) return await publishOne(readExact(checkText(body), envelopeOf(request)), publisher);
    const first = skipSpace(checkText(body), 0);
    if (body[first] === 0x5b) {
      refuseKeyHeader(request);
      return batchReply(await publishList(body, first, publisher));
    }
    return await publishOne(withKeyHeader(readItem(body), request), publisher);
  } finally {
    budget.give(held);
  }
}

async function publishOne(item: ItemResult, publisher: Publisher): Promise<Reply> {
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

/** A whole array: nothing is published before all of it was read and is known to be JSON. */
function publishList(body: Buffer, start: number, publisher: Publisher): Promise<ItemAnswer[]> {
  const elements = sliceList(body, start);
  if (elements.length > PUBLISH_ITEMS_MAX) {
    fail(
      "too_many_items",
      `The array has ${elements.length} events; at most ${PUBLISH_ITEMS_MAX} are allowed. Use NDJSON for more.`,
      "body",
    );
  }
  const items = elements.map((element) => readItem(body.subarray(element.start, element.end)));
  // An element that is no JSON makes the whole array no JSON.
  if (items.some((item) => !item.ok && item.error.code === "malformed_json")) parseText(body);
  return Promise.all(items.map((item) => answerOf(item, publisher)));
}

function sliceList(body: Buffer, start: number): readonly { readonly start: number; readonly end: number }[] {
  try {
    const { elements, end } = elementsOf(body, start);
    if (skipSpace(body, end) !== body.length) fail("malformed_json", "Something follows the array.");
    return elements;
  } catch (error) {
    if (error instanceof JsonError) fail("malformed_json", error.message);
    throw error;
  }
}

/** Lines as they arrive: a broken one is that line's error, and the stream goes on. */
async function publishLines(request: IncomingMessage, publisher: Publisher): Promise<ItemAnswer[]> {
  const answers: Promise<ItemAnswer>[] = [];
  let underWay: Promise<ItemAnswer>[] = [];
  let underWayBytes = 0;
  for await (const line of linesOf(request)) {
    const answer = answerOf(line === null ? LONG_LINE : readLine(line), publisher);
    answers.push(answer);
    underWay.push(answer);
    underWayBytes += line?.length ?? 0;
    if (underWay.length < LINES_UNDER_WAY_MAX && underWayBytes < LINE_BYTES_UNDER_WAY_MAX) continue;
    await Promise.all(underWay);
    underWay = [];
    underWayBytes = 0;
  }
  return Promise.all(answers);
}

const LONG_LINE: ItemResult = {
  ok: false,
  error: { code: "body_too_large", message: `The line has more than ${LINE_BYTES_MAX} bytes.`, member: "payload" },
};

function readLine(line: Buffer): ItemResult {
  if (!isUtf8(line)) return { ok: false, error: { code: "malformed_json", message: "The line is not valid UTF-8." } };
  return readItem(line);
}

/** The lines of a stream without their ends; null for one that is too long, empty ones left out. */
async function* linesOf(request: IncomingMessage): AsyncGenerator<Buffer | null> {
  let rest: Buffer = Buffer.alloc(0);
  let isSkipping = false;
  let total = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > PUBLISH_REQUEST_BYTES_MAX) throw tooLarge(PUBLISH_REQUEST_BYTES_MAX);
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const line = rest.length === 0 ? chunk.subarray(start, end) : Buffer.concat([rest, chunk.subarray(start, end)]);
      rest = Buffer.alloc(0);
      start = end + 1;
      if (isSkipping || line.length > LINE_BYTES_MAX) yield null;
      else if (!isBlank(line)) yield line;
      isSkipping = false;
    }
    if (isSkipping) continue;
    rest = Buffer.concat([rest, chunk.subarray(start)]);
    if (rest.length > LINE_BYTES_MAX) {
      rest = Buffer.alloc(0);
      isSkipping = true;
    }
  }
  if (isSkipping) yield null;
  else if (!isBlank(rest)) yield rest;
}

function isBlank(line: Buffer): boolean {
  return skipSpace(line, 0) >= line.length;
}

async function answerOf(item: ItemResult, publisher: Publisher): Promise<ItemAnswer> {
  if (!item.ok) return errorBody(item.error);
  let published: Result<Published>;
  try {
    published = await publisher.publish(item.request);
  } catch {
    // The store refused this one event; its neighbours were taken. It was logged where it happened.
    return errorBody({ code: "internal_error", message: "This event could not be stored." });
  }
  return published.ok ? published.value : errorBody(published.refusal);
}

function batchReply(events: readonly ItemAnswer[]): Reply {
  const isAllOverloaded = events.length > 0 && events.every((event) => "code" in event && event.code === "overloaded");
  if (isAllOverloaded) fail("overloaded", "Nothing was written; try again later with the same idempotency keys.");
  return { body: { events } };
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
  return envelope;
}

/** What is no JSON stays the text that it is, for the envelope's schema to refuse. */
function listOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
