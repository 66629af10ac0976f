import type { EventHead, EventId, NewEvent, StoredEvent } from "../domain/event.ts";

/** What became of one event of a group. */
export type AppendResult =
  | { readonly kind: "accepted" }
  /** The key was used before for the same content: that first event's id. */
  | { readonly kind: "duplicate"; readonly id: EventId; readonly deliveries: number }
  /** The key was used before for other content. */
  | { readonly kind: "conflict" };

export type AppendOutcome =
  | { readonly kind: "committed"; readonly results: readonly AppendResult[] }
  /** The directory has moved on since the group was matched; nothing was written. */
  | { readonly kind: "stale"; readonly version: number };

export interface EventStore {
  /**
   * Commits a group in one durable transaction: events, the tasks that they owe (due at acceptance), idempotency keys,
   * subjects, what they ask to be erased, and `published` statistics. Results are in the order of the group. A key that appears twice within the group
   * counts as used by the first. Sending a group again with the same ids after an unknown outcome is safe: an event that is
   * already there is `accepted` and owes nothing twice. Each event is kept with `directoryVersion`.
   * Rejects when the transaction failed as a whole; then nothing was written.
   */
  append(group: readonly NewEvent[], directoryVersion: number): Promise<AppendOutcome>;
  /** Null when unknown or past retention. */
  read(id: EventId): Promise<StoredEvent | null>;
  /**
   * The same for many, in order, from the first on: as many as have `bytesMax` of payload together, but at least one. An answer may also be short
   * without that reason; asked for what is missing, it goes on.
   */
  readMany(ids: readonly EventId[], bytesMax: number): Promise<readonly (StoredEvent | null)[]>;
  /** The same for many, in order, without payloads. */
  heads(ids: readonly EventId[]): Promise<readonly (EventHead | null)[]>;
}
