import type { EventFacts, EventHead, EventId, LogRow, Task } from "@genhook/core";

/** Rows in the order of their events, a batch at a time; an empty batch is the end. */
export type Batches<Row> = () => Promise<readonly Row[]>;

export interface FoundEvent {
  readonly head: EventHead;
  readonly payloadBytes: number;
}

export interface FactSources {
  /** By id. */
  readonly events: Batches<FoundEvent>;
  /** By event, subscription and sequence number. */
  readonly rows: Batches<LogRow>;
  /** By event and subscription. */
  readonly tasks: Batches<Task>;
}

const BATCH = 500;

/** Three streams by event, merged: what each has of the same event comes together, whatever is missing in the others. */
export async function* mergeFacts(day: number, sources: FactSources): AsyncGenerator<readonly EventFacts[]> {
  const events = new Cursor(sources.events, ({ head }) => head.id);
  const rows = new Cursor(sources.rows, (row) => row.eventId);
  const tasks = new Cursor(sources.tasks, (task) => task.eventId);
  let batch: EventFacts[] = [];
  for (;;) {
    // Ids are lower-case hex digits with dashes at the same places: as texts they sort as their bytes do.
    const keys = [await events.key(), await rows.key(), await tasks.key()].filter((key) => key !== null);
    const id = keys.reduce<EventId | null>((least, key) => (least === null || key < least ? key : least), null);
    if (id === null) break;
    const [event] = await events.take(id);
    batch.push({
      id,
      day,
      event: event?.head ?? null,
      payloadBytes: event?.payloadBytes ?? 0,
      tasks: await tasks.take(id),
      rows: await rows.take(id),
    });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

class Cursor<Row> {
  readonly #fetch: Batches<Row>;
  readonly #keyOf: (row: Row) => EventId;
  #batch: readonly Row[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(fetch: Batches<Row>, keyOf: (row: Row) => EventId) {
    this.#fetch = fetch;
    this.#keyOf = keyOf;
  }

  /** Of the row that comes next; null at the end. */
  async key(): Promise<EventId | null> {
    if (this.#at >= this.#batch.length && !this.#isAtEnd) {
      this.#batch = await this.#fetch();
      this.#at = 0;
      this.#isAtEnd = this.#batch.length === 0;
    }
    const row = this.#batch[this.#at];
    return row === undefined ? null : this.#keyOf(row);
  }

  /** All rows of an event, which is the next one or is not there. */
  async take(id: EventId): Promise<Row[]> {
    const taken: Row[] = [];
    while ((await this.key()) === id) {
      taken.push(this.#batch[this.#at] as Row);
      this.#at += 1;
    }
    return taken;
  }
}
