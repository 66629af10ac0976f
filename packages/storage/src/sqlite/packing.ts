import type { LaneRef, LogRow, NewEvent, SettledOrder, Settlement } from "@genhook/core";

/**
 * How groups cross to the writer thread. Structured clone walks every object, so a group crosses as one flat array of numbers and texts and
 * one transferred buffer with all bytes in it; the main thread pays a few microseconds a row.
 */
export interface PackedEvents {
  readonly events: readonly Omit<NewEvent, "payload">[];
  /** All payloads, one behind the other. */
  readonly bytes: ArrayBuffer;
  readonly lengths: readonly number[];
}

export function packEvents(group: readonly NewEvent[]): PackedEvents {
  const lengths = group.map((event) => event.payload.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  const events = group.map((event) => {
    const { payload, ...rest } = event;
    bytes.set(payload, offset);
    offset += payload.length;
    return rest;
  });
  return { events, bytes: bytes.buffer, lengths };
}

export function unpackEvents(packed: PackedEvents): NewEvent[] {
  let offset = 0;
  return packed.events.map((event, index) => {
    const length = packed.lengths[index] ?? 0;
    const payload = new Uint8Array(packed.bytes, offset, length);
    offset += length;
    return { ...event, payload };
  });
}

type Flat = (number | string | null)[];

export interface PackedSettlements {
  readonly values: Flat;
  readonly bytes: ArrayBuffer;
}

const NONE = new Uint8Array();

interface PackedOrder extends SettledOrder {
  /** Where the next task goes, which is another lane. */
  readonly next: LaneRef | null;
}

const UNORDERED: PackedOrder = { blocks: null, unblocks: false, next: null };

export function packSettlements(batch: readonly Settlement[]): PackedSettlements {
  const values: Flat = [];
  let size = 0;
  for (const { row } of batch) size += row.responseBody?.length ?? 0;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const { key, seq, row, next, topic, latencyMs, order } of batch) {
    const body = row.responseBody ?? NONE;
    bytes.set(body, offset);
    offset += body.length;
    values.push(key.shard, key.lane, key.due, key.eventId, seq, topic, latencyMs);
    values.push(row.kind, row.subscription, row.round, row.n, row.at, row.durationMs, row.status, row.error, row.detail, row.address);
    values.push(row.responseHeaders, row.responseBody === null ? null : body.length, row.state, row.reason, row.nextAt, row.shop, row.app);
    values.push(
      order === undefined ? null : JSON.stringify({ ...order, next: next === null ? null : { shard: next.shard, lane: next.lane } }),
    );
    values.push(next === null ? null : next.due, next?.round ?? 0, next?.attempts ?? 0, next?.attemptsEver ?? 0);
  }
  return { values, bytes: bytes.buffer };
}

export function* unpackSettlements(packed: PackedSettlements): Generator<Settlement> {
  const { values, bytes } = packed;
  let at = 0;
  let offset = 0;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what stands at this place of the array
  const next = <Value>(): Value => values[at++] as Value;
  while (at < values.length) {
    const [shard, lane, due, eventId, seq, topic, latencyMs] = [
      next<number>(),
      next<number>(),
      next<number>(),
      next<string>(),
      next<number>(),
      next<string | null>(),
      next<number>(),
    ];
    const head = {
      kind: next<LogRow["kind"]>(),
      subscription: next<number>(),
      round: next<number>(),
      n: next<number>(),
      at: next<number>(),
      durationMs: next<number>(),
      status: next<number | null>(),
      error: next<LogRow["error"]>(),
      detail: next<string | null>(),
      address: next<string>(),
      responseHeaders: next<string | null>(),
    };
    const length = next<number | null>();
    const responseBody = length === null ? null : new Uint8Array(bytes, offset, length);
    offset += length ?? 0;
    const row: LogRow = {
      ...head,
      responseBody,
      state: next<LogRow["state"]>(),
      reason: next<LogRow["reason"]>(),
      nextAt: next<number | null>(),
      shop: next<number>(),
      app: next<number>(),
      eventId,
      seq,
    };
    const ordered = next<string | null>();
    const { next: nextLane, ...order } = ordered === null ? UNORDERED : (JSON.parse(ordered) as PackedOrder);
    const [nextDue, round, attempts, attemptsEver] = [next<number | null>(), next<number>(), next<number>(), next<number>()];
    const key = { shard, lane, due, eventId, subscription: row.subscription };
    const nextTask =
      nextDue === null
        ? null
        : { shard, lane, ...nextLane, due: nextDue, eventId, subscription: row.subscription, seq: seq + 1, round, attempts, attemptsEver };
    const settlement = { key, seq, row, next: nextTask, topic, latencyMs };
    yield ordered === null ? settlement : { ...settlement, order };
  }
}
