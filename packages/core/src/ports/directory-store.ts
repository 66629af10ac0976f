import type { App, Installation, Shop, Subscription } from "../domain/directory-entries.ts";
import type { CancelReason } from "../domain/delivery.ts";
import type { Hold } from "../domain/hold.ts";
import type { NewEvent } from "../domain/event.ts";
import type { LaneRef } from "./task-queue.ts";
import type { Turn } from "./turn.ts";

/** Next internal keys; part of the directory, so that a commit at the expected version allocates exactly. */
export interface Counters {
  readonly shop: number;
  readonly app: number;
  readonly subscription: number;
}

export interface DirectoryChanges {
  readonly version: number;
  readonly counters: Counters;
  readonly shops: readonly Shop[];
  readonly apps: readonly App[];
  readonly installations: readonly Installation[];
  readonly subscriptions: readonly Subscription[];
  readonly holds: readonly Hold[];
}

/** Who did what, with secrets masked. */
export interface AuditRecord {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly requestId: string | null;
}

/** An audit record as it is kept; ids grow with time. */
export type KeptAuditRecord = AuditRecord & { readonly id: number };

/** Which audit records; null leaves open. */
export interface AuditQuery {
  /** What `actor` and `subject` begin with. */
  readonly actor: string | null;
  readonly subject: string | null;
  readonly action: string | null;
  readonly requestId: string | null;
  /** Ms, both ends included. */
  readonly from: number | null;
  readonly to: number | null;
  /** A place in the list, which runs from the newest record to the oldest. */
  readonly turn: Turn<number>;
  readonly limit: number;
}

/** A change of the directory and all that must happen with it, as one transaction. */
export interface DirectoryCommit {
  readonly at: number;
  readonly counters: Counters;
  readonly shops: readonly Shop[];
  readonly apps: readonly App[];
  readonly installations: readonly Installation[];
  readonly subscriptions: readonly Subscription[];
  readonly holds: readonly Hold[];
  /** Lanes whose pending deliveries end now (a bounded number each; the owner sweeps the rest). */
  readonly cancel: readonly { readonly lane: LaneRef; readonly reason: CancelReason }[];
  /** Events that the change itself makes (`app/uninstalled`). */
  readonly events: readonly NewEvent[];
  readonly audit: readonly AuditRecord[];
}

/** Which subscriptions; every member narrows, null leaves open. */
export interface SubscriptionPlace {
  readonly app: number | null;
  /** A shop's with those of apps that hold on every shop. */
  readonly shop: number | null;
  /** Those that have it or had it, as far as history is kept: no delivery is older. */
  readonly topic: string | null;
}

export interface DirectoryStore {
  /** The version now: what a process with a copy asks for twice a second. Ends within about a second, with an answer or an error. */
  version(): Promise<number>;
  /**
   * The current rows that changed after `version`, ended ones included. From version 0 (a fresh start): apps, subscriptions and holds that
   * have not ended, and every shop and installation, ended ones too (their last events and compliance topics are still delivered).
   */
  changesSince(version: number): Promise<DirectoryChanges>;
  /**
   * Applies the commit if the directory still has `expectedVersion`, which it raises by one. Each row becomes the current one
   * of its key, and the row before it is kept as history with the time until which it was valid. Of a hold
   * only the current row is kept.
   */
  commit(
    commit: DirectoryCommit,
    expectedVersion: number,
  ): Promise<{ readonly kind: "committed"; readonly version: number } | { readonly kind: "stale" }>;
  /**
   * What matching an event of this topic on this shop needs, as it stood at `version`: the shop, its installations (ended ones too), the
   * subscriptions of the shop and of apps that have the topic and have not ended, and the apps of both (no holds: they bear on sending
   * alone). Null when history of that
   * version was forgotten, or when the directory has not come that far.
   */
  readAsOf(version: number, shop: number, topic: string): Promise<DirectoryChanges | null>;
  /** The installation that a token (as SHA-256, hex) belongs to, and the directory's version, read now. */
  findToken(tokenHash: string): Promise<{ readonly installation: Installation | null; readonly version: number }>;
  /** Also finds a subscription that has ended. */
  findSubscription(id: number): Promise<Subscription | null>;
  /** Ids of subscriptions, ended ones too, and up to `limit` of them. */
  subscriptionIds(place: SubscriptionPlace, limit: number): Promise<readonly number[]>;
  /** Writes down what was done to something other than the directory. */
  record(audit: AuditRecord): Promise<void>;
  readAudit(query: AuditQuery): Promise<readonly KeptAuditRecord[]>;
}
