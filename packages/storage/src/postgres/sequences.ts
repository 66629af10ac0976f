import type { DeliveryKey, Numbered, SequencePage, Sequences } from "@genhook/core";
import { number, text } from "../columns.ts";
import { StoreError } from "../store-error.ts";
import type { Database, Row } from "./database.ts";
import { boundsOfDay } from "./day.ts";
import { isKeyTaken, toStoreError } from "./errors.ts";

/** How often another process may be in the way of one group before it is told to come again. */
const ROUNDS_MAX = 20;
/** Subscriptions whose beginnings are looked at in one step of forgetting: each costs as many rows as the step may take. */
const FORGET_SUBSCRIPTIONS = 20;

/** What a subscription's numbers go on behind: `$s` names it. */
const LAST = `coalesce(
  (SELECT q.n FROM sequence q WHERE q.subscription = $s ORDER BY q.n DESC LIMIT 1),
  (SELECT f.n FROM sequence_floor f WHERE f.subscription = $s), 0)`;
const FLOOR = "coalesce((SELECT f.n FROM sequence_floor f WHERE f.subscription = $s), 0)";

/** The numbers of deliveries (`$1` subscriptions, `$2` events), one look-up each (`LIMIT` keeps it so). */
const KNOWN = `SELECT a.ord, a.subscription, a.event, k.n FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS a (subscription, event, ord)
  LEFT JOIN LATERAL (SELECT s.n FROM sequence s WHERE s.event = a.event AND s.subscription = a.subscription LIMIT 1) k ON true`;

/**
 * One statement, all of it or nothing. Two processes that number the same subscription at once want the same next number: the later one waits for
 * the other's commit, fails on the key, and looks again. So a number becomes visible only behind all that are smaller, and none is left out; with
 * `DO NOTHING` a row in the middle could be left out and the next one kept. In the order of the key, so that they do not wait for each other in a ring.
 */
const ASSIGN = `
WITH known AS MATERIALIZED (${KNOWN}),
fresh AS (SELECT ord, subscription, event, row_number() OVER (PARTITION BY subscription ORDER BY ord) AS k FROM known WHERE n IS NULL),
lasts AS MATERIALIZED (
  SELECT d.subscription, ${LAST.replaceAll("$s", "d.subscription")} AS n FROM (SELECT DISTINCT subscription FROM fresh) AS d
),
given AS (
  INSERT INTO sequence (subscription, n, event)
  SELECT f.subscription, l.n + f.k, f.event FROM fresh f JOIN lasts l USING (subscription) ORDER BY f.subscription, f.k
)
SELECT ord, n FROM known WHERE n IS NOT NULL UNION ALL SELECT f.ord, l.n + f.k FROM fresh f JOIN lasts l USING (subscription)`;

/**
 * `$1` the lowest id that is spared, `$2` how many. Of some subscriptions whose first number is old, as much of the beginning as is old. What is old and
 * stands behind something younger is passed over.
 */
const FORGET = `
WITH old AS (
  SELECT DISTINCT subscription FROM (
    SELECT s.subscription FROM sequence s
    WHERE s.event < $1::uuid AND (SELECT q.event FROM sequence q WHERE q.subscription = s.subscription ORDER BY q.n LIMIT 1) < $1::uuid
    ORDER BY s.event LIMIT $2
  ) AS found LIMIT ${FORGET_SUBSCRIPTIONS}
),
beginnings AS (
  SELECT o.subscription, b.n, row_number() OVER (ORDER BY o.subscription, b.n) AS k FROM old o CROSS JOIN LATERAL (
    SELECT n, bool_and(event < $1::uuid) OVER (ORDER BY n) AS is_old
    FROM (SELECT n, event FROM sequence s WHERE s.subscription = o.subscription ORDER BY n LIMIT $2) AS beginning
  ) b WHERE b.is_old
),
floors AS MATERIALIZED (SELECT subscription, max(n) AS n FROM beginnings WHERE k <= $2 GROUP BY subscription),
raised AS (
  INSERT INTO sequence_floor (subscription, n) SELECT subscription, n FROM floors
  ON CONFLICT (subscription) DO UPDATE SET n = greatest(sequence_floor.n, excluded.n)
)
DELETE FROM sequence s USING floors f WHERE s.subscription = f.subscription AND s.n <= f.n RETURNING 1`;

/** Running numbers (`Sequences`). */
export function sequences(database: Database): Sequences {
  return {
    assign: (deliveries) => assign(database, deliveries),
    numbersOf: async (deliveries) => {
      if (deliveries.length === 0) return [];
      const rows = await database.query("read", KNOWN, columns(deliveries));
      const found = new Map(rows.map((row) => [number(row["ord"]), row["n"]]));
      return deliveries.map((_, index) => {
        const n = found.get(index + 1) ?? null;
        return n === null ? null : number(n);
      });
    },
    read: (subscription, after, limit) => read(database, subscription, after, limit),
    lastOf: async (subscriptions) => {
      const rows = await database.query(
        "read",
        `SELECT a.ord, ${LAST.replaceAll("$s", "a.id")} AS n FROM unnest($1::bigint[]) WITH ORDINALITY AS a (id, ord)`,
        [subscriptions],
      );
      const found = new Map(rows.map((row) => [number(row["ord"]), number(row["n"])]));
      return subscriptions.map((_, index) => found.get(index + 1) ?? 0);
    },
    forget: async (day, limit) => (await database.query("settle", FORGET, [boundsOfDay(day)[1], limit])).length,
  };
}

async function assign(database: Database, deliveries: readonly DeliveryKey[]): Promise<readonly number[]> {
  const keyOf = ({ subscription, eventId }: DeliveryKey): string => `${subscription} ${eventId}`;
  const distinct = [...new Map(deliveries.map((delivery) => [keyOf(delivery), delivery])).values()];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    let rows: Row[];
    try {
      rows = await database.queryRaw("settle", ASSIGN, columns(distinct));
    } catch (error) {
      if (isKeyTaken(error)) continue;
      throw toStoreError(error);
    }
    const numbers = new Map(rows.map((row) => [keyOf(distinct[number(row["ord"]) - 1] as DeliveryKey), number(row["n"])]));
    return deliveries.map((delivery) => numbers.get(keyOf(delivery)) as number);
  }
  throw new StoreError("store_unavailable", "others numbered the same subscriptions too often");
}

async function read(database: Database, subscription: number, after: number, limit: number): Promise<SequencePage> {
  const rows = await database.query(
    "read",
    `SELECT b.first, b.last, s.n, s.event FROM (
       SELECT ${FLOOR.replaceAll("$s", "$1::bigint")} + 1 AS first, ${LAST.replaceAll("$s", "$1::bigint")} AS last
     ) AS b LEFT JOIN LATERAL (
       SELECT n, event FROM sequence WHERE subscription = $1 AND n > $2 ORDER BY n LIMIT $3
     ) s ON true ORDER BY s.n`,
    [subscription, after, limit],
  );
  const entries = rows.filter((row) => row["n"] !== null).map((row): Numbered => ({ n: number(row["n"]), eventId: text(row["event"]) }));
  return { entries, first: number(rows[0]?.["first"]), last: number(rows[0]?.["last"]) };
}

function columns(deliveries: readonly DeliveryKey[]): unknown[] {
  return [deliveries.map(({ subscription }) => subscription), deliveries.map(({ eventId }) => eventId)];
}
