import { pause } from "../intake/pause.ts";
import type { Room, SourceRecord } from "../intake/source.ts";

const WAIT_MS = 500;

/** Records that a broker has handed over and nobody has taken yet. How many there can be is the broker's prefetch. */
export class Inbox<Taken extends SourceRecord> {
  #records: Taken[] = [];
  #arrived = new AbortController();

  get all(): readonly Taken[] {
    return this.#records;
  }

  add(record: Taken): void {
    this.#records.push(record);
    this.#arrived.abort();
  }

  /** What there is room for, in order; waits for a while for the first where that is allowed. */
  async take({ records, bytes, mayWait, signal }: Room<Taken>): Promise<readonly Taken[]> {
    if (this.#records.length === 0 && mayWait) {
      if (this.#arrived.signal.aborted) this.#arrived = new AbortController();
      await pause(WAIT_MS, signal, this.#arrived.signal);
    }
    let count = 0;
    let taken = 0;
    for (const record of this.#records) {
      if (count >= records || taken >= bytes) break;
      count += 1;
      taken += record.bytes;
    }
    return this.#records.splice(0, count);
  }

  /** Empties it: what is in it is the broker's again. */
  clear(): readonly Taken[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}
