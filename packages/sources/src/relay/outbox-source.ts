import { randomUUID } from "node:crypto";
import { pause } from "../intake/pause.ts";
import type { Backlog, Refusal, Room, Source } from "../intake/source.ts";
import { readRow, type OutboxRecord } from "./outbox-record.ts";
import type { OutboxStore } from "./outbox-store.ts";

export interface OutboxSourceOptions {
  /** How often to look where nobody wakes, ms; 500 unless given. */
  readonly pollMs?: number | undefined;
  /** After how long without a sign of life another relay takes over, ms; 10,000 unless given. */
  readonly leaseMs?: number | undefined;
  /** Gives a signal that is aborted when something was written. */
  readonly wake?: Wake | undefined;
}

export interface Wake {
  next(): AbortSignal;
  close(): Promise<void>;
}

/** What waits behind a refused event is looked at once in so many looks at the outbox. */
const RELEASE_EVERY_POLLS = 4;

/**
 * An outbox as a source. It is read from its beginning each time and what was published is deleted, so there is no position behind which a slower
 * transaction could commit: its rows are simply there the next time. One relay at a time is at work, by a lease in a row, which needs no
 * session. Rejected: a position guarded by `pg_snapshot_xmin` (one transaction left open anywhere stops everything), and sharing with
 * SKIP LOCKED (two relays cannot keep the order of a key, and a transaction would be open for as long as Genhook takes).
 */
export class OutboxSource implements Source<OutboxRecord> {
  readonly name: string;
  readonly blocksLanes: boolean;
  readonly #store: OutboxStore;
  readonly #owner = randomUUID();
  readonly #pollMs: number;
  readonly #leaseMs: number;
  readonly #wake: Wake | null;
  /** Monotonic ms until which the lease is trusted, counted from when it was asked for. */
  #trustedUntil = Number.NEGATIVE_INFINITY;
  #renewAt = Number.NEGATIVE_INFINITY;
  #releaseAt = Number.NEGATIVE_INFINITY;

  constructor(store: OutboxStore, options: OutboxSourceOptions = {}) {
    this.#store = store;
    this.name = store.name;
    this.blocksLanes = store.blocksLanes;
    this.#pollMs = options.pollMs ?? 500;
    this.#leaseMs = options.leaseMs ?? 10_000;
    this.#wake = options.wake ?? null;
  }

  async take(room: Room<OutboxRecord>): Promise<readonly OutboxRecord[]> {
    if (!(await this.#hasLease())) {
      await pause(this.#pollMs, room.signal);
      return [];
    }
    await this.#release();
    const woken = this.#wake?.next();
    const rows = await this.#store.read({
      limit: room.records,
      bytesMax: room.bytes,
      withoutIds: [...room.held].map(({ id }) => id),
      withoutLanes: room.fullLanes,
    });
    if (rows.length === 0 && room.mayWait) await pause(this.#pollMs, room.signal, ...(woken === undefined ? [] : [woken]));
    const behind = rows.filter(({ blocked }) => blocked).map(({ id }) => id);
    if (behind.length > 0) await this.#store.setAside(behind, null);
    return withoutBlocked(
      rows.filter((row) => !row.blocked).map((row) => readRow(row)),
      this.blocksLanes,
    );
  }

  isCurrent(): boolean {
    return performance.now() < this.#trustedUntil;
  }

  accepted(records: readonly OutboxRecord[]): Promise<void> {
    return this.#store.remove(records.map(({ id }) => id));
  }

  refused(record: OutboxRecord, refusal: Refusal): Promise<void> {
    return this.#store.setAside([record.id], refusal);
  }

  async backlog(): Promise<Backlog> {
    const { waiting, oldestAt, refused } = await this.#store.status();
    return { waiting, refused, oldestAt: oldestAt === null ? null : Date.parse(oldestAt) };
  }

  async close(): Promise<void> {
    await this.#wake?.close();
    await this.#store.giveUp(this.#owner);
  }

  /** Two relays at once would lose nothing either: keys make sure of that. */
  async #hasLease(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#renewAt && now < this.#trustedUntil) return true;
    if (!(await this.#store.renew(this.#owner, this.#leaseMs))) {
      this.#trustedUntil = Number.NEGATIVE_INFINITY;
      return false;
    }
    this.#trustedUntil = now + this.#leaseMs * 0.8;
    this.#renewAt = now + this.#leaseMs * 0.3;
    return true;
  }

  async #release(): Promise<void> {
    if (performance.now() < this.#releaseAt) return;
    this.#releaseAt = performance.now() + this.#pollMs * RELEASE_EVERY_POLLS;
    await this.#store.release();
  }
}

/** What comes behind a record that is refused already is read again, and is known to be blocked then. */
function withoutBlocked(records: readonly OutboxRecord[], blocksLanes: boolean): readonly OutboxRecord[] {
  const blocked = new Set<string>();
  return records.filter(({ lane, refusal }) => {
    if (lane === null || !blocksLanes) return true;
    const isBlocked = blocked.has(lane);
    if (refusal !== null) blocked.add(lane);
    return !isBlocked;
  });
}
