import type { Erasure, ErasurePage, Erasures, EventId } from "@genhook/core";
import type { MemoryTables } from "./memory-tables.ts";

/** Erasure on plain maps. */
export class MemoryErasures implements Erasures {
  readonly #tables: MemoryTables;

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  open(): Promise<readonly Erasure[]> {
    return Promise.resolve([...this.#tables.erasures.values()]);
  }

  find(erasure: Erasure, after: EventId | null, limit: number): Promise<ErasurePage> {
    const { events, erasures, subjects } = this.#tables;
    const isNamed = (id: EventId): boolean =>
      erasure.subjects === null || (subjects.get(id) ?? []).some((each) => erasure.subjects?.includes(each) === true);
    const ids = [...events.values()]
      .filter((event) => event.shop === erasure.shop && event.id <= erasure.eventId && (after === null || event.id > after))
      .filter((event) => !event.isErased && !erasures.has(event.id) && isNamed(event.id))
      .map((event) => event.id)
      .sort()
      .slice(0, limit);
    return Promise.resolve({ ids, next: ids.length < limit ? null : (ids.at(-1) ?? null) });
  }

  erase(ids: readonly EventId[], at: number): Promise<readonly number[]> {
    const touched = new Set<number>();
    for (const id of ids) this.#eraseOne(id, at, touched);
    return Promise.resolve([...touched]);
  }

  finish(eventId: EventId, at: number): Promise<readonly number[]> {
    const touched = new Set<number>();
    this.#eraseOne(eventId, at, touched);
    this.#tables.erasures.delete(eventId);
    return Promise.resolve([...touched]);
  }

  #eraseOne(id: EventId, at: number, touched: Set<number>): void {
    const { events, log, subjects } = this.#tables;
    const event = events.get(id);
    if (event === undefined || event.isErased) return;
    events.set(id, { ...event, payload: new Uint8Array(), orderKey: null, isErased: true });
    subjects.delete(id);
    // What cannot be sent again must not keep its key waiting.
    this.#tables.places.forget(({ eventId }) => eventId === id);
    for (const task of this.#tables.tasks().filter((each) => each.eventId === id)) {
      this.#tables.end(task, "cancelled", "redacted", at);
      touched.add(task.subscription);
    }
    for (const subscription of event.owes) {
      const key = `${id} ${subscription}`;
      const rows = log.get(key);
      if (rows !== undefined) {
        log.set(
          key,
          rows.map((row) => ({ ...row, responseHeaders: null, responseBody: null })),
        );
      }
    }
  }
}
