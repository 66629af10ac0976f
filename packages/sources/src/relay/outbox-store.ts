import type { TableOptions } from "@genhook/outbox";
import type { Refusal } from "../intake/source.ts";
import type { StoredRow } from "./outbox-record.ts";

export interface OutboxStoreOptions extends TableOptions {
  /** Whether a refused event keeps the later ones of its order key (`block`, unless given) or not (`skip`). */
  readonly onRefused?: "block" | "skip" | undefined;
}

/** Which rows are wanted. */
export interface RowQuery {
  readonly limit: number;
  /** Of their payloads together; at least one row comes all the same. */
  readonly bytesMax: number;
  readonly withoutIds: readonly string[];
  readonly withoutLanes: readonly string[];
}

/** An event that is set aside. */
export interface RefusedEvent {
  readonly id: string;
  readonly shop: string;
  readonly topic: string;
  readonly orderKey: string | null;
  readonly code: string;
  readonly error: string;
  readonly member: string | null;
  /** RFC 3339, as the other one. */
  readonly createdAt: string;
  readonly refusedAt: string;
  /** Events of its order key that wait for it. */
  readonly behind: number;
}

export interface OutboxStatus {
  /** At most 100,000 are counted. */
  readonly waiting: number;
  /** RFC 3339. */
  readonly oldestAt: string | null;
  readonly refused: number;
  readonly behind: number;
  /** The relay at work, where one is. */
  readonly relay: string | null;
}

/** The statements of an outbox, the same on each database. Ids are decimal text. */
export interface OutboxStore {
  /** `postgres outbox genhook_outbox`. */
  readonly name: string;
  readonly blocksLanes: boolean;
  /** Takes or keeps the lease; false while somebody else has it. */
  renew(owner: string, leaseMs: number): Promise<boolean>;
  giveUp(owner: string): Promise<void>;
  /** By id, from the beginning. */
  read(query: RowQuery): Promise<readonly StoredRow[]>;
  remove(ids: readonly string[]): Promise<void>;
  /** Rows that are not there any more stay away. `null`: they wait behind a refused one. */
  setAside(ids: readonly string[], refusal: Refusal | null): Promise<void>;
  /** Puts back, in order, what waits behind nothing any more; at most 10,000. */
  release(): Promise<void>;
  status(): Promise<OutboxStatus>;
  /** The oldest first. */
  refused(limit: number): Promise<readonly RefusedEvent[]>;
  /** Puts refused events back in their places; all of them where `ids` is null. How many it were. */
  retry(ids: readonly string[] | null): Promise<number>;
  /** Removes refused events for good; what waited behind them goes on. */
  discard(ids: readonly string[] | null): Promise<number>;
}

export const COUNTED_MAX = 100_000;
export const RELEASED_MAX = 10_000;
export const ROW_COLUMNS = "id, key, shop, topic, payload, client_id, triggered_at, order_key, changed, traceparent, created_at";
