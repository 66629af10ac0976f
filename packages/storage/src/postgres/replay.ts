import {
  dayOf,
  keyLaneOf,
  REASONS_WITHOUT_REPLAY,
  type LogRow,
  type ReplayRequest,
  type ReplayResult,
  type StoredEvent,
  type Task,
} from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database } from "./database.ts";
import { eventsOf, lookUpOf } from "./event-lookup.ts";
import { HEAD_COLUMNS, toLogRow, toStoredEvent } from "./rows.ts";
import { LOG_COLUMNS } from "./settle.ts";

const ROWS = `
SELECT a.* FROM unnest($1::integer[], $2::uuid[], $3::bigint[]) AS k (day, event, subscription) CROSS JOIN LATERAL (
  SELECT * FROM attempt a WHERE a.day = k.day AND a.event = k.event AND a.subscription = k.subscription AND a.day = ANY ($4::integer[]) OFFSET 0
) a ORDER BY a.seq`;
const EVENTS = eventsOf(`${HEAD_COLUMNS}, e.payload`);

/** The row that begins the round and its task, together. Whoever writes the row with this `seq` first has re-opened the delivery; its key stops a second one. */
const REOPEN = `
WITH incoming AS (
  SELECT * FROM unnest($1::integer[], $2::integer[], $3::uuid[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[], $8::bigint[], $9::bigint[], $10::smallint[], $11::bigint[], $14::boolean[])
    AS r (ord, day, event, subscription, seq, round, n, shop, app, shard, lane, is_placed)
),
reopened AS (
  INSERT INTO attempt (${LOG_COLUMNS})
  SELECT day, event, subscription, seq, 2, round, n, $12::bigint, 0, NULL, NULL, $13::text, '', NULL, NULL, 0, NULL, $12::bigint, shop, app FROM incoming
  ORDER BY day, event, subscription
  ON CONFLICT DO NOTHING RETURNING event, subscription
),
owed AS (
  INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
  SELECT shard, lane, CASE WHEN is_placed THEN nextval('task_place') ELSE $12::bigint END, event, subscription, seq + 1, round, 0, n FROM incoming JOIN reopened USING (event, subscription)
  RETURNING event, subscription, due
)
SELECT ord, due FROM incoming JOIN reopened USING (event, subscription) LEFT JOIN owed USING (event, subscription)`;

interface Opening {
  readonly index: number;
  readonly task: Task;
  readonly event: StoredEvent;
  readonly last: LogRow;
  /** It gets a place in an ordered lane instead of a due time. */
  readonly isPlaced: boolean;
}

/** Which of these deliveries block their order keys. */
async function findBlocking(database: Database, requests: readonly ReplayRequest[]): Promise<ReadonlySet<string>> {
  const ordered = requests.filter(({ orderedLane }) => orderedLane !== undefined).map(({ delivery }) => delivery);
  if (ordered.length === 0) return new Set();
  const rows = await database.query(
    "settle",
    "SELECT event, subscription FROM lane_block JOIN unnest($1::uuid[], $2::bigint[]) AS k (event, subscription) USING (event, subscription)",
    [ordered.map(({ eventId }) => eventId), ordered.map(({ subscription }) => subscription)],
  );
  return new Set(rows.map((row) => `${text(row["event"])} ${number(row["subscription"])}`));
}

/** Re-opens deliveries (`TaskQueue.replay`). */
export async function replay(
  database: Database,
  requests: readonly ReplayRequest[],
  at: number,
  job: string | null,
): Promise<readonly ReplayResult[]> {
  const ids = requests.map(({ delivery }) => delivery.eventId);
  const [days, , eachDay] = lookUpOf(ids);
  const subscriptions = requests.map(({ delivery }) => delivery.subscription);
  const rows = await database.query("settle", ROWS, [days, ids, subscriptions, eachDay]);
  const events = await database.query("settle", EVENTS, [days, ids, eachDay]);
  const blocking = await findBlocking(database, requests);
  const byDelivery = Map.groupBy(rows, (row) => `${text(row["event"])} ${number(row["subscription"])}`);
  const byId = new Map(events.map((row) => [text(row["id"]), toStoredEvent(row)]));
  const results = new Map<number, ReplayResult>();
  const openings: Opening[] = [];
  for (const [index, request] of requests.entries()) {
    const { eventId, subscription } = request.delivery;
    const log = (byDelivery.get(`${eventId} ${subscription}`) ?? []).map(toLogRow);
    const judged = judge(request, log, byId.get(eventId), { at, job, isBlocking: blocking.has(`${eventId} ${subscription}`) });
    if ("kind" in judged) results.set(index, judged);
    else openings.push({ index, ...judged });
  }
  if (openings.length > 0) {
    const opened = new Map(
      (await database.query("settle", REOPEN, [...columns(openings), at, job, openings.map(({ isPlaced }) => isPlaced)])).map((row) => [
        number(row["ord"]),
        number(row["due"]),
      ]),
    );
    for (const { index, task, event } of openings) {
      const due = opened.get(index);
      results.set(index, due === undefined ? { kind: "pending" } : { kind: "reopened", task: { ...task, due }, event });
    }
  }
  return requests.map((_, index) => results.get(index) ?? { kind: "not_found" });
}

function judge(
  request: ReplayRequest,
  log: readonly LogRow[],
  event: StoredEvent | undefined,
  { at, job, isBlocking }: { readonly at: number; readonly job: string | null; readonly isBlocking: boolean },
): ReplayResult | Omit<Opening, "index"> {
  const { delivery, lane, orderedLane } = request;
  const last = log.at(-1);
  if (last === undefined) return event?.owes.includes(delivery.subscription) === true ? { kind: "pending" } : { kind: "not_found" };
  if (job !== null && log.some((row) => row.kind === "reopened" && row.detail === job)) return { kind: "repeated" };
  if (last.state === "pending") return { kind: "pending" };
  if (last.reason !== null && REASONS_WITHOUT_REPLAY.includes(last.reason)) return { kind: "refused", reason: last.reason };
  if (event === undefined) return { kind: "not_found" };
  if (event.isErased) return { kind: "refused", reason: "redacted" };
  const { eventId, subscription } = delivery;
  const round = last.round + 1;
  const task = { ...lane, due: at, eventId, subscription, seq: last.seq + 2, round, attempts: 0, attemptsEver: last.n };
  if (orderedLane === undefined || event.orderKey === null) return { event, last, task, isPlaced: false };
  const place = isBlocking ? keyLaneOf(orderedLane, event.orderKey) : orderedLane;
  return { event, last, task: { ...task, lane: place }, isPlaced: !isBlocking };
}

function columns(openings: readonly Opening[]): unknown[] {
  const of = (value: (opening: Opening) => unknown): unknown[] => openings.map(value);
  return [
    of(({ index }) => index),
    of(({ task }) => dayOf(task.eventId)),
    of(({ task }) => task.eventId),
    of(({ task }) => task.subscription),
    of(({ task }) => task.seq - 1),
    of(({ task }) => task.round),
    of(({ task }) => task.attemptsEver),
    of(({ last }) => last.shop),
    of(({ last }) => last.app),
    of(({ task }) => task.shard),
    of(({ task }) => task.lane),
  ];
}
