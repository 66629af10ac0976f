import { dayOf, type DeliveryKey, type EventId, type Numbered, type SequencePage, type Sequences } from "@genhook/core";

/** Numbers of one subscription: those up to `floor` are forgotten. */
interface Sequence {
  floor: number;
  entries: Numbered[];
  readonly byEvent: Map<EventId, number>;
}

export class MemorySequences implements Sequences {
  readonly #sequences = new Map<number, Sequence>();

  assign(deliveries: readonly DeliveryKey[]): Promise<readonly number[]> {
    return Promise.resolve(deliveries.map((delivery) => this.#assign(delivery)));
  }

  numbersOf(deliveries: readonly DeliveryKey[]): Promise<readonly (number | null)[]> {
    return Promise.resolve(deliveries.map(({ eventId, subscription }) => this.#sequences.get(subscription)?.byEvent.get(eventId) ?? null));
  }

  read(subscription: number, after: number, limit: number): Promise<SequencePage> {
    const sequence = this.#sequences.get(subscription);
    const entries = sequence?.entries.filter(({ n }) => n > after).slice(0, limit) ?? [];
    return Promise.resolve({ entries, first: (sequence?.floor ?? 0) + 1, last: lastOf(sequence) });
  }

  lastOf(subscriptions: readonly number[]): Promise<readonly number[]> {
    return Promise.resolve(subscriptions.map((subscription) => lastOf(this.#sequences.get(subscription))));
  }

  forget(day: number, limit: number): Promise<number> {
    let forgotten = 0;
    for (const sequence of this.#sequences.values()) {
      const kept = sequence.entries.findIndex(({ eventId }) => dayOf(eventId) > day);
      const old = (kept < 0 ? sequence.entries : sequence.entries.slice(0, kept)).slice(0, limit - forgotten);
      sequence.floor = old.at(-1)?.n ?? sequence.floor;
      sequence.entries = sequence.entries.slice(old.length);
      for (const { eventId } of old) sequence.byEvent.delete(eventId);
      forgotten += old.length;
    }
    return Promise.resolve(forgotten);
  }

  #assign({ eventId, subscription }: DeliveryKey): number {
    let sequence = this.#sequences.get(subscription);
    if (sequence === undefined) this.#sequences.set(subscription, (sequence = { floor: 0, entries: [], byEvent: new Map() }));
    const known = sequence.byEvent.get(eventId);
    if (known !== undefined) return known;
    const n = lastOf(sequence) + 1;
    sequence.entries.push({ n, eventId });
    sequence.byEvent.set(eventId, n);
    return n;
  }
}

function lastOf(sequence: Sequence | undefined): number {
  return sequence?.entries.at(-1)?.n ?? sequence?.floor ?? 0;
}
