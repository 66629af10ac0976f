import { workerData } from "node:worker_threads";
import type {
  AppAccess,
  AuditRecord,
  CancelReason,
  DeliveryKey,
  DirectoryCommit,
  EndpointState,
  EventId,
  LaneRef,
  MoveGuard,
  PlatformKey,
  ReplayJob,
  ReplayRequest,
  StandingTask,
  TaskMove,
} from "@genhook/core";
import { text } from "../columns.ts";
import { addAppAccess, replaceAppAccess } from "./app-accesses.ts";
import { writeAudit } from "./audit.ts";
import { openWriter } from "./connection.ts";
import { forgetHistory } from "./directory-history.ts";
import { commitDirectory } from "./directory-writer.ts";
import { askProbe, forgetEndpointStates, saveEndpointStates, takeProbes } from "./endpoint-states.ts";
import { eraseEvents, finishErasure } from "./erasure-writer.ts";
import { endTasks, moveTasks, unblock } from "./order-writer.ts";
import { unpackEvents, unpackSettlements, type Packed } from "./packing.ts";
import { assignNumbers, forgetNumbers } from "./sequences.ts";
import { sumStep } from "./statistics.ts";
import { forgetReplayJobs, saveReplayJob } from "./replay-jobs.ts";
import { serve } from "./thread-calls.ts";
import { Writer } from "./writer.ts";

const connection = openWriter((workerData as { path: string }).path);
const writer = new Writer(connection);

const operations = {
  append: (packed: Packed, directoryVersion: number) => writer.append(unpackEvents(packed), directoryVersion),
  settle: (packed: Packed) => writer.settle(unpackSettlements(packed)),
  cancelLane: (lane: LaneRef, reason: CancelReason, at: number, limit: number, directoryVersion: number) =>
    writer.cancelLane(lane, reason, at, limit, directoryVersion),
  relocateLane: (lane: LaneRef, toShard: number, limit: number, directoryVersion: number) =>
    writer.relocateLane(lane, toShard, limit, directoryVersion),
  moveTasks: (moves: readonly TaskMove[], guard: MoveGuard) => moveTasks(writer, moves, guard),
  endTasks: (tasks: readonly StandingTask[], reason: CancelReason, at: number, directoryVersion: number) =>
    endTasks(writer, tasks, reason, at, directoryVersion),
  unblock: (deliveries: readonly DeliveryKey[]) => unblock(writer, deliveries),
  replay: (requests: readonly ReplayRequest[], at: number, job: string | null) => writer.replay(requests, at, job),
  assignNumbers: (deliveries: readonly DeliveryKey[]) => assignNumbers(writer, deliveries),
  forgetNumbers: (day: number, limit: number) => forgetNumbers(writer, day, limit),
  saveReplayJob: (job: ReplayJob, expectedRevision: number) => saveReplayJob(connection, job, expectedRevision),
  forgetReplayJobs: (at: number, limit: number) => forgetReplayJobs(connection, at, limit),
  pending: () => writer.pending,
  expireThrough: (day: number, at: number, limit: number) => writer.expireThrough(day, at, limit),
  dropStep: (day: number, rowsMax: number) => writer.dropStep(day, rowsMax),
  erase: (ids: readonly EventId[], at: number) => eraseEvents(writer, ids, at),
  finishErasure: (id: EventId, at: number) => finishErasure(writer, id, at),
  saveEndpointStates: (states: readonly EndpointState[]) => saveEndpointStates(writer, states),
  forgetEndpointStates: (endpoints: readonly string[]) => forgetEndpointStates(writer, endpoints),
  askProbe: (endpoint: string, at: number) => askProbe(connection, endpoint, at),
  takeProbes: (shards: readonly number[]) => takeProbes(writer, shards),
  forgetKeys: (at: number, limit: number) => writer.forgetKeys(at, limit),
  forgetHistory: (at: number, limit: number) => forgetHistory(writer, at, limit),
  sumStep: (before: number, rowsMax: number) => writer.atomically(() => sumStep(connection, before, rowsMax)),
  commitDirectory: (commit: DirectoryCommit, expectedVersion: number) => commitDirectory(writer, commit, expectedVersion),
  record: (audit: AuditRecord) => writeAudit(connection, audit),
  putKey: (key: PlatformKey, audit: AuditRecord | null) =>
    writer.atomically(() => {
      if (audit !== null) writeAudit(connection, audit);
      connection.run(
        `INSERT INTO api_key (id, name, role, hash, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, revoked_at = excluded.revoked_at`,
        key.id,
        key.name,
        key.role,
        Buffer.from(key.hash, "hex"),
        key.createdAt,
        key.revokedAt,
      );
    }),
  addAppAccess: (access: AppAccess, audit: AuditRecord, forgetBefore: number) => addAppAccess(writer, access, audit, forgetBefore),
  replaceAppAccess: (access: AppAccess, expectedRevision: number, audit: AuditRecord) =>
    replaceAppAccess(writer, access, expectedRevision, audit),
  putIfAbsent: (name: string, value: string) => {
    connection.run("INSERT OR IGNORE INTO note (name, value) VALUES (?, ?)", name, value);
    return text(connection.get("SELECT value FROM note WHERE name = ?", name)?.["value"]);
  },
  replaceNote: (name: string, before: string, after: string) =>
    connection.run("UPDATE note SET value = ? WHERE name = ? AND value = ?", after, name, before) > 0,
  /** The next commit begins at the log's start; what a passive checkpoint left to copy is little. Blocks this thread for as long as that takes. */
  restartLog: () => {
    connection.database.exec("PRAGMA wal_checkpoint(RESTART)");
  },
  close: () => {
    connection.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    connection.close();
  },
};

export type WriterOperations = typeof operations;

serve(operations);
