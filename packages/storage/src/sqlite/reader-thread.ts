import { workerData } from "node:worker_threads";
import type {
  AuditQuery,
  DeliveryKey,
  Erasure,
  EventId,
  FinalDeliveriesQuery,
  LaneRef,
  StatisticsQuery,
  SubscriptionPlace,
  TaskKey,
  Turn,
} from "@genhook/core";
import { findAppAccess, listLinks } from "./app-accesses.ts";
import { readAudit } from "./audit.ts";
import { openReader } from "./connection.ts";
import { readAsOf } from "./directory-history.ts";
import { readEndpointStates, readStatesOfShards } from "./endpoint-states.ts";
import { findErasable, openErasures } from "./erasure-reader.ts";
import { listFinal } from "./final-deliveries.ts";
import { listBlocks, owes } from "./order-reader.ts";
import { buffersOf, packLane } from "./packing.ts";
import { Reader } from "./reader.ts";
import { findReplayJob, listReplayJobs, runningReplayJobs } from "./replay-jobs.ts";
import { lastNumbers, numbersOf, readNumbers } from "./sequences.ts";
import { readStatistics } from "./statistics.ts";
import { serve } from "./thread-calls.ts";

const connection = openReader((workerData as { path: string }).path);
const reader = new Reader(connection);

const operations = {
  readEvent: (id: EventId) => reader.readEvent(id),
  readEvents: (ids: readonly EventId[], bytesMax: number) => reader.readEvents(ids, bytesMax),
  heads: (ids: readonly EventId[]) => reader.heads(ids),
  measureLanes: (lanes: readonly LaneRef[], countMax: number) => reader.measureLanes(lanes, countMax),
  readLane: (lane: LaneRef, dueMax: number, limit: number, bytesMax: number, skip: ReadonlySet<string>) =>
    packLane(reader.readLane(lane, dueMax, limit, bytesMax, skip)),
  lanesWithWork: (shards: readonly number[], after: LaneRef | null, limit: number) => reader.lanesWithWork(shards, after, limit),
  owes: (subscription: number, lanes: readonly LaneRef[]) => owes(connection, subscription, lanes),
  listBlocks: (subscriptions: readonly number[] | null, turn: Turn<DeliveryKey>, limit: number) =>
    listBlocks(connection, subscriptions, turn, limit),
  listLane: (lane: LaneRef, turn: Turn<TaskKey>, limit: number) => reader.listLane(lane, turn, limit),
  oldestDue: (lanesMax: number) => reader.oldestDue(lanesMax),
  ofDelivery: (delivery: DeliveryKey) => reader.ofDelivery(delivery),
  lastRows: (deliveries: readonly DeliveryKey[]) => reader.lastRows(deliveries),
  listFinal: (query: FinalDeliveriesQuery) => listFinal(connection, query),
  numbersOf: (deliveries: readonly DeliveryKey[]) => numbersOf(connection, deliveries),
  readNumbers: (subscription: number, after: number, limit: number) => readNumbers(connection, subscription, after, limit),
  lastNumbers: (subscriptions: readonly number[]) => lastNumbers(connection, subscriptions),
  directoryVersion: () => reader.directoryVersion(),
  changesSince: (version: number) => reader.changesSince(version),
  readAsOf: (version: number, shop: number, topic: string) => readAsOf(connection, version, shop, topic),
  findToken: (tokenHash: string) => reader.findToken(tokenHash),
  findSubscription: (id: number) => reader.findSubscription(id),
  subscriptionIds: (place: SubscriptionPlace, limit: number) => reader.subscriptionIds(place, limit),
  readAudit: (query: AuditQuery) => readAudit(connection, query),
  findKey: (hash: string) => reader.findKey(hash),
  listKeys: () => reader.listKeys(),
  findNote: (name: string) => reader.findNote(name),
  findAppAccess: (id: string) => findAppAccess(connection, "id", id),
  findAccessByToken: (tokenHash: string) => findAppAccess(connection, "token_hash", Buffer.from(tokenHash, "hex")),
  listLinks: (app: number | null, turn: Turn<string>, limit: number) => listLinks(connection, app, turn, limit),
  days: () => reader.days(),
  findReplayJob: (id: string) => findReplayJob(connection, id),
  listReplayJobs: (turn: Turn<string>, limit: number) => listReplayJobs(connection, turn, limit),
  runningReplayJobs: () => runningReplayJobs(connection),
  openErasures: () => openErasures(connection),
  findErasable: (erasure: Erasure, after: EventId | null, limit: number) => findErasable(connection, erasure, after, limit),
  readEndpointStates: (endpoints: readonly string[]) => readEndpointStates(connection, endpoints),
  readStatesOfShards: (shards: readonly number[]) => readStatesOfShards(connection, shards),
  readStatistics: (query: StatisticsQuery) => readStatistics(connection, query),
  close: () => connection.close(),
};

export type ReaderOperations = typeof operations;

serve(operations, buffersOf);
