import type { EventId } from "../domain/event.ts";

/** What a redact event asks for; kept from its acceptance until it is carried out. */
export interface Erasure {
  /** The redact event itself: what was accepted up to it is erased, itself last. */
  readonly eventId: EventId;
  readonly shop: number;
  /** Keyed hashes of the customers whose events are erased; null: every event of the shop. */
  readonly subjects: readonly string[] | null;
}

export interface ErasurePage {
  readonly ids: readonly EventId[];
  /** Where the next page begins; null when there is no more. A page may be empty and not the last. */
  readonly next: EventId | null;
}

/**
 * Erasure of payloads. What is erased keeps its row, without payload and order key: that it happened, and what became of its deliveries, can
 * still be told. Every call may be repeated.
 */
export interface Erasures {
  /** Erasures that were asked for and are not finished. */
  open(): Promise<readonly Erasure[]>;
  /**
   * Events that the erasure covers and that still have their payload, in the order of their ids behind `after`, apart from redact events
   * whose own erasure is open. Looks at a bounded number of rows.
   */
  find(erasure: Erasure, after: EventId | null, limit: number): Promise<ErasurePage>;
  /**
   * Erases these events in one durable transaction: payload, order key, subjects, kept responses of their attempts; what is pending of them
   * is cancelled as `redacted`. Answers the subscriptions that lost something that way, each once.
   */
  erase(ids: readonly EventId[], at: number): Promise<readonly number[]>;
  /** Erases the redact event like the others and forgets the erasure. Nothing that was erased can be read from the store's files afterwards. */
  finish(eventId: EventId, at: number): Promise<readonly number[]>;
}
