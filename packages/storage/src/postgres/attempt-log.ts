import { dayOf, dayOfTime, type AttemptLog, type DeliveryKey, type FinalDeliveriesQuery, type LogRow } from "@genhook/core";
import { number, stateNumber, text } from "../columns.ts";
import type { Database, Row } from "./database.ts";
import { lookUpOf } from "./event-lookup.ts";
import { isTableGone, toStoreError } from "./errors.ts";
import { lowestId, partitionName } from "./day.ts";
import type { Partitions } from "./partitions.ts";
import { toLogRow } from "./rows.ts";

const FINAL_STATES = ["delivered", "dead", "cancelled"] as const;
const LOWEST_ID = "'00000000-0000-0000-0000-000000000000'::uuid";
const HIGHEST_ID = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid";
/** A final row that a replay has left behind is history: only the newest row of a delivery says its state. Asked row by row (OFFSET keeps it so): as a join, the planner may read all days to their end. */
function newestOfDelivery(table: string): string {
  return `NOT EXISTS (
    SELECT FROM ${table} b WHERE b.day = a.day AND b.event = a.event AND b.subscription = a.subscription AND b.seq > a.seq OFFSET 0)`;
}

const LAST_ROWS = `
SELECT a.* FROM unnest($1::integer[], $2::uuid[], $3::bigint[]) AS k (day, event, subscription) CROSS JOIN LATERAL (
  SELECT * FROM attempt a WHERE a.day = k.day AND a.event = k.event AND a.subscription = k.subscription AND a.day = ANY ($4::integer[])
  ORDER BY a.seq DESC LIMIT 1
) a`;

/** What happened to deliveries (`AttemptLog`). */
export function attemptLog(database: Database, partitions: Pick<Partitions, "listLogged">): AttemptLog {
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
    listFinal: async (query) => listFinal(database, partitions, query),
  };
}

async function lastRows(database: Database, deliveries: readonly DeliveryKey[]): Promise<readonly (LogRow | null)[]> {
  if (deliveries.length === 0) return [];
  const ids = deliveries.map(({ eventId }) => eventId);
  const [days, , eachDay] = lookUpOf(ids);
  const values = [days, ids, deliveries.map(({ subscription }) => subscription), eachDay];
  const rows = await database.query("read", LAST_ROWS, values);
  const found = new Map(rows.map((row) => [`${text(row["event"])} ${number(row["subscription"])}`, toLogRow(row)]));
  return deliveries.map(({ eventId, subscription }) => found.get(`${eventId} ${subscription}`) ?? null);
}

/** A page of final deliveries, newest event first. Ids grow with time, so the order of days and ids is one. */
async function listFinal(
  database: Database,
  partitions: Pick<Partitions, "listLogged">,
  query: FinalDeliveriesQuery,
): Promise<readonly LogRow[]> {
  const { states, subscriptions, turn, limit } = query;
  if (states.length === 0 || (subscriptions !== null && subscriptions.length === 0)) return [];
  const isForward = "after" in turn;
  // Everybody's come from an index of each day, merged.
  if (subscriptions === null) {
    const statement = new FinalStatement(query, null, limit);
    const rows = (await database.query("read", statement.text(), statement.values)).map(toLogRow);
    return isForward ? rows : rows.reverse();
  }
  // Those of some are looked for day by day, so that a page asks no more days than it needs.
  const found: LogRow[] = [];
  for (const day of await daysOf(partitions, query)) {
    found.push(...(await readDay(database, day, { ...query, limit: limit - found.length }, subscriptions.length)));
    if (found.length >= limit) break;
  }
  return isForward ? found : found.reverse();
}

/** Up to `limit` rows of a day, in the direction of reading: some of each webhook at a time, more each time that these do not suffice. */
async function readDay(database: Database, day: number, query: FinalDeliveriesQuery, webhooks: number): Promise<readonly LogRow[]> {
  const isForward = "after" in query.turn;
  const found: LogRow[] = [];
  let { turn } = query;
  for (let each = webhooks === 1 ? query.limit : Math.max(8, Math.ceil((2 * query.limit) / webhooks)); ; each *= 2) {
    const statement = new FinalStatement({ ...query, turn, limit: query.limit - found.length }, day, each);
    const rows = await database.queryRaw("read", statement.text(), statement.values).catch(noneOfGoneDay);
    const { sure, isWhole } = cutToSure(rows.map(toLogRow), each, query);
    found.push(...sure);
    const last = sure.at(-1);
    if (isWhole || found.length >= query.limit || last === undefined) return found.slice(0, query.limit);
    turn = isForward ? { after: last } : { before: last };
  }
}

/** What nothing can lie between: of a webhook that gave all that it was asked for, more may follow behind its last row. */
function cutToSure(
  rows: readonly LogRow[],
  each: number,
  { turn, states }: FinalDeliveriesQuery,
): { readonly sure: readonly LogRow[]; readonly isWhole: boolean } {
  const order = (a: LogRow, b: LogRow): number => {
    const newest = a.eventId === b.eventId ? b.subscription - a.subscription : a.eventId < b.eventId ? 1 : -1;
    return "after" in turn ? newest : -newest;
  };
  const sorted = [...rows].sort(order);
  const isByState = !states.includes("delivered");
  const asked = Map.groupBy(sorted, ({ subscription, state }) => (isByState ? `${subscription} ${state}` : subscription));
  const edges = [...asked.values()].flatMap((own) => (own.length >= each ? [own.at(-1) as LogRow] : [])).sort(order);
  const [edge] = edges;
  if (edge === undefined) return { sure: sorted, isWhole: true };
  return { sure: sorted.filter((row) => order(row, edge) <= 0), isWhole: false };
}

/** A day that retention has dropped since its name was read has nothing. */
function noneOfGoneDay(error: unknown): readonly Row[] {
  if (isTableGone(error)) return [];
  throw toStoreError(error);
}

/** In the direction of reading. */
async function daysOf(partitions: Pick<Partitions, "listLogged">, { from, to, turn }: FinalDeliveriesQuery): Promise<readonly number[]> {
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const at = cursor === null ? null : dayOf(cursor.eventId);
  const days = (await partitions.listLogged()).filter(
    (day) =>
      (from === null || day >= dayOfTime(from)) &&
      (to === null || day <= dayOfTime(to)) &&
      (at === null || (isForward ? day <= at : day >= at)),
  );
  return isForward ? days.reverse() : days;
}

type State = FinalDeliveriesQuery["states"][number];

/** The statement that reads final deliveries of a day, or of all (null), with the values of its parameters. */
class FinalStatement {
  readonly values: unknown[] = [];
  readonly #query: FinalDeliveriesQuery;
  readonly #table: string;
  readonly #isOfDay: boolean;
  readonly #each: number;
  readonly #order: "ASC" | "DESC";
  readonly #conditions: readonly string[];

  /** @param each Rows of each webhook at most. */
  constructor(query: FinalDeliveriesQuery, day: number | null, each: number) {
    this.#each = each;
    this.#query = query;
    this.#order = "after" in query.turn ? "DESC" : "ASC";
    // A day's own table, not `attempt` where the day is this one: the planner would take the key, which begins with the day, and read the day whole.
    this.#table = day === null ? "attempt" : partitionName("attempt", day);
    this.#isOfDay = day !== null;
    this.#conditions = [...this.#placeConditions(), newestOfDelivery(this.#table)];
  }

  /** Of everybody's rows `limit` in order, of some webhooks' all that may be among the first `limit`, in no order. */
  text(): string {
    const { states, limit } = this.#query;
    const count = this.#bind(limit, "bigint");
    // Among many delivered ones the few in trouble are found by indexes of theirs, one state at a time.
    const groups = states.includes("delivered") ? [states] : states.map((state) => [state]);
    const { subscriptions } = this.#query;
    const ids = subscriptions === null ? null : this.#bind(subscriptions, "bigint[]");
    const reads = groups.map((group) => (ids === null ? this.#ofAll(group, count) : this.#ofEach(group, ids, count)));
    const all = reads.map((each) => `(${each})`).join(" UNION ALL ");
    return ids === null ? `SELECT * FROM (${all}) AS a ${this.#by("event, subscription")} LIMIT ${count}` : all;
  }

  #bind(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }

  #by(columns: string): string {
    return `ORDER BY ${columns
      .split(", ")
      .map((column) => `a.${column} ${this.#order}`)
      .join(", ")}`;
  }

  #placeConditions(): readonly string[] {
    const { from, to, turn } = this.#query;
    const conditions: string[] = [];
    const ofDay = (condition: () => string): void => {
      if (!this.#isOfDay) conditions.push(condition());
    };
    const cursor = "after" in turn ? turn.after : turn.before;
    const beyond = "after" in turn ? "<" : ">";
    if (cursor !== null) {
      const { eventId, subscription } = cursor;
      ofDay(() => `a.day ${beyond}= ${this.#bind(dayOf(eventId), "integer")}`);
      conditions.push(`(a.event, a.subscription) ${beyond} (${this.#bind(eventId, "uuid")}, ${this.#bind(subscription, "bigint")})`);
    }
    if (from !== null) {
      ofDay(() => `a.day >= ${this.#bind(dayOfTime(from), "integer")}`);
      conditions.push(`a.event >= ${this.#bind(lowestId(from), "uuid")}`);
    }
    if (to !== null) {
      ofDay(() => `a.day <= ${this.#bind(dayOfTime(to), "integer")}`);
      conditions.push(`a.event < ${this.#bind(lowestId(to + 1), "uuid")}`);
    }
    return conditions;
  }

  /** Bounds instead of an equal sign, and all columns of the index in the order: see `OF_LANE`. */
  #ofAll(states: readonly State[], count: string): string {
    if (states.includes("delivered")) {
      // The key of the log begins with the day, so all final rows come from it in that order.
      return this.#select([...statesOf(states)], this.#by("day, event, subscription"), count);
    }
    const [state] = states.map(stateNumber);
    return this.#select([`a.state >= ${state}`, `a.state <= ${state}`, "a.state > 1"], this.#by("state, event, subscription"), count);
  }

  /**
   * The newest of each are looked up first: a page that they fill cannot reach behind the last of them, so of a thousand webhooks only those are
   * read that have part in it.
   */
  #ofEach(states: readonly State[], ids: string, count: string): string {
    const [nearest, farthest] = this.#order === "DESC" ? [HIGHEST_ID, LOWEST_ID] : [LOWEST_ID, HIGHEST_ID];
    const head = this.#select(this.#ofOne(states, "s.id", nearest, farthest), this.#byOne(states), "1");
    const rows = this.#select(
      this.#ofOne(states, "h.subscription", nearest, "(SELECT event FROM bound)"),
      this.#byOne(states),
      String(this.#each),
    );
    return `WITH head AS MATERIALIZED (
        SELECT a.subscription, a.event FROM unnest(${ids}) AS s (id) CROSS JOIN LATERAL (${head}) a ${this.#by("event, subscription")} LIMIT ${count}
      ), bound AS MATERIALIZED (
        SELECT coalesce((SELECT event FROM head ORDER BY event ${this.#order} OFFSET ${count} - 1 LIMIT 1), ${farthest}) AS event
      )
      SELECT a.* FROM head h CROSS JOIN LATERAL (${rows}) a`;
  }

  #ofOne(states: readonly State[], id: string, nearest: string, farthest: string): readonly string[] {
    const isDelivered = states.includes("delivered");
    const key = isDelivered ? "(a.subscription, a.event)" : "(a.subscription, a.state, a.event)";
    const at = (event: string): string =>
      isDelivered ? `(${id}, ${event})` : `(${id}, ${states.map(stateNumber)[0]}::smallint, ${event})`;
    const [low, high] = this.#order === "DESC" ? [farthest, nearest] : [nearest, farthest];
    return [`${key} >= ${at(low)}`, `${key} <= ${at(high)}`, ...(isDelivered ? statesOf(states) : ["a.state > 1"])];
  }

  #byOne(states: readonly State[]): string {
    return this.#by(states.includes("delivered") ? "subscription, event" : "subscription, state, event");
  }

  #select(conditions: readonly string[], order: string, count: string): string {
    return `SELECT a.* FROM ${this.#table} a WHERE ${[...conditions, ...this.#conditions].join(" AND ")} ${order} LIMIT ${count}`;
  }
}

/** What is not asked for is left out one by one: of a list of states the planner would guess that hardly any row has one of them, and read all. */
function statesOf(states: readonly State[]): readonly string[] {
  const others = FINAL_STATES.filter((state) => !states.includes(state));
  return ["a.state > 0", ...others.map((state) => `a.state <> ${stateNumber(state)}`)];
}
