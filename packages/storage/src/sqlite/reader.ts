import {
  dayOf,
  dueTimeOf,
  isDue,
  nameInLane,
  type App,
  type DeliveryKey,
  type DirectoryChanges,
  type EventContent,
  type EventHead,
  type EventId,
  type Hold,
  type Installation,
  type LaneRead,
  type LanesMeasure,
  type LaneRef,
  type LaneWithWork,
  type LogRow,
  type OwedTask,
  type PlatformKey,
  type Role,
  type Shop,
  type StoredEvent,
  type Subscription,
  type SubscriptionPlace,
  type Task,
  type TaskKey,
  type Turn,
} from "@genhook/core";
import { countersOf, number, text } from "../columns.ts";
import type { Connection, Row, SqlValue } from "./connection.ts";
import { hasDay, listDays } from "./day-tables.ts";
import { toEvent, toEventHead, toLogRow, toStoredEvent, toTask } from "./rows.ts";
import { toBytes, toHex, toUuid } from "./uuid-bytes.ts";

const CONTENT_COLUMNS = "id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, payload";
const HEAD_COLUMNS =
  "id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, owes, directory_version, erased_at";

/** All look-ups, on a read-only connection in a thread of their own: no write ever waits for one. */
export class Reader {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  readEvent(id: EventId): StoredEvent | null {
    const row = this.#eventRow(id);
    return row === undefined ? null : toStoredEvent(row);
  }

  readEvents(ids: readonly EventId[], bytesMax: number): (StoredEvent | null)[] {
    const events: (StoredEvent | null)[] = [];
    const days = new Set(listDays(this.connection));
    let bytes = 0;
    for (const id of ids) {
      if (events.length > 0 && bytes >= bytesMax) break;
      const day = dayOf(id);
      const row = days.has(day) ? this.connection.get(`SELECT * FROM event_${day} WHERE id = ?`, toBytes(id)) : undefined;
      const event = row === undefined ? null : toStoredEvent(row);
      bytes += event?.payload.length ?? 0;
      events.push(event);
    }
    return events;
  }

  /** Each event is read once, however many deliveries of it are in a list. */
  heads(ids: readonly EventId[]): (EventHead | null)[] {
    return this.connection.snapshot(() => {
      const days = new Set(listDays(this.connection));
      const read = new Map<EventId, EventHead | null>();
      for (const id of ids) {
        const day = dayOf(id);
        if (read.has(id)) continue;
        const row = days.has(day) ? this.connection.get(`SELECT ${HEAD_COLUMNS} FROM event_${day} WHERE id = ?`, toBytes(id)) : undefined;
        read.set(id, row === undefined ? null : toEventHead(row));
      }
      return ids.map((id) => read.get(id) ?? null);
    });
  }

  measureLanes(lanes: readonly LaneRef[], countMax: number): LanesMeasure {
    return this.connection.snapshot(() => this.#measureLanes(lanes, countMax));
  }

  #measureLanes(lanes: readonly LaneRef[], countMax: number): LanesMeasure {
    let count = 0;
    let oldestDue: number | null = null;
    for (const { shard, lane } of lanes) {
      // One row at least, however many were counted: the first one is the lane's oldest.
      const row = this.connection.get(
        "SELECT count(*) AS count, min(due) AS due, event FROM (SELECT due, event FROM task WHERE shard = ? AND lane = ? ORDER BY due, event, subscription LIMIT ?)",
        shard,
        lane,
        Math.max(1, countMax - count),
      );
      count = Math.min(countMax, count + number(row?.["count"]));
      if (typeof row?.["due"] !== "number") continue;
      const due = dueTimeOf({ due: row["due"], eventId: toUuid(row["event"]) });
      if (oldestDue === null || due < oldestDue) oldestDue = due;
    }
    return { count, oldestDue };
  }

  readLane(lane: LaneRef, dueMax: number, limit: number, bytesMax: number, skip: ReadonlySet<string>): LaneRead {
    return this.connection.snapshot(() => this.#readLane(lane, dueMax, limit, bytesMax, skip));
  }

  #readLane(lane: LaneRef, dueMax: number, limit: number, bytesMax: number, skip: ReadonlySet<string>): LaneRead {
    const tasks: OwedTask[] = [];
    const days = new Set(listDays(this.connection));
    let bytes = 0;
    // Held rows lie at the beginning of the lane; one row more than wanted tells where the lane goes on.
    const rows = this.connection.all(
      "SELECT * FROM task WHERE shard = ? AND lane = ? ORDER BY due, event, subscription LIMIT ?",
      lane.shard,
      lane.lane,
      limit + skip.size + 1,
    );
    for (const row of rows) {
      const task = toTask(row);
      if (skip.has(nameInLane(task)) && isDue(task, dueMax)) continue;
      if (!isDue(task, dueMax) || tasks.length >= limit || (tasks.length > 0 && bytes >= bytesMax)) return { tasks, nextDue: task.due };
      // A lane is one subscription, so no event stands in it twice and nothing is worth remembering between its rows.
      const event = this.#eventContent(task.eventId, row["event"], days);
      // A task whose event was erased or dropped under the read: its settlement is on the way.
      if (event === null) continue;
      bytes += event.payload.length;
      tasks.push({ task, event });
    }
    return { tasks, nextDue: null };
  }

  lanesWithWork(shards: readonly number[], after: LaneRef | null, limit: number): LaneWithWork[] {
    const found: LaneWithWork[] = [];
    for (const shard of [...shards].sort((a, b) => a - b)) {
      if (after !== null && shard < after.shard) continue;
      let lane = after !== null && shard === after.shard ? after.lane : Number.MIN_SAFE_INTEGER;
      for (;;) {
        if (found.length >= limit) return found;
        const row = this.connection.get(
          "SELECT lane, due, subscription FROM task WHERE shard = ? AND lane > ? ORDER BY lane, due, event, subscription LIMIT 1",
          shard,
          lane,
        );
        if (row === undefined) break;
        lane = number(row["lane"]);
        found.push({ shard, lane, firstDue: number(row["due"]), subscription: number(row["subscription"]) });
      }
    }
    return found;
  }

  listLane(lane: LaneRef, turn: Turn<TaskKey>, limit: number): Task[] {
    const isForward = "after" in turn;
    const cursor = isForward ? turn.after : turn.before;
    const [order, beyond] = isForward ? ["", ">"] : [" DESC", "<"];
    const from = cursor === null ? "" : `AND (due, event, subscription) ${beyond} (?, ?, ?)`;
    const tasks = this.connection
      .all(
        `SELECT * FROM task WHERE shard = ? AND lane = ? ${from} ORDER BY due${order}, event${order}, subscription${order} LIMIT ?`,
        lane.shard,
        lane.lane,
        ...(cursor === null ? [] : [cursor.due, toBytes(cursor.eventId), cursor.subscription]),
        limit,
      )
      .map(toTask);
    return isForward ? tasks : tasks.reverse();
  }

  /** A seek per lane, so at most this many lanes are asked; past it the answer is the earliest of those. */
  oldestDue(lanesMax: number): number | null {
    return this.connection.snapshot(() => this.#oldestDue(lanesMax));
  }

  #oldestDue(lanesMax: number): number | null {
    let oldest: number | null = null;
    let at: LaneRef = { shard: -1, lane: 0 };
    for (let count = 0; count < lanesMax; count += 1) {
      const row = this.connection.get(
        "SELECT shard, lane, due, event FROM task WHERE (shard, lane) > (?, ?) ORDER BY shard, lane, due LIMIT 1",
        at.shard,
        at.lane,
      );
      if (row === undefined) break;
      const due = dueTimeOf({ due: number(row["due"]), eventId: toUuid(row["event"]) });
      if (oldest === null || due < oldest) oldest = due;
      at = { shard: number(row["shard"]), lane: number(row["lane"]) };
    }
    return oldest;
  }

  ofDelivery(delivery: DeliveryKey): LogRow[] {
    const day = dayOf(delivery.eventId);
    if (!hasDay(this.connection, day)) return [];
    return this.connection
      .all(
        `SELECT * FROM attempt_${day} WHERE event = ? AND subscription = ? ORDER BY seq`,
        toBytes(delivery.eventId),
        delivery.subscription,
      )
      .map(toLogRow);
  }

  lastRows(deliveries: readonly DeliveryKey[]): (LogRow | null)[] {
    return this.connection.snapshot(() => {
      const days = new Set(listDays(this.connection));
      return deliveries.map(({ eventId, subscription }) => {
        const day = dayOf(eventId);
        if (!days.has(day)) return null;
        const row = this.connection.get(
          `SELECT * FROM attempt_${day} WHERE event = ? AND subscription = ? ORDER BY seq DESC LIMIT 1`,
          toBytes(eventId),
          subscription,
        );
        return row === undefined ? null : toLogRow(row);
      });
    });
  }

  directoryVersion(): number {
    return number(this.connection.get("SELECT version FROM directory")?.["version"]);
  }

  changesSince(version: number): DirectoryChanges {
    return this.connection.snapshot(() => {
      const directory = this.connection.get("SELECT * FROM directory") ?? {};
      return {
        version: number(directory["version"]),
        counters: countersOf(directory),
        shops: this.#changed<Shop>("shop", version, true),
        apps: this.#changed<App>("app", version, version > 0),
        installations: this.#changed<Installation>("installation", version, true),
        subscriptions: this.#changed<Subscription>("subscription", version, version > 0),
        holds: this.#changedHolds(version),
      };
    });
  }

  findToken(tokenHash: string): { installation: Installation | null; version: number } {
    const row = this.connection.get(
      "SELECT body FROM installation WHERE token_hash = ? AND valid_to IS NULL AND ended_at IS NULL",
      Buffer.from(tokenHash, "hex"),
    );
    return {
      installation: row === undefined ? null : (JSON.parse(text(row["body"])) as Installation),
      version: number(this.connection.get("SELECT version FROM directory")?.["version"]),
    };
  }

  findSubscription(id: number): Subscription | null {
    const row = this.connection.get("SELECT body FROM subscription WHERE id = ? AND valid_to IS NULL", id);
    return row === undefined ? null : (JSON.parse(text(row["body"])) as Subscription);
  }

  subscriptionIds({ app, shop, topic }: SubscriptionPlace, limit: number): number[] {
    const conditions = [
      ...(app === null ? [] : ["AND app = ?"]),
      ...(topic === null ? [] : ["AND EXISTS (SELECT 1 FROM subscription v WHERE v.id = s.id AND +v.topic = ?)"]),
    ];
    const given = [app, topic].filter((value) => value !== null);
    const ids = (place: string): string => `SELECT id FROM subscription s WHERE valid_to IS NULL ${conditions.join(" ")} ${place}`;
    const [statement, values] =
      shop === null ? [ids(""), given] : [`${ids("AND shop = ?")} UNION ALL ${ids("AND shop IS NULL")}`, [...given, shop, ...given]];
    return this.connection.all(`${statement} LIMIT ?`, ...values, limit).map((row) => number(row["id"]));
  }

  findKey(hash: string): { key: PlatformKey | null; version: number } {
    const row = this.connection.get("SELECT * FROM api_key WHERE hash = ?", Buffer.from(hash, "hex"));
    return { key: row === undefined ? null : toKey(row), version: this.directoryVersion() };
  }

  findNote(name: string): string | null {
    const row = this.connection.get("SELECT value FROM note WHERE name = ?", name);
    return row === undefined ? null : text(row["value"]);
  }

  listKeys(): PlatformKey[] {
    return this.connection.all("SELECT * FROM api_key ORDER BY created_at, id").map(toKey);
  }

  days(): number[] {
    return listDays(this.connection);
  }

  #changed<Entry>(table: string, version: number, withEnded: boolean): Entry[] {
    const filter = withEnded ? "" : "AND ended_at IS NULL";
    return this.connection
      .all(`SELECT body FROM ${table} WHERE valid_to IS NULL AND version > ? ${filter} ORDER BY version`, version)
      .map((row) => JSON.parse(text(row["body"])) as Entry);
  }

  #changedHolds(version: number): Hold[] {
    const filter = version === 0 ? "AND ended_at IS NULL" : "";
    return this.connection
      .all(`SELECT body FROM hold WHERE version > ? ${filter} ORDER BY version, id`, version)
      .map((row) => JSON.parse(text(row["body"])) as Hold);
  }

  #eventContent(id: EventId, bytes: SqlValue | undefined, days: ReadonlySet<number>): EventContent | null {
    const day = dayOf(id);
    if (bytes === undefined || !days.has(day)) return null;
    const row = this.connection.get(`SELECT ${CONTENT_COLUMNS} FROM event_${day} WHERE id = ?`, bytes);
    return row === undefined ? null : toEvent(row);
  }

  #eventRow(id: EventId): Row | undefined {
    const day = dayOf(id);
    return hasDay(this.connection, day) ? this.connection.get(`SELECT * FROM event_${day} WHERE id = ?`, toBytes(id)) : undefined;
  }
}

function toKey(row: Row): PlatformKey {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    role: text(row["role"]) as Role,
    hash: toHex(row["hash"]),
    createdAt: number(row["created_at"]),
    revokedAt: row["revoked_at"] === null ? null : number(row["revoked_at"]),
  };
}
