import type {
  AppAccesses,
  AttemptLog,
  Credentials,
  DirectoryStore,
  EndpointStates,
  Erasures,
  EventStore,
  Leases,
  OrderedTasks,
  ReplayJobs,
  Retention,
  Sequences,
  Statistics,
  Store,
  TaskQueue,
} from "@genhook/core";
import { NOBODY_TO_TELL, soleOwner } from "../one-process.ts";
import { TokenBuckets } from "../token-buckets.ts";
import type { CheckpointOperations } from "./checkpoint-thread.ts";
import { FoundKeys } from "./found-keys.ts";
import { packEvents, packSettlements, unpackLane } from "./packing.ts";
import type { ReaderOperations } from "./reader-thread.ts";
import type { ThreadCalls } from "./thread-calls.ts";
import type { WriterOperations } from "./writer-thread.ts";

/** Lanes that are asked for the age of the backlog: a few milliseconds. */
const OLDEST_LANES_MAX = 2_000;

export interface Threads {
  readonly writer: ThreadCalls<WriterOperations>;
  readonly reader: ThreadCalls<ReaderOperations>;
  readonly copier: ThreadCalls<CheckpointOperations>;
}

/** The store contract, each call on the thread that carries it out. */
export function assemble(threads: Threads, close: () => Promise<void>): Store {
  const keys = new FoundKeys();
  return {
    isShared: false,
    events: events(threads),
    tasks: tasks(threads),
    ordered: ordered(threads),
    log: log(threads),
    sequences: sequences(threads),
    directory: directory(threads, keys),
    statistics: statistics(threads),
    retention: retention(threads),
    erasures: erasures(threads),
    replayJobs: replayJobs(threads),
    endpoints: endpoints(threads),
    leases: leases(),
    hints: NOBODY_TO_TELL,
    credentials: credentials(threads, keys),
    appAccesses: appAccesses(threads),
    close,
  };
}

function events({ writer, reader }: Threads): EventStore {
  return {
    append: (group, directoryVersion) => {
      const packed = packEvents(group);
      return writer.call("append", [packed, directoryVersion], [packed.bytes]);
    },
    read: (id) => reader.call("readEvent", [id]),
    readMany: (ids, bytesMax) => reader.call("readEvents", [ids, bytesMax]),
    heads: (ids) => reader.call("heads", [ids]),
  };
}

function tasks({ writer, reader }: Threads): TaskQueue {
  return {
    settle: (batch) => {
      const packed = packSettlements(batch);
      return writer.call("settle", [packed], [packed.bytes]);
    },
    readLane: async (lane, dueMax, limit, bytesMax, skip) =>
      unpackLane(lane, await reader.call("readLane", [lane, dueMax, limit, bytesMax, skip])),
    lanesWithWork: (shards, after, limit) => reader.call("lanesWithWork", [shards, after, limit]),
    cancelLane: (lane, reason, at, limit, version) => writer.call("cancelLane", [lane, reason, at, limit, version]),
    relocateLane: (lane, toShard, limit, version) => writer.call("relocateLane", [lane, toShard, limit, version]),
    replay: (requests, at, job) => writer.call("replay", [requests, at, job]),
    measureLanes: (lanes, countMax) => reader.call("measureLanes", [lanes, countMax]),
    listLane: (lane, turn, limit) => reader.call("listLane", [lane, turn, limit]),
    backlog: async () => {
      const [pending, oldestDue] = await Promise.all([writer.call("pending", []), reader.call("oldestDue", [OLDEST_LANES_MAX])]);
      return { pending, oldestDue };
    },
  };
}

function ordered({ writer, reader }: Threads): OrderedTasks {
  return {
    move: (moves, guard) => writer.call("moveTasks", [moves, guard]),
    end: (standing, reason, at, version) => writer.call("endTasks", [standing, reason, at, version]),
    owes: (subscription, lanes) => reader.call("owes", [subscription, lanes]),
    blocks: (subscriptions, turn, limit) => reader.call("listBlocks", [subscriptions, turn, limit]),
    unblock: (deliveries) => writer.call("unblock", [deliveries]),
  };
}

function log({ reader }: Threads): AttemptLog {
  return {
    ofDelivery: (delivery) => reader.call("ofDelivery", [delivery]),
    lastRows: (deliveries) => reader.call("lastRows", [deliveries]),
    listFinal: (query) => reader.call("listFinal", [query]),
  };
}

function sequences({ writer, reader }: Threads): Sequences {
  return {
    assign: (deliveries) => writer.call("assignNumbers", [deliveries]),
    numbersOf: (deliveries) => reader.call("numbersOf", [deliveries]),
    read: (subscription, after, limit) => reader.call("readNumbers", [subscription, after, limit]),
    lastOf: (subscriptions) => reader.call("lastNumbers", [subscriptions]),
    forget: (day, limit) => writer.call("forgetNumbers", [day, limit]),
  };
}

function directory({ writer, reader }: Threads, keys: FoundKeys): DirectoryStore {
  return {
    version: () => reader.call("directoryVersion", []),
    changesSince: (version) => reader.call("changesSince", [version]),
    commit: (commit, expectedVersion) => keys.change(() => writer.call("commitDirectory", [commit, expectedVersion])),
    readAsOf: (version, shop, topic) => reader.call("readAsOf", [version, shop, topic]),
    findToken: (tokenHash) => reader.call("findToken", [tokenHash]),
    findSubscription: (id) => reader.call("findSubscription", [id]),
    subscriptionIds: (place, limit) => reader.call("subscriptionIds", [place, limit]),
    record: (audit) => writer.call("record", [audit]),
    readAudit: (query) => reader.call("readAudit", [query]),
  };
}

function statistics({ writer, reader }: Threads): Statistics {
  return {
    read: (query) => reader.call("readStatistics", [query]),
    sumStep: (before, rowsMax) => writer.call("sumStep", [before, rowsMax]),
  };
}

function retention({ writer, reader }: Threads): Retention {
  return {
    days: () => reader.call("days", []),
    expireThrough: (day, at, limit) => writer.call("expireThrough", [day, at, limit]),
    dropStep: (day, rowsMax) => writer.call("dropStep", [day, rowsMax]),
    forgetKeys: (at, limit) => writer.call("forgetKeys", [at, limit]),
    forgetHistory: (at, limit) => writer.call("forgetHistory", [at, limit]),
  };
}

function erasures({ writer, reader }: Threads): Erasures {
  return {
    open: () => reader.call("openErasures", []),
    find: (erasure, after, limit) => reader.call("findErasable", [erasure, after, limit]),
    erase: (ids, at) => writer.call("erase", [ids, at]),
    finish: (eventId, at) => writer.call("finishErasure", [eventId, at]),
  };
}

function replayJobs({ writer, reader }: Threads): ReplayJobs {
  return {
    find: (id) => reader.call("findReplayJob", [id]),
    list: (turn, limit) => reader.call("listReplayJobs", [turn, limit]),
    running: () => reader.call("runningReplayJobs", []),
    save: (job, expectedRevision) => writer.call("saveReplayJob", [job, expectedRevision]),
    forget: (at, limit) => writer.call("forgetReplayJobs", [at, limit]),
  };
}

function endpoints({ writer, reader }: Threads): EndpointStates {
  return {
    save: (states) => writer.call("saveEndpointStates", [states]),
    read: (ids) => reader.call("readEndpointStates", [ids]),
    ofShards: (shards) => reader.call("readStatesOfShards", [shards]),
    forget: (ids) => writer.call("forgetEndpointStates", [ids]),
    askProbe: (endpoint, at) => writer.call("askProbe", [endpoint, at]),
    takeProbes: (shards) => writer.call("takeProbes", [shards]),
  };
}

function leases(): Leases {
  return {
    // The lock on the file makes this process the owner of everything, for as long as it lives.
    renew: ({ node, delivers }) => Promise.resolve(soleOwner(node, delivers)),
    leave: () => Promise.resolve(),
  };
}

function credentials({ writer, reader }: Threads, keys: FoundKeys): Credentials {
  const buckets = new TokenBuckets();
  return {
    putKey: (key, audit) => keys.change(() => writer.call("putKey", [key, audit])),
    findKey: (hash) => keys.find(hash, (asked) => reader.call("findKey", [asked])),
    listKeys: () => reader.call("listKeys", []),
    // One process: its memory is exact, and a restart gives every app a full bucket, which harms nobody.
    takeToken: (app, shop, size, perSecond, at) => Promise.resolve(buckets.take(`${app} ${shop}`, size, perSecond, at)),
    replaceNote: (name, before, after) => writer.call("replaceNote", [name, before, after]),
    findNote: (name) => reader.call("findNote", [name]),
    putIfAbsent: (name, value) => writer.call("putIfAbsent", [name, value]),
  };
}

function appAccesses({ writer, reader }: Threads): AppAccesses {
  return {
    add: (access, audit, forgetBefore) => writer.call("addAppAccess", [access, audit, forgetBefore]),
    replace: (access, expectedRevision, audit) => writer.call("replaceAppAccess", [access, expectedRevision, audit]),
    find: (id) => reader.call("findAppAccess", [id]),
    findByToken: (tokenHash) => reader.call("findAccessByToken", [tokenHash]),
    listLinks: (app, turn, limit) => reader.call("listLinks", [app, turn, limit]),
  };
}
