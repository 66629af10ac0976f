import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  errorBody,
  PUBLISH_BROKEN_LINES_MAX,
  PUBLISH_ITEMS_MAX,
  PUBLISH_LINES_MAX,
  PUBLISH_REQUEST_BYTES_MAX,
  type ContractError,
} from "@genhook/contract";
import type { Published, Publisher, Result } from "@genhook/core";
import { fail } from "../api-error.ts";
import type { Reply } from "../call.ts";
import { cutList, JsonError, skipSpace, type Slice } from "../json-bytes.ts";
import { jsonError, tooLarge, type BodyAccount } from "../request-body.ts";
import { Turns } from "../turns.ts";
import { ITEM_BYTES_MAX, readItem, type ItemResult } from "./publish-item.ts";

/** Items under way at once: enough to fill groups, little enough to bound memory. */
const ITEMS_UNDER_WAY_MAX = 512;
const LINE_BYTES_UNDER_WAY_MAX = 8_388_608;
/** A list up to this size is read once and kept; the values of a longer one take many times its bytes, so it is read twice. */
const KEPT_LIST_BYTES_MAX = 1_048_576;

type ItemAnswer = Published | ReturnType<typeof errorBody>;

/** A whole array: nothing is published before all of it was read and is known to be JSON. */
export async function publishList(body: Buffer, start: number, publisher: Publisher): Promise<ItemAnswer[]> {
  const turns = new Turns();
  const elements = await sliceList(body, start, turns);
  if (elements.length > PUBLISH_ITEMS_MAX) {
    fail("too_many_items", `The array has more than ${PUBLISH_ITEMS_MAX} events, which is the most. Use NDJSON for more.`, "body");
  }
  const kept: ItemResult[] = [];
  for (const [index, { start: from, end }] of elements.entries()) {
    const item = readItem(body.subarray(from, end));
    // An element that is no JSON makes the whole array no JSON.
    if (!item.ok && item.error.code === "malformed_json") fail("malformed_json", describeElement(body.subarray(from, end), index, from));
    if (body.length <= KEPT_LIST_BYTES_MAX) kept.push(item);
    await turns.pause();
  }
  const batch = new Batch(publisher, turns, null);
  for (const [index, { start: from, end }] of elements.entries()) {
    await batch.add(kept[index] ?? readItem(body.subarray(from, end)), end - from);
  }
  return batch.answers();
}

async function sliceList(body: Buffer, start: number, turns: Turns): Promise<readonly Slice[]> {
  try {
    const { elements, end } = await cutList(body, start, PUBLISH_ITEMS_MAX, turns);
    if (elements.length <= PUBLISH_ITEMS_MAX && skipSpace(body, end) !== body.length)
      fail("malformed_json", "Something follows the array.");
    return elements;
  } catch (error) {
    if (error instanceof JsonError) fail("malformed_json", error.message);
    throw error;
  }
}

function describeElement(element: Buffer, index: number, start: number): string {
  return `The event at index ${index} (from byte ${start}) is not JSON: ${jsonError(element)}`;
}

/** Lines as they arrive: a broken one is that line's error, and the stream goes on. */
export async function publishLines(request: IncomingMessage, publisher: Publisher, account: BodyAccount): Promise<ItemAnswer[]> {
  const batch = new Batch(publisher, new Turns(), account);
  let broken = 0;
  for await (const line of linesOf(request)) {
    const item = line === null ? LONG_LINE : readLine(line);
    if (!item.ok && item.error.code === "malformed_json") broken += 1;
    // Each line has its answer in memory. What came before may be published: with idempotency keys it can be sent again.
    if (broken > PUBLISH_BROKEN_LINES_MAX)
      fail("malformed_json", `More than ${PUBLISH_BROKEN_LINES_MAX} lines are not JSON; the rest was not read.`);
    await batch.add(item, line?.length ?? 0);
  }
  return batch.answers();
}

/** Items that are published next to each other, a bounded number at a time; answers in the order of the items. */
class Batch {
  readonly #publisher: Publisher;
  readonly #turns: Turns;
  /** Counts what is under way; null where the whole body is counted. */
  readonly #account: BodyAccount | null;
  readonly #answers: Promise<ItemAnswer>[] = [];
  #underWay = 0;
  #underWayBytes = 0;

  constructor(publisher: Publisher, turns: Turns, account: BodyAccount | null) {
    this.#publisher = publisher;
    this.#turns = turns;
    this.#account = account;
  }

  /** Resolves when there is room for the next one. */
  async add(item: ItemResult, bytes: number): Promise<void> {
    this.#account?.take(bytes);
    this.#answers.push(answerOf(item, this.#publisher));
    this.#underWay += 1;
    this.#underWayBytes += bytes;
    if (this.#underWay >= ITEMS_UNDER_WAY_MAX || this.#underWayBytes >= LINE_BYTES_UNDER_WAY_MAX) {
      await Promise.all(this.#answers.slice(-this.#underWay));
      this.#underWay = 0;
      this.#underWayBytes = 0;
      this.#account?.giveAll();
    }
    await this.#turns.pause();
  }

  answers(): Promise<ItemAnswer[]> {
    return Promise.all(this.#answers);
  }
}

const LONG_LINE: ItemResult = {
  ok: false,
  error: { code: "body_too_large", message: `The line has more than ${ITEM_BYTES_MAX} bytes.`, member: "payload" },
};

function readLine(line: Buffer): ItemResult {
  const error: ContractError = { code: "malformed_json", message: "The line is not valid UTF-8." };
  return isUtf8(line) ? readItem(line) : { ok: false, error };
}

/** The lines of a stream without their ends; null for one that is too long, empty ones left out. */
async function* linesOf(request: IncomingMessage): AsyncGenerator<Buffer | null> {
  let rest: Buffer = Buffer.alloc(0);
  let isSkipping = false;
  let total = 0;
  let lines = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > PUBLISH_REQUEST_BYTES_MAX) throw tooLarge(PUBLISH_REQUEST_BYTES_MAX);
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      lines += 1;
      if (lines > PUBLISH_LINES_MAX) {
        fail("too_many_items", `There are more than ${PUBLISH_LINES_MAX} lines; the rest was not read. Send several requests.`, "body");
      }
      const line = rest.length === 0 ? chunk.subarray(start, end) : Buffer.concat([rest, chunk.subarray(start, end)]);
      rest = Buffer.alloc(0);
      start = end + 1;
      if (isSkipping || line.length > ITEM_BYTES_MAX) yield null;
      else if (line.length > 0 && !isBlank(line)) yield line;
      isSkipping = false;
    }
    if (isSkipping) continue;
    rest = Buffer.concat([rest, chunk.subarray(start)]);
    if (rest.length > ITEM_BYTES_MAX) {
      rest = Buffer.alloc(0);
      isSkipping = true;
    }
  }
  if (isSkipping) yield null;
  else if (!isBlank(rest)) yield rest;
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= 0x20);
}

/** Not an async function: its frame would keep the whole item, with its parsed payload, until the answer; 512 of them at once. */
function answerOf(item: ItemResult, publisher: Publisher): Promise<ItemAnswer> {
  return item.ok ? publisher.publish(item.request).then(answerOfPublished, answerOfFailed) : Promise.resolve(errorBody(item.error));
}

function answerOfPublished(published: Result<Published>): ItemAnswer {
  return published.ok ? published.value : errorBody(published.refusal);
}

/** The store refused this one event; its neighbours were taken. It was logged where it happened. */
function answerOfFailed(): ItemAnswer {
  return errorBody({ code: "internal_error", message: "This event could not be stored." });
}

export function batchReply(events: readonly ItemAnswer[]): Reply {
  const isAllOverloaded = events.length > 0 && events.every((event) => "code" in event && event.code === "overloaded");
  if (isAllOverloaded) fail("overloaded", "Nothing was written; try again later with the same idempotency keys.");
  return { body: { events } };
}
