import { dayOf, type Settlement } from "@genhook/core";
import { kindNumber, number, stateNumber } from "../columns.ts";
import type { Database } from "./database.ts";
import { storable } from "./rows.ts";
import { countRows } from "./stat-sql.ts";

/** Columns of `attempt` in the order of inserting. */
export const LOG_COLUMNS =
  "day, event, subscription, seq, kind, round, n, at, duration_ms, status, error, detail, address, response_headers, response_body, state, reason, next_at, shop, app";

/** What only ordered lanes need: other batches do not pay for it. */
const ORDER_VALUES = ", $31::smallint[], $32::bigint[], $33::text[], $34::boolean[]";
const ORDER_COLUMNS = ", next_shard, next_lane, blocks, unblocks";
const ORDER_CHANGES = `blocked AS (
  INSERT INTO lane_block (subscription, event, order_key, since) SELECT subscription, event, blocks, at FROM applied WHERE blocks IS NOT NULL
  ON CONFLICT DO NOTHING
),
unblocked AS (
  DELETE FROM lane_block b USING applied a WHERE a.unblocks AND b.subscription = a.subscription AND b.event = a.event
),
`;

/**
 * One statement for the whole batch: each task goes only if it is there with this very `seq`, and only what went leaves a row, a next task
 * and a count. What a former owner settles late matches nothing. Rows are locked in key order, and deleted by their place: one that is locked
 * stays in it, so it need not be looked up again.
 */
const settleStatement = (isOrdered: boolean): string => `
WITH incoming AS (
  SELECT * FROM unnest(
    $1::integer[], $2::smallint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::integer[], $7::integer[], $8::bigint[], $9::smallint[], $10::integer[],
    $11::integer[], $12::bigint[], $13::integer[], $14::integer[], $15::text[], $16::text[], $17::text[], $18::text[], $19::bytea[], $20::smallint[],
    $21::text[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::integer[], $27::smallint[], $28::integer[], $29::text[], $30::bigint[]${isOrdered ? ORDER_VALUES : ""}
  ) AS s (ord, shard, lane, due, event, seq, day, subscription, kind, round,
    n, at, duration_ms, status, error, detail, address, response_headers, response_body, state,
    reason, next_at, shop, app, next_due, next_round, next_attempts, next_attempts_ever, topic, latency_ms${isOrdered ? ORDER_COLUMNS : ""})
),
held AS (
  SELECT i.ord, t.ctid AS place FROM task t JOIN incoming i ON t.shard = i.shard AND t.lane = i.lane AND t.due = i.due AND t.event = i.event AND t.subscription = i.subscription AND t.seq = i.seq
  ORDER BY t.shard, t.lane, t.due, t.event, t.subscription FOR UPDATE OF t
),
gone AS (
  DELETE FROM task t USING held h WHERE t.ctid = h.place RETURNING h.ord
),
applied AS (SELECT i.* FROM incoming i JOIN gone g ON g.ord = i.ord),
logged AS (INSERT INTO attempt (${LOG_COLUMNS}) SELECT ${LOG_COLUMNS} FROM applied),
owed AS (
  INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
  SELECT ${isOrdered ? "coalesce(next_shard, shard), coalesce(next_lane, lane)" : "shard, lane"}, next_due, event, subscription, seq + 1, next_round, next_attempts, next_attempts_ever FROM applied WHERE next_due IS NOT NULL
),
${isOrdered ? ORDER_CHANGES : ""}counted AS (${countRows("SELECT at, shop, app, topic, kind, state, latency_ms FROM applied")})
SELECT ord FROM gone`;

const SETTLE = settleStatement(false);
const SETTLE_ORDERED = settleStatement(true);

/** Settles a batch (`TaskQueue.settle`). */
export async function settle(database: Database, batch: readonly Settlement[]): Promise<readonly boolean[]> {
  const isOrdered = batch.some(({ order }) => order !== undefined);
  const values = isOrdered ? [...columns(batch), ...orderColumns(batch)] : columns(batch);
  const rows = await database.query("settle", isOrdered ? SETTLE_ORDERED : SETTLE, values);
  const applied = new Set(rows.map((row) => number(row["ord"])));
  return batch.map((_, index) => applied.has(index));
}

function orderColumns(batch: readonly Settlement[]): unknown[] {
  return [
    batch.map(({ next }) => next?.shard ?? null),
    batch.map(({ next }) => next?.lane ?? null),
    batch.map(({ order }) => (order === undefined || order.blocks === null ? null : JSON.stringify(order.blocks))),
    batch.map(({ order }) => order?.unblocks === true),
  ];
}

function columns(batch: readonly Settlement[]): unknown[] {
  const of = (value: (settlement: Settlement) => unknown): unknown[] => batch.map(value);
  return [
    batch.map((_, index) => index),
    of(({ key }) => key.shard),
    of(({ key }) => key.lane),
    of(({ key }) => key.due),
    of(({ key }) => key.eventId),
    of(({ seq }) => seq),
    of(({ key }) => dayOf(key.eventId)),
    of(({ row }) => row.subscription),
    of(({ row }) => kindNumber(row.kind)),
    of(({ row }) => row.round),
    of(({ row }) => row.n),
    of(({ row }) => row.at),
    of(({ row }) => row.durationMs),
    of(({ row }) => row.status),
    of(({ row }) => row.error),
    of(({ row }) => storable(row.detail)),
    of(({ row }) => storable(row.address)),
    of(({ row }) => storable(row.responseHeaders)),
    of(({ row }) => (row.responseBody === null ? null : Buffer.from(row.responseBody))),
    of(({ row }) => stateNumber(row.state)),
    of(({ row }) => row.reason),
    of(({ row }) => row.nextAt),
    of(({ row }) => row.shop),
    of(({ row }) => row.app),
    of(({ next }) => next?.due ?? null),
    of(({ next }) => next?.round ?? null),
    of(({ next }) => next?.attempts ?? null),
    of(({ next }) => next?.attemptsEver ?? null),
    of(({ topic }) => topic),
    of(({ latencyMs }) => Math.round(latencyMs)),
  ];
}
