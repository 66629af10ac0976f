import type { LeaseRequest, Leases, LeaseView } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database, Row } from "./database.ts";

/**
 * One statement on the server's clock: heard of the node, its leases extended, what it gives up let go, what it asks for taken where nobody has
 * it. Rows are locked in order first, so that two nodes that claim at once wait for each other; what the other has taken meanwhile fails
 * the condition when it is looked at again. Of shards that were not changed the answer is the snapshot's, and that may be older than a claim that was
 * waited for: every shard that the node still has was extended here, so what the snapshot alone calls its own is not. `$1` node, `$2` delivers, `$3` release, `$4` claim, `$5` length in ms.
 */
const RENEW = `
WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now),
heard AS (
  INSERT INTO node (name, delivers, heard_at) SELECT $1, $2, now FROM clock
  ON CONFLICT (name) DO UPDATE SET delivers = excluded.delivers, heard_at = excluded.heard_at
),
held AS MATERIALIZED (
  SELECT l.shard FROM shard_lease l, clock
  WHERE l.owner = $1 OR (l.shard = ANY($4::smallint[]) AND (l.owner IS NULL OR l.expires_at <= clock.now))
  ORDER BY l.shard FOR UPDATE OF l
),
changed AS (
  UPDATE shard_lease l SET
    owner = CASE WHEN l.owner = $1 AND l.shard = ANY($3::smallint[]) AND NOT l.shard = ANY($4::smallint[]) THEN NULL ELSE $1 END,
    epoch = CASE WHEN l.owner = $1 AND NOT (l.shard = ANY($3::smallint[]) AND l.shard = ANY($4::smallint[])) THEN l.epoch ELSE l.epoch + 1 END,
    expires_at = clock.now + $5::bigint
  FROM clock, held WHERE l.shard = held.shard
    AND (l.owner = $1 OR (l.shard = ANY($4::smallint[]) AND (l.owner IS NULL OR l.expires_at <= clock.now)))
  RETURNING l.shard, l.owner, l.epoch, l.expires_at
),
present AS (
  SELECT * FROM changed
  UNION ALL SELECT shard, nullif(owner, $1), epoch, expires_at FROM shard_lease WHERE shard NOT IN (SELECT shard FROM changed)
)
SELECT p.shard, CASE WHEN p.expires_at > clock.now THEN p.owner END AS owner, p.epoch, p.owner IS NOT NULL AND p.expires_at <= clock.now AS is_lapsed,
  clock.now, ARRAY(
    SELECT n.name FROM (SELECT name FROM node, clock c WHERE delivers AND heard_at > c.now - $5::bigint AND name <> $1 UNION ALL SELECT $1 WHERE $2) n
  )::text[] AS nodes
FROM present p, clock ORDER BY p.shard`;

/** Nodes that were not heard of for this many leases are forgotten. */
const FORGET_LEASES = 60;

/** Who owns which shard (`Leases`). */
export function leases(database: Database, leaseMs: number): Leases {
  return {
    renew: async (request) => toView(await database.query("soon", RENEW, values(request, leaseMs)), leaseMs),
    leave: async (node) => {
      await database.query(
        "soon",
        `WITH freed AS (UPDATE shard_lease SET owner = NULL WHERE owner = $1)
         DELETE FROM node WHERE name = $1 OR heard_at < floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $2::bigint`,
        [node, leaseMs * FORGET_LEASES],
      );
    },
  };
}

function values({ node, delivers, release, claim }: LeaseRequest, leaseMs: number): unknown[] {
  return [node, delivers, release, claim, leaseMs];
}

function toView(rows: readonly Row[], leaseMs: number): LeaseView {
  return {
    nodes: ((rows[0]?.["nodes"] ?? []) as string[]).toSorted((a, b) => (a < b ? -1 : 1)),
    leases: rows.map((row) => ({
      shard: number(row["shard"]),
      owner: row["owner"] === null ? null : text(row["owner"]),
      epoch: number(row["epoch"]),
      isLapsed: row["is_lapsed"] === true,
    })),
    leaseMs,
    storeNow: number(rows[0]?.["now"]),
  };
}
