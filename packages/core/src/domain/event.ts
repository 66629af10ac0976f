/**
 * Something that happened in a shop, published once and immutable.
 *
 * Ids are UUIDv7 (RFC 9562 5.7) as lower-case text; the time inside is the time of acceptance, and the day that
 * the event belongs to for retention follows from it (`dayOf`). The payload is the slice of the publisher's
 * request, byte for byte: it is never parsed and written again.
 */
export type EventId = string;

/** One subscription that an event is owed to, and the lane that the delivery queues in. */
export interface Owed {
  readonly subscription: number;
  readonly lane: number;
  readonly shard: number;
}

/** What travels with an event to every delivery of it. */
export interface EventContent {
  readonly id: EventId;
  /** Internal key of the shop. */
  readonly shop: number;
  /** Internal key of the one app that the event is for (`app` audience), otherwise null. */
  readonly app: number | null;
  readonly topic: string;
  readonly apiVersion: string;
  /** RFC 3339 UTC with nine fractional digits: when it happened, as the publisher says. */
  readonly triggeredAt: string;
  /** Wall time of acceptance, ms since the epoch; equals the time inside the id. */
  readonly acceptedAt: number;
  readonly orderKey: string | null;
  /** Payload paths that changed, where the publisher sent them. */
  readonly changed: readonly string[] | null;
  /** W3C Trace Context of whoever published it, or of the span in which it was taken; null where nobody traces. */
  readonly traceparent: string | null;
  /** A test event that an app asked for; carried as `X-Genstore-Test`. */
  readonly isTest: boolean;
  readonly payload: Uint8Array;
}

/** An event as it is kept: with what it owes, and what that was decided on. */
export interface StoredEvent extends EventContent {
  readonly owes: readonly number[];
  /** Version of the directory that the event was matched at: what its decisions follow from. */
  readonly directoryVersion: number;
  /** Its payload was erased: it is empty, and nothing of the event is sent any more. */
  readonly isErased: boolean;
}

/** An event without its payload: for lists. */
export type EventHead = Omit<StoredEvent, "payload">;

/** What makes a publish repeatable: scoped to the shop, kept for at least 24 h. */
export interface Idempotency {
  /** 32 hex digits: hash of the key that the publisher sent. */
  readonly keyHash: string;
  /** 32 hex digits: hash of topic and payload bytes; another content under the same key is refused. */
  readonly contentHash: string;
  readonly expiresAt: number;
}

/** An event with all that must be committed together with it. */
export interface NewEvent extends EventContent {
  readonly owes: readonly Owed[];
  /** Keyed hashes (32 hex digits) of the customers that the payload speaks of, for erasure. */
  readonly subjects: readonly string[];
  /** What is to be erased on account of this event: it is kept with the event until that is done. */
  readonly erases: "subjects" | "shop" | null;
  readonly idempotency: Idempotency | null;
}

/** Events, their log and what is kept of them go by days of UTC. */
export const DAY_MS = 86_400_000;

/** Day number (days since 1970-01-01 UTC) that a UUIDv7 belongs to. */
export function dayOf(id: EventId): number {
  return Math.floor(millisecondsOf(id) / DAY_MS);
}

/** Day number of a wall time in ms. */
export function dayOfTime(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** The 48-bit time inside a UUIDv7, ms since the epoch. */
export function millisecondsOf(id: EventId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
