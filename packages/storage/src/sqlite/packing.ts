import type { EventContent, LaneRead, LaneRef, LogRow, NewEvent, OwedTask, SettledOrder, Settlement } from "@genhook/core";

/**
 * How groups cross between threads. Structured clone walks every object and copies every payload for itself, so a group crosses as one flat
 * array of numbers and texts and one transferred buffer with all bytes in it; the main thread pays a few microseconds a row.
 */
export interface Packed {
  readonly values: Flat;
  /** All that is bytes, one behind the other. */
  readonly bytes: ArrayBuffer;
}

type Flat = (number | string | null)[];

/** What of an answer is handed over to the thread that asked, and not copied. */
export function buffersOf(answer: unknown): readonly ArrayBuffer[] {
  return typeof answer === "object" && answer !== null && "bytes" in answer && answer.bytes instanceof ArrayBuffer ? [answer.bytes] : [];
}

/** Takes a packed group apart in the order in which it was put together. */
class Unpacking {
  readonly #values: Flat;
  readonly #bytes: ArrayBuffer;
  #at = 0;
  #offset = 0;

  constructor({ values, bytes }: Packed) {
    this.#values = values;
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#values.length;
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what stands at this place of the array
  next<Value extends number | string | boolean | null>(): Value {
    const value = this.#values[this.#at];
    this.#at += 1;
    return value as Value;
  }

  /** The length stands in the array. */
  bytes(): Uint8Array {
    const length = this.next<number>();
    const bytes = new Uint8Array(this.#bytes, this.#offset, length);
    this.#offset += length;
    return bytes;
  }
}

/** Behind one another in one buffer; the same in which they are packed. */
function join(each: readonly Uint8Array[]): ArrayBuffer {
  const joined = new Uint8Array(each.reduce((sum, bytes) => sum + bytes.length, 0));
  let offset = 0;
  for (const bytes of each) {
    joined.set(bytes, offset);
    offset += bytes.length;
  }
  return joined.buffer;
}

function packContent(values: Flat, event: EventContent): void {
  values.push(event.id, event.shop, event.app, event.topic, event.apiVersion, event.triggeredAt, event.acceptedAt, event.orderKey);
  values.push(event.changed === null ? null : JSON.stringify(event.changed), event.traceparent, event.isTest ? 1 : 0);
  values.push(event.payload.length);
}

function unpackContent(from: Unpacking): EventContent {
  return {
    id: from.next<string>(),
    shop: from.next<number>(),
    app: from.next<number | null>(),
    topic: from.next<string>(),
    apiVersion: from.next<string>(),
    triggeredAt: from.next<string>(),
    acceptedAt: from.next<number>(),
    orderKey: from.next<string | null>(),
    changed: listOf(from.next<string | null>()),
    traceparent: from.next<string | null>(),
    isTest: from.next<number>() === 1,
    payload: from.bytes(),
  };
}

function listOf(text: string | null): readonly string[] | null {
  return text === null ? null : (JSON.parse(text) as string[]);
}

export function packEvents(group: readonly NewEvent[]): Packed {
  const values: Flat = [];
  for (const event of group) {
    packContent(values, event);
    values.push(event.subjects.length);
    for (const subject of event.subjects) values.push(subject);
    values.push(event.erases, event.owes.length);
    for (const owed of event.owes) values.push(owed.subscription, owed.lane, owed.shard);
    const { idempotency } = event;
    values.push(idempotency?.keyHash ?? null, idempotency?.contentHash ?? null, idempotency?.expiresAt ?? null);
  }
  return { values, bytes: join(group.map((event) => event.payload)) };
}

export function unpackEvents(packed: Packed): NewEvent[] {
  const from = new Unpacking(packed);
  const events: NewEvent[] = [];
  while (!from.isDone) {
    events.push({
      ...unpackContent(from),
      subjects: Array.from({ length: from.next<number>() }, () => from.next<string>()),
      erases: from.next<NewEvent["erases"]>(),
      owes: Array.from({ length: from.next<number>() }, () => ({
        subscription: from.next<number>(),
        lane: from.next<number>(),
        shard: from.next<number>(),
      })),
      idempotency: unpackIdempotency(from),
    });
  }
  return events;
}

function unpackIdempotency(from: Unpacking): NewEvent["idempotency"] {
  const [keyHash, contentHash, expiresAt] = [from.next<string | null>(), from.next<string | null>(), from.next<number | null>()];
  return keyHash === null || contentHash === null || expiresAt === null ? null : { keyHash, contentHash, expiresAt };
}

/** What was read of a lane; all its tasks carry the same lane. */
export function packLane({ tasks, nextDue }: LaneRead): Packed {
  const values: Flat = [nextDue];
  for (const { task, event } of tasks) {
    values.push(task.due, task.subscription, task.seq, task.round, task.attempts, task.attemptsEver);
    packContent(values, event);
  }
  return { values, bytes: join(tasks.map(({ event }) => event.payload)) };
}

export function unpackLane({ shard, lane }: LaneRef, packed: Packed): LaneRead {
  const from = new Unpacking(packed);
  const nextDue = from.next<number | null>();
  const tasks: OwedTask[] = [];
  while (!from.isDone) {
    const [due, subscription, seq] = [from.next<number>(), from.next<number>(), from.next<number>()];
    const [round, attempts, attemptsEver] = [from.next<number>(), from.next<number>(), from.next<number>()];
    const event = unpackContent(from);
    tasks.push({ task: { shard, lane, due, eventId: event.id, subscription, seq, round, attempts, attemptsEver }, event });
  }
  return { tasks, nextDue };
}

interface PackedOrder extends SettledOrder {
  /** Where the next task goes, which is another lane. */
  readonly next: LaneRef | null;
}

const UNORDERED: PackedOrder = { blocks: null, unblocks: false, next: null };

export function packSettlements(batch: readonly Settlement[]): Packed {
  const values: Flat = [];
  const bodies: Uint8Array[] = [];
  for (const { key, seq, row, next, topic, latencyMs, order } of batch) {
    values.push(key.shard, key.lane, key.due, key.eventId, seq, topic, latencyMs);
    values.push(row.kind, row.subscription, row.round, row.n, row.at, row.durationMs, row.status, row.error, row.detail, row.address);
    values.push(row.responseHeaders, row.state, row.reason, row.nextAt, row.shop, row.app, row.responseBody === null ? 0 : 1);
    if (row.responseBody !== null) {
      values.push(row.responseBody.length);
      bodies.push(row.responseBody);
    }
    values.push(
      order === undefined ? null : JSON.stringify({ ...order, next: next === null ? null : { shard: next.shard, lane: next.lane } }),
    );
    values.push(next === null ? null : next.due, next?.round ?? 0, next?.attempts ?? 0, next?.attemptsEver ?? 0);
  }
  return { values, bytes: join(bodies) };
}

export function* unpackSettlements(packed: Packed): Generator<Settlement> {
  const from = new Unpacking(packed);
  while (!from.isDone) {
    const [shard, lane, due, eventId] = [from.next<number>(), from.next<number>(), from.next<number>(), from.next<string>()];
    const [seq, topic, latencyMs] = [from.next<number>(), from.next<string | null>(), from.next<number>()];
    const row: LogRow = {
      eventId,
      seq,
      kind: from.next<LogRow["kind"]>(),
      subscription: from.next<number>(),
      round: from.next<number>(),
      n: from.next<number>(),
      at: from.next<number>(),
      durationMs: from.next<number>(),
      status: from.next<number | null>(),
      error: from.next<LogRow["error"]>(),
      detail: from.next<string | null>(),
      address: from.next<string>(),
      responseHeaders: from.next<string | null>(),
      state: from.next<LogRow["state"]>(),
      reason: from.next<LogRow["reason"]>(),
      nextAt: from.next<number | null>(),
      shop: from.next<number>(),
      app: from.next<number>(),
      responseBody: from.next<number>() === 0 ? null : from.bytes(),
    };
    const ordered = from.next<string | null>();
    const { next: nextLane, ...order } = ordered === null ? UNORDERED : (JSON.parse(ordered) as PackedOrder);
    const [nextDue, round] = [from.next<number | null>(), from.next<number>()];
    const [attempts, attemptsEver] = [from.next<number>(), from.next<number>()];
    const { subscription } = row;
    const next =
      nextDue === null
        ? null
        : { shard, lane, ...nextLane, due: nextDue, eventId, subscription, seq: seq + 1, round, attempts, attemptsEver };
    const settlement = { key: { shard, lane, due, eventId, subscription }, seq, row, next, topic, latencyMs };
    yield ordered === null ? settlement : { ...settlement, order };
  }
}
