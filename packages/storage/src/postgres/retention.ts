import { DAY_MS, dayOfTime, type Retention } from "@genhook/core";
import { StoreError } from "../store-error.ts";
import type { Database, Query } from "./database.ts";
import { boundsOfDay, DAYS_BEHIND, DAY_TABLES, lowestId, partitionName } from "./day.ts";
import { forgetHistory } from "./directory-history.ts";
import { endTasks } from "./end-tasks.ts";
import type { Partitions } from "./partitions.ts";

/** `$1` the lowest id that is spared, `$2` how many, `$3` at. */
const EXPIRE = endTasks(
  "SELECT shard, lane, due, event, subscription, seq FROM task WHERE event < $1::uuid LIMIT $2 FOR UPDATE SKIP LOCKED",
  {
    state: 2,
    reason: "'expired'",
    at: "$3",
  },
);
/** Dropping waits for the transactions that use the day, and everybody else then waits for it: so it gives up soon and comes again. */
const LOCK_MS = 250;

/** Retention by day (`Retention`): a day's partitions are dropped whole. */
export function retention(database: Database, partitions: Partitions): Retention {
  return {
    days: async () => {
      const days = await partitions.list();
      if (days.length === 0) return [];
      // A day long past is dropped whether anything happened on it or not: its partitions would be looked through for ever.
      const past = dayOfTime(Date.now()) - DAYS_BEHIND;
      const used = days.map((day) =>
        day < past
          ? `SELECT ${day} AS day`
          : `SELECT ${day} AS day WHERE EXISTS (SELECT 1 FROM event_d${day}) OR EXISTS (SELECT 1 FROM attempt_d${day})`,
      );
      const rows = await database.query("read", used.join(" UNION ALL "));
      return rows.map((row) => Number(row["day"])).sort((a, b) => a - b);
    },
    expireThrough: async (day, at, limit) => (await database.query("settle", EXPIRE, [lowestId((day + 1) * DAY_MS), limit, at])).length,
    dropStep: async (day) => {
      if (!(await partitions.list()).includes(day)) return true;
      await database.transaction("settle", (query) => dropDay(query, day));
      partitions.forget();
      return true;
    },
    forgetKeys: async (at, limit) =>
      (
        await database.query(
          "settle",
          `DELETE FROM idempotency WHERE (shop, key_hash) IN (
             SELECT shop, key_hash FROM idempotency WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`,
          [at, limit],
        )
      ).length,
    forgetHistory: (at, limit) => forgetHistory(database, at, limit),
  };
}

/** The locks come first: from here on nothing of the day is re-opened, so that what is seen to be owed or not stays so. */
async function dropDay(query: Query, day: number): Promise<void> {
  await query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  for (const table of DAY_TABLES) await query(`LOCK TABLE ${partitionName(table, day)} IN ACCESS EXCLUSIVE MODE`);
  const [from, to] = boundsOfDay(day);
  const owed = await query("SELECT 1 FROM task WHERE event >= $1::uuid AND event < $2::uuid LIMIT 1", [from, to]);
  if (owed.length > 0) throw new StoreError("still_owed", `day ${day} cannot be dropped: something of it is still owed`);
  for (const table of DAY_TABLES) await query(`DROP TABLE ${partitionName(table, day)}`);
  for (const table of ["erasure", "lane_block"])
    await query(`DELETE FROM ${table} WHERE event >= $1::uuid AND event < $2::uuid`, [from, to]);
}
