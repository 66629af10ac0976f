import type { App, DirectoryChanges, Installation, Shop, Subscription } from "@genhook/core";
import { HISTORY_KEYS, countersOf, number, text } from "../columns.ts";
import type { Connection, SqlValue } from "./connection.ts";
import type { Writer } from "./writer.ts";

/** Holds for the row of each key that stood at a version; bound twice. */
const STOOD = "version <= ? AND (until IS NULL OR until > ?)";

/** What the matcher needs of the past (`DirectoryStore.readAsOf`), in one snapshot. */
export function readAsOf(connection: Connection, version: number, shop: number, topic: string): DirectoryChanges | null {
  connection.database.exec("BEGIN");
  try {
    const directory = connection.get("SELECT * FROM directory") ?? {};
    if (version < number(directory["history_from"]) || version > number(directory["version"])) return null;
    const read = <Entry>(table: string, where: string, ...values: SqlValue[]): Entry[] =>
      connection
        .all(
          `SELECT body FROM ${table} WHERE ${where} AND ${STOOD} ORDER BY ${HISTORY_KEYS[table] ?? "version"}`,
          ...values,
          version,
          version,
        )
        .map((row) => JSON.parse(text(row["body"])) as Entry);
    const subscriptions = [
      ...read<Subscription>("subscription", "topic = ? AND shop = ? AND ended_at IS NULL", topic, shop),
      ...read<Subscription>("subscription", "topic = ? AND shop IS NULL AND ended_at IS NULL", topic),
    ];
    const installations = read<Installation>("installation", "shop = ?", shop);
    const apps = [...new Set([...subscriptions, ...installations].map((each) => each.app))].flatMap((id) =>
      read<App>("app", "id = ? AND ended_at IS NULL", id),
    );
    return {
      version,
      counters: countersOf(directory),
      shops: read<Shop>("shop", "id = ?", shop),
      apps,
      installations,
      subscriptions,
      holds: [],
    };
  } finally {
    connection.database.exec("COMMIT");
  }
}

/** Removes what was replaced before `at`, oldest first, and notes from which version on the past is still whole. */
export function forgetHistory(writer: Writer, at: number, limit: number): number {
  const { connection } = writer;
  return writer.atomically(() => {
    let removed = 0;
    for (const [table, keys] of Object.entries(HISTORY_KEYS)) {
      const rows = connection.all(
        `DELETE FROM ${table} WHERE (${keys}) IN (SELECT ${keys} FROM ${table} WHERE valid_to < ? ORDER BY valid_to LIMIT ?) RETURNING until`,
        at,
        limit,
      );
      removed += rows.length;
      const until = rows.reduce((latest, row) => Math.max(latest, number(row["until"])), 0);
      if (until > 0) connection.run("UPDATE directory SET history_from = max(history_from, ?)", until);
    }
    removed += connection.run("DELETE FROM hold WHERE id IN (SELECT id FROM hold WHERE ended_at < ? LIMIT ?)", at, limit);
    return removed;
  });
}
