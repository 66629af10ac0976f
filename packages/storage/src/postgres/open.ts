import type { Store } from "@genhook/core";
import pg from "pg";
import { refuseUnfinishedMove } from "../move/move-progress.ts";
import { number, text } from "../columns.ts";
import { appAccesses } from "./app-accesses.ts";
import { append } from "./append.ts";
import { attemptLog } from "./attempt-log.ts";
import { credentials } from "./credentials.ts";
import { Database, type Query } from "./database.ts";
import { directoryStore } from "./directory.ts";
import { CANCEL_LANE_AT_VERSION, FIRST_OF_LANE } from "./end-tasks.ts";
import { endpointStates } from "./endpoint-states.ts";
import { eventsOf, lookUpOf } from "./event-lookup.ts";
import { erasures } from "./erasures.ts";
import { PostgresHints } from "./hints.ts";
import { backlog, lanesWithWork, listLane, measureLanes, readEvents, readLane } from "./lane-queries.ts";
import { leases } from "./leases.ts";
import { asOpenError } from "./open-failure.ts";
import { migrate } from "./migrations/migrate.ts";
import { Partitions } from "./partitions.ts";
import { orderedTasks } from "./ordered-tasks.ts";
import { replay } from "./replay.ts";
import { replayJobs } from "./replay-jobs.ts";
import { retention } from "./retention.ts";
import { HEAD_COLUMNS, toEventHead, toStoredEvent } from "./rows.ts";
import { sequences } from "./sequences.ts";
import { checkServerVersion } from "./server-version.ts";
import { settle } from "./settle.ts";
import { statistics } from "./statistics.ts";
import { dayOf, type EventStore, type TaskQueue } from "@genhook/core";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Where hints are listened for: past a transaction pooler, where `url` leads through one. */
  readonly hintsUrl?: string;
  /** How long a lease lasts, ms. */
  readonly leaseMs?: number;
  /** Told of connections that broke while nothing was under way on them. */
  readonly onIdleError?: (error: Error) => void;
  /** Told why hints do not arrive, as far as it is known when the store is opened already; null: they do again. */
  readonly onHints?: (why: string | null) => void;
}

const LEASE_MS = 10_000;

/** The store for many processes, on PostgreSQL 15 to 18. Makes or upgrades the schema first. Rejects with `StoreOpenError`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const database = new Database({ url: options.url, onIdleError: options.onIdleError ?? ((): void => undefined) });
  const partitions = new Partitions(database);
  const hints = new PostgresHints(database, options.hintsUrl ?? options.url, options.onHints);
  try {
    await prepare(options.url);
    await partitions.prepare(Date.now());
    await hints.connect();
  } catch (error) {
    partitions.stop();
    await hints.close();
    await database.close();
    throw asOpenError(error, options.url);
  }
  return {
    isShared: true,
    events: eventStore(database, partitions),
    tasks: taskQueue(database),
    ordered: orderedTasks(database),
    log: attemptLog(database, partitions),
    sequences: sequences(database),
    directory: directoryStore(database, partitions),
    statistics: statistics(database),
    retention: retention(database, partitions),
    erasures: erasures(database),
    replayJobs: replayJobs(database),
    endpoints: endpointStates(database),
    leases: leases(database, options.leaseMs ?? LEASE_MS),
    hints,
    credentials: credentials(database),
    appAccesses: appAccesses(database),
    close: async () => {
      partitions.stop();
      await hints.close();
      await database.close();
    },
  };
}

function eventStore(database: Database, partitions: Partitions): EventStore {
  return {
    append: (group, directoryVersion) => append(database, partitions, group, directoryVersion),
    read: async (id) => {
      const [row] = await database.query("read", `SELECT ${HEAD_COLUMNS}, e.payload FROM event e WHERE e.day = $1 AND e.id = $2`, [
        dayOf(id),
        id,
      ]);
      return row === undefined ? null : toStoredEvent(row);
    },
    readMany: (ids, bytesMax) => readEvents(database, ids, bytesMax),
    heads: async (ids) => {
      if (ids.length === 0) return [];
      const rows = await database.query("read", eventsOf(HEAD_COLUMNS), [...lookUpOf([...new Set(ids)])]);
      const found = new Map(rows.map((row) => [text(row["id"]), toEventHead(row)]));
      return ids.map((id) => found.get(id) ?? null);
    },
  };
}

function taskQueue(database: Database): TaskQueue {
  return {
    settle: (batch) => settle(database, batch),
    readLane: (lane, dueMax, limit, bytesMax, skip) => readLane(database, lane, dueMax, limit, bytesMax, skip),
    lanesWithWork: (shards, after, limit) => lanesWithWork(database, shards, after, limit),
    cancelLane: async ({ shard, lane }, reason, at, limit, directoryVersion) => {
      const [row] = await database.query("settle", CANCEL_LANE_AT_VERSION, [shard, lane, limit, reason, at, directoryVersion]);
      return number(row?.["version"]) === directoryVersion ? number(row?.["count"]) : null;
    },
    relocateLane: async ({ shard, lane }, toShard, limit, directoryVersion) => {
      const [row] = await database.query(
        "settle",
        `WITH gone AS (
           DELETE FROM task t USING (SELECT * FROM (${FIRST_OF_LANE}) AS first WHERE (SELECT version FROM directory) = $5::bigint) AS c
           WHERE t.shard = c.shard AND t.lane = c.lane AND t.due = c.due AND t.event = c.event AND t.subscription = c.subscription AND t.seq = c.seq RETURNING t.*
         ),
         moved AS (
           INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
           SELECT $4::smallint, lane, due, event, subscription, seq, round, attempts, attempts_ever FROM gone
         )
         SELECT (SELECT version FROM directory) AS version, count(*) AS count FROM gone`,
        [shard, lane, limit, toShard, directoryVersion],
      );
      return number(row?.["version"]) === directoryVersion ? number(row?.["count"]) : null;
    },
    replay: (requests, at, job) => replay(database, requests, at, job),
    listLane: (lane, turn, limit) => listLane(database, lane, turn, limit),
    measureLanes: (lanes, countMax) => measureLanes(database, lanes, countMax),
    backlog: () => backlog(database),
  };
}

/** Checks the server and brings the schema up to date, over a connection of its own: the pools' time limits are not for migrations. */
async function prepare(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: "genhook" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const query: Query = async (statement, values = []) => (await client.query<Record<string, unknown>>(statement, [...values])).rows;
    await checkServerVersion(query);
    await client.query("BEGIN");
    await migrate(query);
    await refuseUnfinishedMove(query);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}
