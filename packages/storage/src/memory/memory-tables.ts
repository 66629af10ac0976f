import {
  dueTimeOf,
  firstTask,
  isDue,
  isOrdered,
  keyLaneOf,
  nameInLane,
  REASONS_WITHOUT_REPLAY,
  type AppendResult,
  type DeliveryKey,
  type DeliveryReason,
  type DirectoryCommit,
  type Erasure,
  type EventId,
  type LaneRead,
  type LaneRef,
  type LanesMeasure,
  type LaneWithWork,
  type LogRow,
  type NewEvent,
  type OwedTask,
  type ReplayRequest,
  type ReplayResult,
  type Settlement,
  type StandingTask,
  type StoredEvent,
  type Task,
  type TaskKey,
  type TaskMove,
  type TaskQueue,
  type Turn,
} from "@genhook/core";
import { MemoryPlaces } from "./memory-places.ts";
import { MemoryStatistics } from "./memory-statistics.ts";
import type { MemoryWatcher } from "./memory-watcher.ts";
import { pageOf } from "./page-of.ts";

const CANCEL_PER_LANE_MAX = 1_000;

interface UsedKey {
  readonly contentHash: string;
  readonly id: EventId;
  readonly deliveries: number;
  readonly expiresAt: number;
}

/** Events, tasks and log rows, and everything that changes them together. */
export class MemoryTables implements TaskQueue {
  readonly events = new Map<EventId, StoredEvent>();
  readonly log = new Map<string, LogRow[]>();
  readonly keys = new Map<string, UsedKey>();
  /** Redact events whose erasure is open, and the subjects of every event. */
  readonly erasures = new Map<EventId, Erasure>();
  readonly subjects = new Map<EventId, readonly string[]>();
  readonly places: MemoryPlaces = new MemoryPlaces();
  readonly #lanes = new Map<string, Task[]>();
  /** Deliveries that have, or had, rows in the log; sorted when it is asked for. */
  readonly #logged: DeliveryKey[] = [];
  #isSorted = true;
  readonly #statistics: MemoryStatistics;
  readonly #appOf: (subscription: number) => number;
  readonly #version: () => number;
  readonly #watcher: MemoryWatcher;

  constructor(statistics: MemoryStatistics, appOf: (subscription: number) => number, version: () => number, watcher: MemoryWatcher) {
    this.#statistics = statistics;
    this.#appOf = appOf;
    this.#version = version;
    this.#watcher = watcher;
  }

  append(event: NewEvent, directoryVersion: number): AppendResult {
    const { idempotency, owes, subjects, erases, ...content } = event;
    if (idempotency !== null) {
      const key = `${event.shop} ${idempotency.keyHash}`;
      const used = this.keys.get(key);
      if (used !== undefined && used.expiresAt > event.acceptedAt && used.id !== event.id) {
        if (used.contentHash !== idempotency.contentHash) return { kind: "conflict" };
        return { kind: "duplicate", id: used.id, deliveries: used.deliveries };
      }
      const { contentHash, expiresAt } = idempotency;
      this.keys.set(key, { contentHash, id: event.id, deliveries: owes.length, expiresAt });
    }
    if (this.events.has(event.id)) return { kind: "accepted" };
    this.events.set(event.id, { ...content, owes: owes.map((owed) => owed.subscription), isErased: false, directoryVersion });
    this.subjects.set(event.id, subjects);
    this.#watcher.accepted(event);
    if (erases !== null) {
      this.erasures.set(event.id, { eventId: event.id, shop: event.shop, subjects: erases === "subjects" ? subjects : null });
    }
    for (const owed of owes) {
      const task = firstTask(event, owed);
      this.#insert(isOrdered(task) ? { ...task, due: this.places.next() } : task);
    }
    if (!event.isTest) this.#statistics.published(event.acceptedAt, event.shop, event.topic);
    return { kind: "accepted" };
  }

  carryOut(commit: DirectoryCommit, directoryVersion: number): void {
    for (const { lane, reason } of commit.cancel) this.#cancel(lane, reason, commit.at, CANCEL_PER_LANE_MAX);
    for (const event of commit.events) this.append(event, directoryVersion);
  }

  settle(batch: readonly Settlement[]): Promise<readonly boolean[]> {
    return Promise.resolve(
      batch.map((settlement) => {
        const { key, seq, row, next, topic, latencyMs } = settlement;
        if (!this.#remove(key, seq)) return false;
        this.#write(row);
        if (next !== null) this.#insert(next);
        this.places.settled(settlement);
        if (topic !== null) this.#statistics.ended(row, topic, latencyMs);
        return true;
      }),
    );
  }

  readLane(lane: LaneRef, dueMax: number, limit: number, bytesMax: number, skip: ReadonlySet<string>): Promise<LaneRead> {
    const tasks: OwedTask[] = [];
    let bytes = 0;
    for (const task of this.#lane(lane)) {
      if (skip.has(nameInLane(task)) && isDue(task, dueMax)) continue;
      if (!isDue(task, dueMax) || tasks.length >= limit || (tasks.length > 0 && bytes >= bytesMax)) {
        return Promise.resolve({ tasks, nextDue: task.due });
      }
      const event = this.events.get(task.eventId);
      if (event === undefined) continue;
      bytes += event.payload.length;
      tasks.push({ task, event });
    }
    return Promise.resolve({ tasks, nextDue: null });
  }

  lanesWithWork(shards: readonly number[], after: LaneRef | null, limit: number): Promise<readonly LaneWithWork[]> {
    const wanted = new Set(shards);
    const found = [...this.#lanes.values()].flatMap(([first]) =>
      first !== undefined && wanted.has(first.shard)
        ? [{ shard: first.shard, lane: first.lane, firstDue: first.due, subscription: first.subscription }]
        : [],
    );
    const isBehind = (each: LaneRef): boolean =>
      after === null || each.shard > after.shard || (each.shard === after.shard && each.lane > after.lane);
    return Promise.resolve(
      found
        .filter(isBehind)
        .sort((a, b) => a.shard - b.shard || a.lane - b.lane)
        .slice(0, limit),
    );
  }

  cancelLane(lane: LaneRef, reason: DeliveryReason, at: number, limit: number, directoryVersion: number): Promise<number | null> {
    return Promise.resolve(this.#version() === directoryVersion ? this.#cancel(lane, reason, at, limit) : null);
  }

  relocateLane(lane: LaneRef, toShard: number, limit: number, directoryVersion: number): Promise<number | null> {
    if (this.#version() !== directoryVersion) return Promise.resolve(null);
    const moved = this.#lane(lane).slice(0, limit);
    for (const task of moved) {
      this.#remove(task, task.seq);
      this.#insert({ ...task, shard: toShard });
    }
    return Promise.resolve(moved.length);
  }

  replay(requests: readonly ReplayRequest[], at: number, job: string | null): Promise<readonly ReplayResult[]> {
    return Promise.resolve(requests.map((request) => this.#replay(request, at, job)));
  }

  listLane(lane: LaneRef, turn: Turn<TaskKey>, limit: number): Promise<readonly Task[]> {
    return Promise.resolve(pageOf(this.#lane(lane), turn, limit, compareTasks));
  }

  measureLanes(lanes: readonly LaneRef[], countMax: number): Promise<LanesMeasure> {
    const tasks = lanes.map((lane) => this.#lane(lane));
    const count = tasks.reduce((sum, each) => sum + each.length, 0);
    const oldest = tasks.flatMap(([first]) => (first === undefined ? [] : dueTimeOf(first))).sort((a, b) => a - b);
    return Promise.resolve({ count: Math.min(countMax, count), oldestDue: oldest[0] ?? null });
  }

  backlog(): Promise<{ pending: number; oldestDue: number | null }> {
    const tasks = this.tasks();
    const dues = tasks.map(dueTimeOf);
    const oldestDue = dues.reduce<number | null>((oldest, due) => (oldest === null || due < oldest ? due : oldest), null);
    return Promise.resolve({ pending: tasks.length, oldestDue });
  }

  tasks(): Task[] {
    return [...this.#lanes.values()].flat();
  }

  /** Deliveries with rows in the log, newest first; some may have lost theirs to retention. */
  logged(): readonly DeliveryKey[] {
    if (!this.#isSorted) this.#logged.sort(newestFirst);
    this.#isSorted = true;
    return this.#logged;
  }

  rowsOf(key: DeliveryKey): readonly LogRow[] {
    return this.log.get(logKey(key)) ?? [];
  }

  end(task: Task, state: "cancelled" | "dead", reason: DeliveryReason, at: number): void {
    const { subscription, eventId, seq, round, attemptsEver: n } = task;
    const event = this.events.get(eventId);
    const owner = { shop: event?.shop ?? 0, app: this.#appOf(subscription) };
    this.#remove(task, seq);
    const row: LogRow = { ...NO_ATTEMPT, ...owner, kind: "ended", subscription, eventId, seq, round, n, at, state, reason, nextAt: null };
    this.#write(row);
    if (event?.isTest !== true) this.#statistics.ended(row, event?.topic ?? "", 0);
  }

  /** The task as it stands; undefined where it does not any more. */
  find({ key, seq }: StandingTask): Task | undefined {
    return this.#lane(key).find((task) => compareTasks(task, key) === 0 && task.seq === seq);
  }

  move(move: TaskMove): boolean {
    const task = this.find(move);
    if (task === undefined) return false;
    this.#remove(task, task.seq);
    this.#insert({ ...task, ...move.to });
    return true;
  }

  #cancel(lane: LaneRef, reason: DeliveryReason, at: number, limit: number): number {
    const tasks = this.#lane(lane).slice(0, limit);
    for (const task of tasks) this.end(task, "cancelled", reason, at);
    return tasks.length;
  }

  #replay(request: ReplayRequest, at: number, job: string | null): ReplayResult {
    const { delivery, lane, orderedLane } = request;
    const event = this.events.get(delivery.eventId);
    const last = this.rowsOf(delivery).at(-1);
    if (last === undefined) return event?.owes.includes(delivery.subscription) === true ? { kind: "pending" } : { kind: "not_found" };
    if (job !== null && this.rowsOf(delivery).some((row) => row.kind === "reopened" && row.detail === job)) return { kind: "repeated" };
    if (last.state === "pending") return { kind: "pending" };
    if (last.reason !== null && REASONS_WITHOUT_REPLAY.includes(last.reason)) return { kind: "refused", reason: last.reason };
    if (event === undefined) return { kind: "not_found" };
    if (event.isErased) return { kind: "refused", reason: "redacted" };
    const { subscription, eventId, n, shop, app } = last;
    const [seq, round] = [last.seq + 1, last.round + 1];
    this.#write({
      ...NO_ATTEMPT,
      detail: job,
      kind: "reopened",
      subscription,
      eventId,
      seq,
      round,
      n,
      at,
      state: "pending",
      reason: null,
      nextAt: at,
      shop,
      app,
    });
    const place =
      orderedLane === undefined || event.orderKey === null ? { ...lane, due: at } : this.#reopenedAt(request, event.orderKey, at);
    const task: Task = { ...place, eventId, subscription, seq: seq + 1, round, attempts: 0, attemptsEver: n };
    this.#insert(task);
    return { kind: "reopened", task, event };
  }

  #reopenedAt({ delivery, lane, orderedLane = 0 }: ReplayRequest, orderKey: string, at: number): LaneRef & { readonly due: number } {
    if (this.places.has(delivery)) return { shard: lane.shard, lane: keyLaneOf(orderedLane, orderKey), due: at };
    return { shard: lane.shard, lane: orderedLane, due: this.places.next() };
  }

  #lane(lane: LaneRef): Task[] {
    return this.#lanes.get(`${lane.shard} ${lane.lane}`) ?? [];
  }

  #insert(task: Task): void {
    const key = `${task.shard} ${task.lane}`;
    const tasks = this.#lanes.get(key) ?? [];
    let at = tasks.length;
    while (at > 0 && compareTasks(tasks[at - 1] as Task, task) > 0) at -= 1;
    tasks.splice(at, 0, task);
    this.#lanes.set(key, tasks);
    this.#watcher.inserted(task);
  }

  #remove(key: TaskKey, seq: number): boolean {
    const tasks = this.#lane(key);
    const at = tasks.findIndex((task) => compareTasks(task, key) === 0 && task.seq === seq);
    const task = tasks[at];
    if (task === undefined) return false;
    tasks.splice(at, 1);
    this.#watcher.removed(task);
    if (tasks.length === 0) this.#lanes.delete(`${key.shard} ${key.lane}`);
    return true;
  }

  #write(row: LogRow): void {
    const key = logKey(row);
    const rows = this.log.get(key);
    if (rows === undefined) {
      this.#logged.push({ eventId: row.eventId, subscription: row.subscription });
      this.#isSorted = false;
    }
    this.log.set(key, rows === undefined ? [row] : [...rows, row]);
    this.#watcher.written(row);
  }
}

const NO_ATTEMPT = {
  durationMs: 0,
  status: null,
  error: null,
  detail: null,
  address: "",
  responseHeaders: null,
  responseBody: null,
} as const;

function logKey({ eventId, subscription }: DeliveryKey): string {
  return `${eventId} ${subscription}`;
}

export function newestFirst(a: DeliveryKey, b: DeliveryKey): number {
  if (a.eventId !== b.eventId) return a.eventId < b.eventId ? 1 : -1;
  return b.subscription - a.subscription;
}

function compareTasks(a: TaskKey, b: TaskKey): number {
  return a.due - b.due || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : a.subscription - b.subscription);
}
