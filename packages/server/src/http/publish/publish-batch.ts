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
import type { Published, PublishObserver, Result } from "@genhook/core";
import type { EventPublisher } from "./event-publisher.ts";
import { fail } from "../api-error.ts";
import type { Reply } from "../call.ts";
import { BytePieces } from "../byte-pieces.ts";
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
export async function publishList(body: Buffer, start: number, publisher: EventPublisher): Promise<ItemAnswer[]> {
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
export async function publishLines(request: IncomingMessage, publisher: EventPublisher, account: BodyAccount): Promise<ItemAnswer[]> {
  const batch = new Batch(publisher, new Turns(), account);
  const lines = new LineCutter();
  let broken = 0;
  const publish = (line: Buffer | null): Promise<void> | null => {
    const item = line === null ? LONG_LINE : readLine(line);
    if (!item.ok && item.error.code === "malformed_json") broken += 1;
    // Each line has its answer in memory. What came before may be published: with idempotency keys it can be sent again.
    if (broken > PUBLISH_BROKEN_LINES_MAX)
      fail("malformed_json", `More than ${PUBLISH_BROKEN_LINES_MAX} lines are not JSON; the rest was not read.`);
    return batch.add(item, line?.length ?? 0);
  };
  for await (const chunk of request as AsyncIterable<Buffer>) {
    for (const line of lines.take(chunk)) await publish(line);
  }
  for (const line of lines.end()) await publish(line);
  return batch.answers();
}

/** Items that are published next to each other, a bounded number at a time; answers in the order of the items. */
class Batch {
  readonly #publisher: EventPublisher;
  readonly #turns: Turns;
  /** Counts what is under way; null where the whole body is counted. */
  readonly #account: BodyAccount | null;
  /** Undefined for what is under way. */
  readonly #answers: (ItemAnswer | undefined)[] = [];
  #open = 0;
  #underWay = 0;
  #underWayBytes = 0;
  #onAnswered: (() => void) | null = null;

  constructor(publisher: EventPublisher, turns: Turns, account: BodyAccount | null) {
    this.#publisher = publisher;
    this.#turns = turns;
    this.#account = account;
  }

  /** Null when there is room for the next one at once; otherwise resolves when there is. */
  add(item: ItemResult, bytes: number): Promise<void> | null {
    this.#account?.take(bytes);
    const index = this.#answers.length;
    if (item.ok) {
      this.#answers.push(undefined);
      this.#open += 1;
      this.#publisher.take(item.request, new BatchItem(this, index));
    } else {
      this.#answers.push(errorBody(item.error));
    }
    this.#underWay += 1;
    this.#underWayBytes += bytes;
    if (this.#underWay >= ITEMS_UNDER_WAY_MAX || this.#underWayBytes >= LINE_BYTES_UNDER_WAY_MAX) return this.#settle();
    return this.#turns.pause();
  }

  answered(index: number, answer: ItemAnswer): void {
    this.#answers[index] = answer;
    this.#open -= 1;
    if (this.#open === 0) this.#onAnswered?.();
  }

  async answers(): Promise<ItemAnswer[]> {
    await this.#allAnswered();
    return this.#answers as ItemAnswer[];
  }

  async #settle(): Promise<void> {
    await this.#allAnswered();
    this.#underWay = 0;
    this.#underWayBytes = 0;
    this.#account?.giveAll();
    await this.#turns.pause();
  }

  async #allAnswered(): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => (this.#onAnswered = resolve));
    this.#onAnswered = null;
  }
}

/** What a publish holds of its batch while it is under way. */
class BatchItem implements PublishObserver {
  readonly #batch: Batch;
  readonly #index: number;

  constructor(batch: Batch, index: number) {
    this.#batch = batch;
    this.#index = index;
  }

  published(result: Result<Published>): void {
    this.#batch.answered(this.#index, result.ok ? result.value : errorBody(result.refusal));
  }

  /** Its neighbours are taken. What the store refused was logged where it happened. */
  failed(): void {
    this.#batch.answered(this.#index, errorBody({ code: "internal_error", message: "This event could not be stored." }));
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

/** Cuts a stream into its lines, without their ends; null for one that is too long, empty ones left out. */
class LineCutter {
  /** Of the line that has not ended yet. */
  readonly #rest = new BytePieces();
  #isSkipping = false;
  #bytes = 0;
  #lines = 0;

  /** Not an async generator: each line would cost three promises. */
  *take(chunk: Buffer): Generator<Buffer | null> {
    this.#bytes += chunk.length;
    if (this.#bytes > PUBLISH_REQUEST_BYTES_MAX) throw tooLarge(PUBLISH_REQUEST_BYTES_MAX);
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#lines += 1;
      if (this.#lines > PUBLISH_LINES_MAX) {
        fail("too_many_items", `There are more than ${PUBLISH_LINES_MAX} lines; the rest was not read. Send several requests.`, "body");
      }
      const line = this.#endedBy(chunk.subarray(start, end));
      start = end + 1;
      if (this.#isSkipping || line.length > ITEM_BYTES_MAX) yield null;
      else if (line.length > 0 && !isBlank(line)) yield line;
      this.#isSkipping = false;
    }
    if (this.#isSkipping || start === chunk.length) return;
    this.#rest.add(chunk.subarray(start));
    if (this.#rest.length > ITEM_BYTES_MAX) {
      this.#rest.clear();
      this.#isSkipping = true;
    }
  }

  #endedBy(last: Buffer): Buffer {
    if (this.#rest.length === 0) return last;
    this.#rest.add(last);
    return this.#rest.take();
  }

  /** The last line, where it has no end of its own. */
  *end(): Generator<Buffer | null> {
    const line = this.#rest.take();
    if (this.#isSkipping) yield null;
    else if (!isBlank(line)) yield line;
  }
}

function isBlank(line: Buffer): boolean {
  // Nearly every line begins with a brace.
  return (line[0] ?? 0) <= 0x20 && line.every((byte) => byte <= 0x20);
}

export function batchReply(events: readonly ItemAnswer[]): Reply {
  const isAllOverloaded = events.length > 0 && events.every((event) => "code" in event && event.code === "overloaded");
  if (isAllOverloaded) fail("overloaded", "Nothing was written; try again later with the same idempotency keys.");
  return { body: { events } };
}
