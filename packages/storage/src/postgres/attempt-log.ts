import { dayOf, dayOfTime, type AttemptLog, type DeliveryKey, type FinalDeliveriesQuery, type LogRow } from "@genhook/core";
import { number, stateNumber, text } from "../columns.ts";
import type { Database } from "./database.ts";
import { lowestId } from "./day.ts";
import { toLogRow } from "./rows.ts";

/** Up to this many subscriptions are read one by one through their index and merged; for more, all final rows are read newest first and filtered. */
const MERGE_MAX = 128;

const FINAL_STATES = ["delivered", "dead", "cancelled"] as const;
const LOWEST_ID = "00000000-0000-0000-0000-000000000000";
const HIGHEST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

const LAST_ROWS = `
SELECT a.* FROM unnest($1::integer[], $2::uuid[], $3::bigint[]) AS k (day, event, subscription) CROSS JOIN LATERAL (
  SELECT * FROM attempt a WHERE a.day = k.day AND a.event = k.event AND a.subscription = k.subscription AND a.day = ANY ($1::integer[])
  ORDER BY a.seq DESC LIMIT 1
) a`;

/** What happened to deliveries (`AttemptLog`). */
export function attemptLog(database: Database): AttemptLog {
  return {
    ofDelivery: async ({ eventId, subscription }) => {
      const rows = await database.query("read", "SELECT * FROM attempt WHERE day = $1 AND event = $2 AND subscription = $3 ORDER BY seq", [
        dayOf(eventId),
        eventId,
        subscription,
      ]);
      return rows.map(toLogRow);
    },
    lastRows: async (deliveries) => lastRows(database, deliveries),
    listFinal: async (query) => listFinal(database, query),
  };
}

async function lastRows(database: Database, deliveries: readonly DeliveryKey[]): Promise<readonly (LogRow | null)[]> {
  if (deliveries.length === 0) return [];
  const ids = deliveries.map(({ eventId }) => eventId);
  const rows = await database.query("read", LAST_ROWS, [ids.map(dayOf), ids, deliveries.map(({ subscription }) => subscription)]);
  const found = new Map(rows.map((row) => [`${text(row["event"])} ${number(row["subscription"])}`, toLogRow(row)]));
  return deliveries.map(({ eventId, subscription }) => found.get(`${eventId} ${subscription}`) ?? null);
}

/** A page of final deliveries, newest event first. Ids grow with time, so the order of days and ids is one, and a page reads the days that it needs. */
async function listFinal(database: Database, query: FinalDeliveriesQuery): Promise<readonly LogRow[]> {
  const { states, subscriptions, turn, limit } = query;
  if (states.length === 0 || (subscriptions !== null && subscriptions.length === 0)) return [];
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const [beyond, order] = isForward ? ["<", "DESC"] : [">", "ASC"];
  const values: unknown[] = [limit];
  // What is not asked for is left out one by one: of a list of states the planner would guess that hardly any row has one of them, and read all.
  const others = FINAL_STATES.filter((state) => !states.includes(state));
  const conditions = ["a.state > 0", ...others.map((state) => `a.state <> ${stateNumber(state)}`)];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  if (!states.includes("delivered")) conditions.push("a.state > 1");
  if (cursor !== null) {
    const { eventId, subscription } = cursor;
    conditions.push(`a.day ${beyond}= ${bind(dayOf(eventId))}`);
    conditions.push(`(a.event, a.subscription) ${beyond} (${bind(eventId)}::uuid, ${bind(subscription)}::bigint)`);
  }
  if (query.from !== null) {
    conditions.push(`a.day >= ${bind(dayOfTime(query.from))}`, `a.event >= ${bind(lowestId(query.from))}::uuid`);
  }
  if (query.to !== null) {
    conditions.push(`a.day <= ${bind(dayOfTime(query.to))}`, `a.event < ${bind(lowestId(query.to + 1))}::uuid`);
  }
  // A final row that a replay has left behind is history: only the newest row of a delivery says its state. Asked row by row (OFFSET keeps it so): as
  // a join, the planner may read all days to their end.
  conditions.push(`NOT EXISTS (
    SELECT FROM attempt b WHERE b.day = a.day AND b.event = a.event AND b.subscription = a.subscription AND b.seq > a.seq OFFSET 0)`);
  const where = conditions.join(" AND ");
  let statement: string;
  if (subscriptions !== null && subscriptions.length <= MERGE_MAX) {
    // Bounds instead of an equal sign, and the subscription in the order: see `OF_LANE`. Days are merged, and of each a page is read.
    const [low, high] = [bind(LOWEST_ID), bind(HIGHEST_ID)];
    statement = `SELECT a.* FROM unnest(${bind(subscriptions)}::bigint[]) AS s (id) CROSS JOIN LATERAL (
      SELECT a.* FROM attempt a WHERE (a.subscription, a.event) >= (s.id, ${low}::uuid) AND (a.subscription, a.event) <= (s.id, ${high}::uuid) AND ${where}
      ORDER BY a.subscription ${order}, a.event ${order} LIMIT $1
    ) a ORDER BY a.event ${order}, a.subscription ${order} LIMIT $1`;
  } else {
    // The key of the log begins with the day, so all final rows come from it in that order; the index of what went wrong has no day, and the days
    // are merged by event, which is the same order.
    const columns = states.includes("delivered") ? ["a.day", "a.event", "a.subscription"] : ["a.event", "a.subscription"];
    const chosen = subscriptions === null ? "" : `AND a.subscription = ANY(${bind(subscriptions)}::bigint[])`;
    statement = `SELECT a.* FROM attempt a WHERE ${where} ${chosen} ORDER BY ${columns.map((column) => `${column} ${order}`).join(", ")} LIMIT $1`;
  }
  const rows = (await database.query("read", statement, values)).map(toLogRow);
  return isForward ? rows : rows.reverse();
}
