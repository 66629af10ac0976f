import type { BatchAnswer, ErrorCode, ItemAnswer } from "@genhook/contract/client";
import type { Log, Refusal, Room, Source, SourceRecord } from "../src/index.ts";

/** Keeps what was said. */
export class KeptLog implements Log {
  readonly lines: { readonly level: string; readonly text: string; readonly fields: object }[] = [];
  info(fields: object, text: string): void {
    this.lines.push({ level: "info", text, fields });
  }
  warn(fields: object, text: string): void {
    this.lines.push({ level: "warn", text, fields });
  }
  error(fields: object, text: string): void {
    this.lines.push({ level: "error", text, fields });
  }
}

export const accepted = (duplicate = false): ItemAnswer => ({ kind: "accepted", id: "event", deliveries: 1, duplicate });
export const refused = (code: ErrorCode = "payload_mismatch"): ItemAnswer => ({
  kind: "refused",
  code,
  message: `It is ${code}.`,
  member: "payload",
});
export const later = (code: ErrorCode = "overloaded"): ItemAnswer => ({ kind: "later", code, message: `It is ${code}.` });
export const allLater = (waitMs: number | null = null): BatchAnswer => ({ kind: "later", code: "overloaded", message: "Wait.", waitMs });

export const record = (event: string, lane: string | null = null, bytes = 1): SourceRecord => ({
  event,
  lane,
  bytes,
  label: event,
  refusal: null,
});

/** Gives what it was made with, once each, and keeps what it is told. */
export class ListSource implements Source<SourceRecord> {
  readonly name = "list";
  readonly blocksLanes: boolean;
  readonly accepted_: string[] = [];
  readonly refused_: (readonly [event: string, code: string])[] = [];
  readonly rooms: Room<SourceRecord>[] = [];
  isCurrentNow = true;
  isClosed = false;
  readonly #records: SourceRecord[];
  readonly #settled = new Map<number, () => void>();

  constructor(records: readonly SourceRecord[], blocksLanes = true) {
    this.#records = [...records];
    this.blocksLanes = blocksLanes;
  }

  async take(room: Room<SourceRecord>): Promise<readonly SourceRecord[]> {
    this.rooms.push(room);
    const taken = this.#records.splice(0, room.records);
    if (taken.length === 0 && room.mayWait) await stopOrTick(room.signal);
    return taken;
  }

  accepted(records: readonly SourceRecord[]): Promise<void> {
    this.accepted_.push(...records.map(({ event }) => event));
    return this.#tell();
  }

  refused({ event }: SourceRecord, { code }: Refusal): Promise<void> {
    this.refused_.push([event, code]);
    return this.#tell();
  }

  isCurrent(): boolean {
    return this.isCurrentNow;
  }

  async backlog(): Promise<{ waiting: number; oldestAt: null; refused: number }> {
    return { waiting: this.#records.length, oldestAt: null, refused: this.refused_.length };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Resolves once so many records were accepted or refused. */
  settled(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settled.set(count, resolve);
      void this.#tell();
    });
  }

  async #tell(): Promise<void> {
    for (const [count, resolve] of this.#settled) if (this.accepted_.length + this.refused_.length >= count) resolve();
  }
}

function stopOrTick(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else setTimeout(resolve, 1);
  });
}
