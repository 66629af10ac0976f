import { dayOf, firstTask, type AppendOutcome, type AppendResult, type NewEvent } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database, Query, Row } from "./database.ts";
import { StoreError } from "../store-error.ts";
import { isConnectionLoss, toStoreError } from "./errors.ts";
import type { Partitions } from "./partitions.ts";
import { bytes, numberList } from "./rows.ts";

const MINUTE_MS = 60_000;
/** How often a group is sent again after the connection was lost in the middle, and the waits before, ms. */
const AGAIN_AFTER_MS: readonly number[] = [50, 250, 1_000];
/** Rounds in which a key may turn out to be somebody else's and then expired: two publishers cannot take turns for ever. */
const ROUNDS_MAX = 4;

/**
 * One statement, hence one transaction and one flush, for the whole group. Keys go first, in order, so that two groups that share some
 * wait for each other instead of blocking each other; an event is stored only if its key is new, and owes something only if this very
 * statement has stored it: the same group sent again owes nothing twice.
 *
 * In an ordered lane the place is one for the whole group, read once and only where it is needed; within it the ids tell the order. A later
 * statement of any process has a later place, whatever its clock says.
 *
 * An idempotency conflict cannot be read here: `DO NOTHING` returns no row, and the snapshot does not see what has committed since. It is
 * read by the statement that follows.
 */
const APPEND = `
WITH current AS (SELECT version FROM directory),
incoming AS (
  SELECT * FROM unnest(
    $2::integer[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[],
    $12::boolean[], $13::text[], $14::bytea[], $15::bytea[], $16::bytea[], $17::bigint[], $18::text[], $19::text[]
  ) AS e (day, id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed,
    is_test, owes, payload, key_hash, content_hash, key_expires_at, erases, traceparent)
  WHERE (SELECT version FROM current) = $1::bigint
),
keyed AS (
  INSERT INTO idempotency (shop, key_hash, content_hash, event, deliveries, expires_at)
  SELECT shop, key_hash, content_hash, id, cardinality(owes::bigint[]), key_expires_at FROM incoming WHERE key_hash IS NOT NULL
  ORDER BY shop, key_hash
  ON CONFLICT DO NOTHING RETURNING event
),
stored AS (
  INSERT INTO event (day, id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, owes, directory_version, payload)
  SELECT day, id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, traceparent, is_test, owes::bigint[], $27::bigint, payload
  FROM incoming i WHERE key_hash IS NULL OR EXISTS (SELECT 1 FROM keyed k WHERE k.event = i.id)
  ON CONFLICT DO NOTHING RETURNING id, day, shop, topic, accepted_at, is_test
),
owed AS (
  INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
  SELECT t.shard, t.lane, CASE WHEN t.lane = t.subscription THEN t.due ELSE (SELECT nextval('task_place')) END, t.event, t.subscription, 1, 1, 0, 0
  FROM unnest($20::smallint[], $21::bigint[], $22::bigint[], $23::uuid[], $24::bigint[]) AS t (shard, lane, due, event, subscription)
  JOIN stored s ON s.id = t.event
),
named AS (
  INSERT INTO event_subject (day, subject, event)
  SELECT s.day, n.subject, s.id FROM unnest($25::bytea[], $26::uuid[]) AS n (subject, event) JOIN stored s ON s.id = n.event
  ON CONFLICT DO NOTHING
),
erasing AS (
  INSERT INTO erasure (event, shop, subjects)
  SELECT i.id, i.shop, CASE i.erases WHEN 'subjects' THEN ARRAY(SELECT n.subject FROM unnest($25::bytea[], $26::uuid[]) AS n (subject, event) WHERE n.event = i.id) END
  FROM incoming i JOIN stored s ON s.id = i.id WHERE i.erases IS NOT NULL
  ON CONFLICT DO NOTHING
),
counted AS (
  INSERT INTO stat (resolution, at, shop, app, topic, published)
  SELECT ${MINUTE_MS}, accepted_at - accepted_at % ${MINUTE_MS}, shop, 0, topic, count(*) FROM stored WHERE NOT is_test GROUP BY 2, 3, 5
)
SELECT (SELECT version FROM current) AS version, ARRAY(SELECT event FROM keyed)::text[] AS keyed`;

/** Commits a group (`EventStore.append`). */
export async function append(
  database: Database,
  partitions: Partitions,
  group: readonly NewEvent[],
  directoryVersion: number,
): Promise<AppendOutcome> {
  await partitions.ensure(group.map((event) => dayOf(event.id)));
  return appendWith((statement, values) => repeatably(database, statement, values), group, directoryVersion, directoryVersion);
}

/**
 * The same with a way of carrying out statements: within a transaction of the caller too. `checkedVersion` is what the directory must have;
 * events are kept with `matchedVersion`.
 */
export async function appendWith(
  query: Query,
  group: readonly NewEvent[],
  checkedVersion: number,
  matchedVersion: number,
): Promise<AppendOutcome> {
  const results = new Map<NewEvent, AppendResult>();
  let open: readonly NewEvent[] = group;
  for (let round = 0; open.length > 0; round += 1) {
    if (round === ROUNDS_MAX) throw new StoreError("store_unavailable", "idempotency keys changed hands too often");
    const chosen = firstOfEachKey(open);
    const [row] = await query(APPEND, [checkedVersion, ...columns(chosen), matchedVersion]);
    const version = number(row?.["version"]);
    if (version !== checkedVersion) return { kind: "stale", version };
    const keyed = new Set(row?.["keyed"] as string[]);
    for (const event of chosen) if (event.idempotency === null || keyed.has(event.id)) results.set(event, { kind: "accepted" });
    open = await resolveUsed(query, open, results);
  }
  return { kind: "committed", results: group.map((event) => results.get(event) ?? { kind: "accepted" }) };
}

/** A key that stands twice within a group counts as used by its first event, so only that one is tried. */
function firstOfEachKey(group: readonly NewEvent[]): readonly NewEvent[] {
  const seen = new Set<string>();
  return group.filter((event) => {
    if (event.idempotency === null) return true;
    const key = keyOf(event);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Tells what became of events whose key was used before; answers those whose key has expired and was let go, to be tried again. */
async function resolveUsed(query: Query, group: readonly NewEvent[], results: Map<NewEvent, AppendResult>): Promise<readonly NewEvent[]> {
  const used = group.filter((event) => event.idempotency !== null && !results.has(event));
  if (used.length === 0) return [];
  const shops = used.map((event) => event.shop);
  const hashes = used.map((event) => bytes(event.idempotency?.keyHash ?? ""));
  const rows = await query(
    `SELECT i.shop, encode(i.key_hash, 'hex') AS key_hash, encode(i.content_hash, 'hex') AS content_hash, i.event, i.deliveries, i.expires_at
     FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bytea[]) AS k (shop, key_hash)) k JOIN idempotency i USING (shop, key_hash)`,
    [shops, hashes],
  );
  const byKey = new Map(rows.map((row) => [`${number(row["shop"])} ${text(row["key_hash"])}`, row]));
  const again: NewEvent[] = [];
  for (const event of used) {
    const row = byKey.get(keyOf(event));
    const result = row === undefined ? null : judgeUse(event, row);
    if (result === null) again.push(event);
    else results.set(event, result);
  }
  if (again.length > 0) {
    await query(
      `DELETE FROM idempotency i USING unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS k (shop, key_hash, accepted_at)
       WHERE i.shop = k.shop AND i.key_hash = k.key_hash AND i.expires_at <= k.accepted_at`,
      [again.map((each) => each.shop), again.map((each) => bytes(each.idempotency?.keyHash ?? "")), again.map((each) => each.acceptedAt)],
    );
  }
  return again;
}

/** What a used key means for an event; null where it has expired. */
function judgeUse(event: NewEvent, row: Row): AppendResult | null {
  const first = text(row["event"]);
  // Its own: the same group was sent before, and the answer was lost.
  if (first === event.id) return { kind: "accepted" };
  if (number(row["expires_at"]) <= event.acceptedAt) return null;
  if (text(row["content_hash"]) !== event.idempotency?.contentHash) return { kind: "conflict" };
  return { kind: "duplicate", id: first, deliveries: number(row["deliveries"]) };
}

function keyOf(event: NewEvent): string {
  return `${event.shop} ${event.idempotency?.keyHash ?? ""}`;
}

function columns(group: readonly NewEvent[]): unknown[] {
  const owed = group.flatMap((event) => event.owes.map((each) => firstTask(event, each)));
  const subjects = group.flatMap((event) => event.subjects.map((subject) => ({ subject, event: event.id })));
  const key = (of: (key: NonNullable<NewEvent["idempotency"]>) => unknown): unknown[] =>
    group.map(({ idempotency }) => (idempotency === null ? null : of(idempotency)));
  return [
    group.map((event) => dayOf(event.id)),
    group.map((event) => event.id),
    group.map((event) => event.shop),
    group.map((event) => event.app),
    group.map((event) => event.topic),
    group.map((event) => event.apiVersion),
    group.map((event) => event.triggeredAt),
    group.map((event) => event.acceptedAt),
    group.map((event) => (event.orderKey === null ? null : JSON.stringify(event.orderKey))),
    group.map((event) => (event.changed === null ? null : JSON.stringify(event.changed))),
    group.map((event) => event.isTest),
    group.map((event) => numberList(event.owes.map((each) => each.subscription))),
    group.map((event) => asBuffer(event.payload)),
    key((each) => bytes(each.keyHash)),
    key((each) => bytes(each.contentHash)),
    key((each) => each.expiresAt),
    group.map((event) => event.erases),
    group.map((event) => event.traceparent),
    owed.map((task) => task.shard),
    owed.map((task) => task.lane),
    owed.map((task) => task.due),
    owed.map((task) => task.eventId),
    owed.map((task) => task.subscription),
    subjects.map(({ subject }) => bytes(subject)),
    subjects.map(({ event }) => event),
  ];
}

/** Carries a statement out that may be repeated: when the connection was lost, nobody knows whether it was committed, so it is sent again as it is. */
async function repeatably(database: Database, statement: string, values: readonly unknown[] = []): Promise<Row[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await database.queryRaw("publish", statement, values);
    } catch (error) {
      const waitMs = AGAIN_AFTER_MS[attempt];
      if (waitMs === undefined || !isConnectionLoss(error)) throw toStoreError(error);
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
  }
}

function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
