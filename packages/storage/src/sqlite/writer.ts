import {
  asideDue,
  dayOf,
  firstTask,
  isOrdered,
  REASONS_WITHOUT_REPLAY,
  WALL_TIMES_FROM,
  type AppendOutcome,
  type AppendResult,
  type CancelReason,
  type DeliveryReason,
  type LaneRef,
  type LogRow,
  type NewEvent,
  type ReplayRequest,
  type ReplayResult,
  type Settlement,
  type Task,
  type TaskKey,
} from "@genhook/core";
import { kindNumber, number, stateNumber, text, textOrNull } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";
import { boundsOf, createDay, listDays } from "./day-tables.ts";
import { reopenedAt, settleOrder } from "./order-writer.ts";
import { toEvent, toLogRow, toTask } from "./rows.ts";
import { StatWriter } from "./stat-writer.ts";
import { toBytes, toHex, toUuid } from "./uuid-bytes.ts";

const INSERT_TASK =
  "INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const DELETE_TASK = "DELETE FROM task WHERE shard = ? AND lane = ? AND due = ? AND event = ? AND subscription = ? AND seq = ?";
const COUNT_TASKS = `SELECT count(*) AS n, coalesce(max(CASE WHEN lane = subscription THEN 0 WHEN due >= ${asideDue(0)} THEN due - ${asideDue(0)}
  WHEN due < ${WALL_TIMES_FROM} THEN due ELSE 0 END), 0) AS place FROM task`;
const READ_KEY = "SELECT content_hash, event, deliveries, expires_at FROM idempotency WHERE shop = ? AND key_hash = ?";
const PUT_KEY = `INSERT INTO idempotency (shop, key_hash, content_hash, event, deliveries, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET content_hash = excluded.content_hash, event = excluded.event, deliveries = excluded.deliveries, expires_at = excluded.expires_at`;

const KEYS_OF: Readonly<Record<string, string>> = { event_subject: "subject, event", attempt: "event, subscription, seq", event: "rowid" };

/** All that changes events, tasks and attempts. Synchronous: it lives in the thread that owns the only write connection. */
export class Writer {
  readonly connection: Connection;
  readonly #stats: StatWriter;
  readonly #days: Set<number>;
  /** Days that retention is emptying. */
  readonly #dropping = new Set<number>();
  /** Rows in `task`, kept so that nobody has to count them. */
  #pending: number;
  /** The last place in any ordered lane. Places only have to grow for as long as there are tasks that have one. */
  #place: number;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#stats = new StatWriter(connection);
    this.#days = new Set(listDays(connection));
    const tasks = connection.get(COUNT_TASKS);
    this.#pending = number(tasks?.["n"]);
    this.#place = number(tasks?.["place"]);
  }

  nextPlace(): number {
    this.#place += 1;
    return this.#place;
  }

  get pending(): number {
    return this.#pending;
  }

  append(group: readonly NewEvent[], directoryVersion: number): AppendOutcome {
    const version = this.directoryVersion();
    if (version !== directoryVersion) return { kind: "stale", version };
    const results = this.#atomic(() => group.map((event) => this.appendOne(event, version)));
    return { kind: "committed", results };
  }

  /** Inside a transaction of the caller. */
  appendOne(event: NewEvent, directoryVersion: number): AppendResult {
    const day = dayOf(event.id);
    const id = toBytes(event.id);
    if (!this.#days.has(day)) this.#addDay(day);
    const used = this.#useKey(event, id);
    if (used !== null) return used;
    const inserted = this.connection.run(
      `INSERT OR IGNORE INTO event_${day} (id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, owes,
         directory_version, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      event.shop,
      event.app,
      event.topic,
      event.apiVersion,
      event.triggeredAt,
      event.acceptedAt,
      event.orderKey,
      event.changed === null ? null : JSON.stringify(event.changed),
      event.traceparent,
      event.isTest ? 1 : 0,
      JSON.stringify(event.owes.map((owed) => owed.subscription)),
      directoryVersion,
      event.payload,
    );
    // Sent again after an unknown outcome: it is there with all that it owes.
    if (inserted === 0) return { kind: "accepted" };
    for (const owed of event.owes) {
      const task = firstTask(event, owed);
      this.insertTask(isOrdered(task) ? { ...task, due: this.nextPlace() } : task, id);
    }
    if (event.erases !== null) {
      const subjects = event.erases === "subjects" ? JSON.stringify(event.subjects) : null;
      this.connection.run("INSERT INTO erasure (event, shop, subjects) VALUES (?, ?, ?)", id, event.shop, subjects);
    }
    for (const subject of event.subjects) {
      this.connection.run(`INSERT OR IGNORE INTO event_subject_${day} (subject, event) VALUES (?, ?)`, Buffer.from(subject, "hex"), id);
    }
    if (!event.isTest) this.#stats.published(event.acceptedAt, event.shop, event.topic);
    return { kind: "accepted" };
  }

  settle(batch: Iterable<Settlement>): boolean[] {
    return this.#atomic(() => {
      const applied: boolean[] = [];
      for (const settlement of batch) applied.push(this.#settleOne(settlement));
      return applied;
    });
  }

  cancelLane(lane: LaneRef, reason: CancelReason, at: number, limit: number, directoryVersion: number): number | null {
    return this.#atomic(() => (this.directoryVersion() === directoryVersion ? this.cancelStep(lane, reason, at, limit) : null));
  }

  /** Inside a transaction of the caller. */
  cancelStep(lane: LaneRef, reason: CancelReason, at: number, limit: number): number {
    const tasks = this.connection.all(
      "SELECT * FROM task WHERE shard = ? AND lane = ? ORDER BY due, event, subscription LIMIT ?",
      lane.shard,
      lane.lane,
      limit,
    );
    for (const row of tasks) this.endTask(row, "cancelled", reason, at);
    return tasks.length;
  }

  relocateLane(lane: LaneRef, toShard: number, limit: number, directoryVersion: number): number | null {
    return this.#atomic(() => {
      if (this.directoryVersion() !== directoryVersion) return null;
      const rows = this.connection.all(
        "SELECT * FROM task WHERE shard = ? AND lane = ? ORDER BY due, event, subscription LIMIT ?",
        lane.shard,
        lane.lane,
        limit,
      );
      for (const row of rows) {
        const task = toTask(row);
        this.deleteTask(task, row["event"] as Uint8Array, task.seq);
        this.insertTask({ ...task, shard: toShard }, row["event"] as Uint8Array);
      }
      return rows.length;
    });
  }

  replay(requests: readonly ReplayRequest[], at: number, job: string | null): ReplayResult[] {
    return this.#atomic(() => requests.map((request) => this.#replayOne(request, at, job)));
  }

  #replayOne({ delivery, lane, orderedLane }: ReplayRequest, at: number, job: string | null): ReplayResult {
    const day = dayOf(delivery.eventId);
    const event = toBytes(delivery.eventId);
    if (!this.#days.has(day) || this.#dropping.has(day)) return { kind: "not_found" };
    const stored = this.connection.get(`SELECT * FROM event_${day} WHERE id = ?`, event);
    const rows = this.connection
      .all(`SELECT * FROM attempt_${day} WHERE event = ? AND subscription = ? ORDER BY seq`, event, delivery.subscription)
      .map(toLogRow);
    const last = rows.at(-1);
    if (last === undefined) return isOwedBy(stored, delivery.subscription) ? { kind: "pending" } : { kind: "not_found" };
    if (job !== null && rows.some((row) => row.kind === "reopened" && row.detail === job)) return { kind: "repeated" };
    if (last.state === "pending") return { kind: "pending" };
    if (last.reason !== null && REASONS_WITHOUT_REPLAY.includes(last.reason)) return { kind: "refused", reason: last.reason };
    if (stored === undefined) return { kind: "not_found" };
    if (stored["erased_at"] !== null) return { kind: "refused", reason: "redacted" };
    this.#insertLogRow(day, event, reopened(last, at, job));
    const orderKey = orderedLane === undefined ? null : textOrNull(stored["order_key"]);
    const task: Task = {
      ...(orderedLane === undefined || orderKey === null
        ? { ...lane, due: at }
        : reopenedAt(this, delivery, orderKey, { ...lane, lane: orderedLane }, at)),
      eventId: delivery.eventId,
      subscription: delivery.subscription,
      seq: last.seq + 2,
      round: last.round + 1,
      attempts: 0,
      attemptsEver: last.n,
    };
    this.insertTask(task, event);
    return { kind: "reopened", task, event: toEvent(stored) };
  }

  expireThrough(day: number, at: number, limit: number): number {
    const [, bound] = boundsOf(day);
    return this.#atomic(() => {
      const rows = this.connection.all("SELECT * FROM task WHERE event < ? LIMIT ?", bound, limit);
      for (const row of rows) this.endTask(row, "dead", "expired", at);
      return rows.length;
    });
  }

  dropStep(day: number, rowsMax: number): boolean {
    if (!this.#days.has(day)) return true;
    if (!this.#dropping.has(day)) this.#beginDrop(day);
    for (const table of [`event_subject_${day}`, `attempt_${day}`, `event_${day}`]) {
      const keys = KEYS_OF[table.slice(0, table.lastIndexOf("_"))] ?? "rowid";
      const removed = this.#atomic(() =>
        this.connection.run(`DELETE FROM ${table} WHERE (${keys}) IN (SELECT ${keys} FROM ${table} LIMIT ?)`, rowsMax),
      );
      if (removed > 0) return false;
    }
    this.#dropTables(day);
    this.connection.database.exec("PRAGMA incremental_vacuum(2000)");
    this.#days.delete(day);
    this.#dropping.delete(day);
    return true;
  }

  /** All or none of them: of a day without one of its tables neither the rest could be dropped nor the file be checked. */
  #dropTables(day: number): void {
    const tables = [`event_subject_${day}`, `attempt_${day}`, `event_${day}`];
    for (const table of tables) this.connection.forget(table);
    const [from, to] = boundsOf(day);
    this.#atomic(() => {
      for (const table of tables) this.connection.database.exec(`DROP TABLE ${table}`);
      for (const table of ["erasure", "lane_block"]) this.connection.run(`DELETE FROM ${table} WHERE event >= ? AND event < ?`, from, to);
    });
  }

  /** The whole queue is looked through, so once per day and not once per step; from here on nothing of the day is re-opened. */
  #beginDrop(day: number): void {
    const [from, to] = boundsOf(day);
    if (this.connection.get("SELECT 1 FROM task WHERE event >= ? AND event < ? LIMIT 1", from, to) !== undefined) {
      throw new Error(`day ${day} cannot be dropped: something of it is still owed`);
    }
    this.#dropping.add(day);
  }

  forgetKeys(at: number, limit: number): number {
    return this.connection.run(
      "DELETE FROM idempotency WHERE (shop, key_hash) IN (SELECT shop, key_hash FROM idempotency WHERE expires_at < ? LIMIT ?)",
      at,
      limit,
    );
  }

  directoryVersion(): number {
    return number(this.connection.get("SELECT version FROM directory")?.["version"]);
  }

  /** One transaction, with its statistics; counters in memory follow only what was committed. */
  #atomic<Value>(work: () => Value): Value {
    const pending = this.#pending;
    try {
      return this.connection.transaction(() => {
        const value = work();
        this.#stats.flush();
        return value;
      });
    } catch (error) {
      this.#pending = pending;
      this.#stats.clear();
      this.#days.clear();
      for (const day of listDays(this.connection)) this.#days.add(day);
      throw error;
    }
  }

  /** The same for others that write in this thread (the directory). */
  atomically<Value>(work: () => Value): Value {
    return this.#atomic(work);
  }

  #addDay(day: number): void {
    createDay(this.connection, day);
    this.#days.add(day);
  }

  #useKey(event: NewEvent, id: Uint8Array): AppendResult | null {
    const { idempotency, shop } = event;
    if (idempotency === null) return null;
    const keyHash = Buffer.from(idempotency.keyHash, "hex");
    const used = this.connection.get(READ_KEY, shop, keyHash);
    if (used !== undefined && number(used["expires_at"]) > event.acceptedAt) {
      const first = toUuid(used["event"]);
      if (first === event.id) return null;
      if (toHex(used["content_hash"]) !== idempotency.contentHash) return { kind: "conflict" };
      return { kind: "duplicate", id: first, deliveries: number(used["deliveries"]) };
    }
    this.connection.run(PUT_KEY, shop, keyHash, Buffer.from(idempotency.contentHash, "hex"), id, event.owes.length, idempotency.expiresAt);
    return null;
  }

  #settleOne(settlement: Settlement): boolean {
    const { key, seq, row, next, topic, latencyMs } = settlement;
    const event = toBytes(key.eventId);
    if (!this.deleteTask(key, event, seq)) return false;
    this.#insertLogRow(dayOf(key.eventId), event, row);
    if (next !== null) this.insertTask(next, event);
    settleOrder(this.connection, settlement, event);
    if (topic !== null) this.#stats.ended(row, topic, latencyMs);
    return true;
  }

  /** Inside a transaction of the caller, as the next one. */
  insertTask(task: Task, event: Uint8Array): void {
    this.connection.run(
      INSERT_TASK,
      task.shard,
      task.lane,
      task.due,
      event,
      task.subscription,
      task.seq,
      task.round,
      task.attempts,
      task.attemptsEver,
    );
    this.#pending += 1;
  }

  deleteTask(key: TaskKey, event: Uint8Array, seq: number): boolean {
    if (this.connection.run(DELETE_TASK, key.shard, key.lane, key.due, event, key.subscription, seq) === 0) return false;
    this.#pending -= 1;
    return true;
  }

  /** Inside a transaction of the caller. */
  endTask(taskRow: Row, state: "cancelled" | "dead", reason: DeliveryReason, at: number): void {
    const task = toTask(taskRow);
    const event = taskRow["event"] as Uint8Array;
    const day = dayOf(task.eventId);
    this.deleteTask(task, event, task.seq);
    const owner = this.connection.get(`SELECT shop, topic, is_test FROM event_${day} WHERE id = ?`, event);
    const app = this.#appOf(task.subscription);
    const shop = owner === undefined ? 0 : number(owner["shop"]);
    const row = ended(task, state, reason, at, shop, app);
    this.#insertLogRow(day, event, row);
    if (owner?.["is_test"] !== 1) this.#stats.ended(row, owner === undefined ? "" : text(owner["topic"]), 0);
  }

  #appOf(subscription: number): number {
    const row = this.connection.get("SELECT body FROM subscription WHERE id = ? ORDER BY version DESC LIMIT 1", subscription);
    return row === undefined ? 0 : (JSON.parse(text(row["body"])) as { app: number }).app;
  }

  #insertLogRow(day: number, event: Uint8Array, row: LogRow): void {
    this.connection.run(
      `INSERT INTO attempt_${day} (event, subscription, seq, kind, round, n, at, duration_ms, status, error, detail, address, response_headers,
         response_body, state, reason, next_at, shop, app) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event,
      row.subscription,
      row.seq,
      kindNumber(row.kind),
      row.round,
      row.n,
      row.at,
      row.durationMs,
      row.status,
      row.error,
      row.detail,
      row.address,
      row.responseHeaders,
      row.responseBody,
      stateNumber(row.state),
      row.reason,
      row.nextAt,
      row.shop,
      row.app,
    );
  }
}

function isOwedBy(stored: Row | undefined, subscription: number): boolean {
  return stored !== undefined && (JSON.parse(text(stored["owes"])) as number[]).includes(subscription);
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

function ended(task: Task, state: "cancelled" | "dead", reason: DeliveryReason, at: number, shop: number, app: number): LogRow {
  const { subscription, eventId, seq, round, attemptsEver: n } = task;
  return { ...NO_ATTEMPT, kind: "ended", subscription, eventId, seq, round, n, at, state, reason, nextAt: null, shop, app };
}

function reopened(last: LogRow, at: number, job: string | null): LogRow {
  const { subscription, eventId, n, shop, app } = last;
  return {
    ...NO_ATTEMPT,
    detail: job,
    n,
    kind: "reopened",
    subscription,
    eventId,
    seq: last.seq + 1,
    round: last.round + 1,
    at,
    state: "pending",
    reason: null,
    nextAt: at,
    shop,
    app,
  };
}
