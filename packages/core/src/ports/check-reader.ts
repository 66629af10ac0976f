import type { LogRow } from "../domain/attempt.ts";
import type { Task } from "../domain/delivery.ts";
import type { EventHead, EventId } from "../domain/event.ts";

/** All that a store has of one event, whether it fits together or not. */
export interface EventFacts {
  readonly id: EventId;
  /** The day whose tables it was found in. */
  readonly day: number;
  /** Null where only tasks or log rows are left. */
  readonly event: EventHead | null;
  readonly payloadBytes: number;
  /** By subscription. */
  readonly tasks: readonly Task[];
  /** By subscription and sequence number; without the bodies of responses. */
  readonly rows: readonly LogRow[];
}

export type DirectoryTable = "shop" | "app" | "installation" | "subscription";

/** One row of the directory's history. */
export interface HistoryRow {
  readonly table: DirectoryTable;
  /** Its key as text: equal for the rows of one entry. */
  readonly key: string;
  readonly version: number;
  /** The version that replaced it; null for the current row. */
  readonly until: number | null;
  readonly validFrom: number;
  readonly validTo: number | null;
  /** The key inside the row's content. */
  readonly bodyKey: string;
}

export interface DirectoryFacts {
  readonly version: number;
  /** The next key of each table that counts its keys. */
  readonly nextKeys: Readonly<Record<"shop" | "app" | "subscription", number>>;
  readonly holdVersions: readonly number[];
}

/** A row that refers to an event. */
export interface EventReference {
  readonly kind: "idempotency" | "erasure" | "subject";
  readonly eventId: EventId;
  readonly shop: number | null;
  /** What is claimed of the event: how many deliveries it owes. */
  readonly deliveries: number | null;
  /** From when on the row may be without its event; null: never. */
  readonly expiresAt: number | null;
  /** Shop and number of deliveries of the event; null where it does not exist. */
  readonly event: { readonly shop: number; readonly deliveries: number } | null;
}

/** Running numbers of one subscription. */
export interface SequenceFacts {
  readonly subscription: number;
  /** Numbers up to this one are forgotten; 0 for none. */
  readonly floor: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Sums of the statistics of one day (UTC), over everything. */
export interface DayCounts {
  readonly day: number;
  readonly published: number;
  readonly delivered: number;
  readonly failed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Deliveries in the latency classes. */
  readonly timed: number;
  /** The smallest of all counts: none may be negative. */
  readonly smallest: number;
}

/** Where the sums that plots over everything, an app or a topic are read from say something else than the rows that they are made of. */
export interface SumDifference {
  /** Empty for everything, or `app` or `topic` with which one. */
  readonly scope: string;
  readonly day: number;
  /** How many more than the rows the sums have; below 0: fewer. */
  readonly more: Readonly<Record<"published" | "delivered" | "failed" | "dead" | "cancelled" | "timed", number>>;
}

/**
 * Reads a whole store for `checkStore`, as of one moment and without changing anything. Lists come in batches, so that any size can be read
 * with little memory.
 */
export interface CheckReader {
  /** What the database itself finds wrong with its pages and indexes; nothing when it is sound. */
  damage(): AsyncIterable<string>;
  days(): Promise<readonly number[]>;
  /** Events of one day by id, and what is left of events that are not there. */
  events(day: number): AsyncIterable<readonly EventFacts[]>;
  /** Tasks of days that have no tables. */
  strayTasks(): AsyncIterable<readonly Task[]>;
  references(): AsyncIterable<readonly EventReference[]>;
  directory(): Promise<DirectoryFacts>;
  /** By table, key and version. */
  history(): AsyncIterable<readonly HistoryRow[]>;
  sequences(): AsyncIterable<readonly SequenceFacts[]>;
  counts(): Promise<readonly DayCounts[]>;
  /** Nothing where all sums fit. */
  sumDifferences(): Promise<readonly SumDifference[]>;
  close(): Promise<void>;
}
