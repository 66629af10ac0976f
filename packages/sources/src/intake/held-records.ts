import { HELD_BYTES_MAX, HELD_OF_LANE_MAX, HELD_RECORDS_MAX } from "../limits.ts";
import type { SourceRecord } from "./source.ts";

/**
 * What was taken and is not published yet, in the order in which it came. A batch holds at most one record of a lane: whether the next one may follow is
 * known when the first was accepted. Sending several and sorting it out afterwards was rejected: the server takes each by itself, so the second of
 * two may be accepted where the first is refused.
 */
export class HeldRecords<Held extends SourceRecord> {
  readonly #records = new Set<Held>();
  readonly #lanes = new Map<string, number>();
  /** Monotonic ms before which a record is not sent again. */
  readonly #dueAt = new Map<Held, number>();
  #bytes = 0;

  get all(): ReadonlySet<Held> {
    return this.#records;
  }

  get room(): { readonly records: number; readonly bytes: number } {
    return { records: Math.max(0, HELD_RECORDS_MAX - this.#records.size), bytes: Math.max(0, HELD_BYTES_MAX - this.#bytes) };
  }

  get fullLanes(): readonly string[] {
    return [...this.#lanes].filter(([, count]) => count >= HELD_OF_LANE_MAX).map(([lane]) => lane);
  }

  add(records: readonly Held[]): void {
    for (const record of records) {
      if (this.#records.has(record)) continue;
      this.#records.add(record);
      this.#bytes += record.bytes;
      if (record.lane !== null) this.#lanes.set(record.lane, (this.#lanes.get(record.lane) ?? 0) + 1);
    }
  }

  /** What to send next, in order: within both limits, at least one record where any is due. */
  next(recordsMax: number, bytesMax: number, now: number): readonly Held[] {
    const batch: Held[] = [];
    const lanes = new Set<string>();
    let bytes = 0;
    for (const record of this.#records) {
      if (batch.length >= recordsMax) break;
      if (record.lane !== null) {
        if (lanes.has(record.lane)) continue;
        lanes.add(record.lane);
      }
      if ((this.#dueAt.get(record) ?? now) > now) continue;
      if (batch.length > 0 && bytes + record.bytes > bytesMax) break;
      bytes += record.bytes;
      batch.push(record);
    }
    return batch;
  }

  /** It stays where it is, and is not sent before `dueAt`; nor are those behind it in its lane. */
  postpone(record: Held, dueAt: number): void {
    if (this.#records.has(record)) this.#dueAt.set(record, dueAt);
  }

  remove(records: Iterable<Held>): void {
    for (const record of records) {
      if (!this.#records.delete(record)) continue;
      this.#dueAt.delete(record);
      this.#bytes -= record.bytes;
      if (record.lane === null) continue;
      const left = (this.#lanes.get(record.lane) ?? 0) - 1;
      if (left > 0) this.#lanes.set(record.lane, left);
      else this.#lanes.delete(record.lane);
    }
  }

  /** Lets go of a lane: the source gives it again when its time has come. */
  removeLane(lane: string): void {
    this.remove([...this.#records].filter((record) => record.lane === lane));
  }
}
