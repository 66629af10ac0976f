import type { App, DirectoryChanges, Installation, Shop, Subscription } from "@genhook/core";
import { HISTORY_KEYS, countersOf, number, text } from "../columns.ts";
import type { Database } from "./database.ts";

/** Holds for the row of each key that stood at version `$1`. */
const STOOD = "version <= $1 AND (until IS NULL OR until > $1)";

/** What the matcher needs of the past (`DirectoryStore.readAsOf`), in one snapshot. */
export function readAsOf(database: Database, version: number, shop: number, topic: string): Promise<DirectoryChanges | null> {
  const carryOut = async (
    query: (statement: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>,
  ): Promise<DirectoryChanges | null> => {
    const [directory = {}] = await query("SELECT * FROM directory");
    if (version < number(directory["history_from"]) || version > number(directory["version"])) return null;
    const read = async <Entry>(table: string, where: string, ...values: unknown[]): Promise<Entry[]> => {
      const rows = await query(`SELECT body FROM ${table} WHERE ${where} AND ${STOOD} ORDER BY ${HISTORY_KEYS[table] ?? "version"}`, [
        version,
        ...values,
      ]);
      return rows.map((row) => JSON.parse(text(row["body"])) as Entry);
    };
    const subscriptions = [
      ...(await read<Subscription>("subscription", "topic = $2 AND shop = $3 AND ended_at IS NULL", topic, shop)),
      ...(await read<Subscription>("subscription", "topic = $2 AND shop IS NULL AND ended_at IS NULL", topic)),
    ];
    const installations = await read<Installation>("installation", "shop = $2", shop);
    const ids = [...new Set([...subscriptions, ...installations].map((each) => each.app))];
    const apps = await read<App>("app", "id = ANY($2::bigint[]) AND ended_at IS NULL", ids);
    const order = new Map(ids.map((id, index) => [id, index]));
    return {
      version,
      counters: countersOf(directory),
      shops: await read<Shop>("shop", "id = $2", shop),
      apps: apps.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)),
      installations,
      subscriptions,
      holds: [],
    };
  };
  return database.transaction("read", carryOut, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

/** Removes what was replaced before `at`, oldest first, and notes from which version on the past is still whole. */
export function forgetHistory(database: Database, at: number, limit: number): Promise<number> {
  return database.transaction("settle", async (query) => {
    let removed = 0;
    for (const [table, keys] of Object.entries(HISTORY_KEYS)) {
      const rows = await query(
        `DELETE FROM ${table} WHERE (${keys}) IN (SELECT ${keys} FROM ${table} WHERE valid_to < $1 ORDER BY valid_to LIMIT $2) RETURNING until`,
        [at, limit],
      );
      removed += rows.length;
      const until = rows.reduce((latest, row) => Math.max(latest, number(row["until"])), 0);
      if (until > 0) await query("UPDATE directory SET history_from = greatest(history_from, $1)", [until]);
    }
    const holds = await query("DELETE FROM hold WHERE id IN (SELECT id FROM hold WHERE ended_at < $1 LIMIT $2) RETURNING id", [at, limit]);
    return removed + holds.length;
  });
}
