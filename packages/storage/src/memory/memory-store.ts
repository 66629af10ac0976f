import {
  dayOf,
  type AppendOutcome,
  type AttemptLog,
  type DeliveryKey,
  type EventHead,
  type EventId,
  type EventStore,
  type FinalDeliveriesQuery,
  type LogRow,
  type Retention,
  type Store,
  type StoredEvent,
} from "@genhook/core";
import { NOBODY_TO_TELL, soleOwner } from "../one-process.ts";
import { memoryAppAccesses } from "./memory-app-accesses.ts";
import { MemoryEndpointStates } from "./memory-endpoint-states.ts";
import { MemoryErasures } from "./memory-erasures.ts";
import { memoryCredentials } from "./memory-credentials.ts";
import { MemoryDirectory } from "./memory-directory.ts";
import { memoryHints } from "./memory-hints.ts";
import { MemoryLeases } from "./memory-leases.ts";
import { MemoryOrder, type MemoryOrderOptions } from "./memory-order.ts";
import { MemoryReplayJobs } from "./memory-replay-jobs.ts";
import { MemorySequences } from "./memory-sequences.ts";
import { MemoryStatistics } from "./memory-statistics.ts";
import { MemoryTables, newestFirst } from "./memory-tables.ts";
import { NOBODY_WATCHES, type MemoryWatcher } from "./memory-watcher.ts";

/**
 * The store contract on plain maps: what simulations and tests run on. It passes the same conformance suite as the databases, and its state
 * is itself the durable part: a simulated crash throws everything else away.
 */
export function openMemoryStore(watcher: MemoryWatcher = NOBODY_WATCHES): Store {
  return {
    ...openTables(null, watcher),
    isShared: false,
    leases: {
      renew: ({ node, delivers }) => Promise.resolve(soleOwner(node, delivers)),
      leave: () => Promise.resolve(),
    },
    hints: NOBODY_TO_TELL,
  };
}

export interface MemoryClusterOptions {
  /** The store's wall time, ms. */
  readonly now: () => number;
  readonly leaseMs: number;
  readonly watcher?: MemoryWatcher;
}

/** One store on plain maps for several processes: each connects for itself. */
export interface MemoryCluster {
  connect(): Store;
  /** Who has a shard at this moment. */
  readonly ownerOf: (shard: number) => string | null;
}

export function openMemoryCluster({ now, leaseMs, watcher = NOBODY_WATCHES }: MemoryClusterOptions): MemoryCluster {
  const leases = new MemoryLeases(now, leaseMs);
  const tables = openTables((shard) => leases.ownerOf(shard), watcher);
  const connectHints = memoryHints();
  return {
    connect: () => {
      const hints = connectHints();
      return { ...tables, isShared: true, leases, hints, close: () => hints.close() };
    },
    ownerOf: (shard) => leases.ownerOf(shard),
  };
}

function openTables(ownerOf: MemoryOrderOptions["ownerOf"], watcher: MemoryWatcher): Omit<Store, "isShared" | "leases" | "hints"> {
  const statistics = new MemoryStatistics();
  const tables = new MemoryTables(
    statistics,
    (subscription) => directory.appOf(subscription),
    () => directory.current,
    watcher,
  );
  const directory = new MemoryDirectory((commit, version) => tables.carryOut(commit, version));
  return {
    events: eventStore(tables, directory),
    tasks: tables,
    ordered: new MemoryOrder(tables, { version: () => directory.current, ownerOf }),
    log: attemptLog(tables),
    sequences: new MemorySequences(),
    directory,
    statistics,
    retention: retention(tables, directory),
    erasures: new MemoryErasures(tables),
    replayJobs: new MemoryReplayJobs(),
    endpoints: new MemoryEndpointStates(),
    credentials: memoryCredentials(directory),
    appAccesses: memoryAppAccesses(directory),
    close: () => Promise.resolve(),
  };
}

function eventStore(tables: MemoryTables, directory: MemoryDirectory): EventStore {
  const headOf = (id: EventId): EventHead | null => {
    const event = tables.events.get(id);
    if (event === undefined) return null;
    const { payload: _, ...head } = event;
    return head;
  };
  return {
    append: (group, directoryVersion): Promise<AppendOutcome> => {
      if (directory.current !== directoryVersion) return Promise.resolve({ kind: "stale", version: directory.current });
      return Promise.resolve({ kind: "committed", results: group.map((event) => tables.append(event, directoryVersion)) });
    },
    read: (id) => Promise.resolve(tables.events.get(id) ?? null),
    readMany: (ids, bytesMax) => {
      const events: (StoredEvent | null)[] = [];
      let bytes = 0;
      for (const id of ids) {
        if (events.length > 0 && bytes >= bytesMax) break;
        const event = tables.events.get(id) ?? null;
        bytes += event?.payload.length ?? 0;
        events.push(event);
      }
      return Promise.resolve(events);
    },
    heads: (ids) => Promise.resolve(ids.map(headOf)),
  };
}

function attemptLog(tables: MemoryTables): AttemptLog {
  return {
    ofDelivery: (delivery) => Promise.resolve(tables.rowsOf(delivery)),
    lastRows: (deliveries) => Promise.resolve(deliveries.map((delivery) => tables.rowsOf(delivery).at(-1) ?? null)),
    listFinal: (query) => Promise.resolve(listFinal(tables, query)),
  };
}

function listFinal(tables: MemoryTables, query: FinalDeliveriesQuery): LogRow[] {
  const subscriptions = query.subscriptions === null ? null : new Set(query.subscriptions);
  const fits = (row: LogRow): boolean => {
    if (row.state === "pending" || !query.states.includes(row.state)) return false;
    if (subscriptions !== null && !subscriptions.has(row.subscription)) return false;
    const acceptedAt = Number.parseInt(row.eventId.slice(0, 8) + row.eventId.slice(9, 13), 16);
    return (query.from === null || acceptedAt >= query.from) && (query.to === null || acceptedAt <= query.to);
  };
  const { turn, limit } = query;
  const isBackward = "before" in turn;
  const place = "before" in turn ? turn.before : turn.after;
  const logged = tables.logged();
  const found: LogRow[] = [];
  for (let n = 0; n < logged.length && found.length < limit; n += 1) {
    const key = logged[isBackward ? logged.length - 1 - n : n] as DeliveryKey;
    if (place !== null && (isBackward ? newestFirst(place, key) <= 0 : newestFirst(place, key) >= 0)) continue;
    const last = tables.rowsOf(key).at(-1);
    if (last !== undefined && fits(last)) found.push(last);
  }
  return isBackward ? found.reverse() : found;
}

function retention(tables: MemoryTables, directory: MemoryDirectory): Retention {
  const daysOf = (): number[] => [
    ...new Set([...tables.events.keys(), ...[...tables.log.values()].flatMap((rows) => rows[0]?.eventId ?? [])].map(dayOf)),
  ];
  return {
    days: () => Promise.resolve(daysOf().sort((a, b) => a - b)),
    expireThrough: (day, at, limit) => {
      const owed = tables
        .tasks()
        .filter((task) => dayOf(task.eventId) <= day)
        .slice(0, limit);
      for (const task of owed) tables.end(task, "dead", "expired", at);
      return Promise.resolve(owed.length);
    },
    dropStep: (day) => {
      if (tables.tasks().some((task) => dayOf(task.eventId) === day)) return Promise.reject(new Error(`day ${day} is still owed`));
      for (const id of tables.events.keys()) if (dayOf(id) === day) tables.events.delete(id);
      tables.places.forget(({ eventId }) => dayOf(eventId) === day);
      for (const id of tables.erasures.keys()) if (dayOf(id) === day) tables.erasures.delete(id);
      for (const [key, [first]] of tables.log) if (first !== undefined && dayOf(first.eventId) === day) tables.log.delete(key);
      return Promise.resolve(true);
    },
    forgetKeys: (at, limit) => {
      const expired = [...tables.keys].filter(([, used]) => used.expiresAt < at).slice(0, limit);
      for (const [key] of expired) tables.keys.delete(key);
      return Promise.resolve(expired.length);
    },
    forgetHistory: (at, limit) => Promise.resolve(directory.forgetHistory(at, limit)),
  };
}
