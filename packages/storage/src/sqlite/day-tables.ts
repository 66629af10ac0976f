import { DAY_MS } from "@genhook/core";
import type { Connection } from "./connection.ts";

/**
 * One set of tables per day (UTC, of acceptance): retention drops them whole. An attempt lies in its event's day, however late it was made.
 *
 * `attempt` is keyed by (event, subscription, seq): the hot path appends near its end whatever the number of lanes, and all rows of a
 * delivery or an event lie together. Lists by subscription use an index over final rows only, one entry a delivery; dead letters and
 * cancellations have two small indexes of their own, each state by itself, over all and by subscription, that success never touches.
 */
export function createDay(connection: Connection, day: number): void {
  connection.database.exec(`
    CREATE TABLE IF NOT EXISTS event_${day} (
      id BLOB PRIMARY KEY NOT NULL,
      shop INTEGER NOT NULL,
      app INTEGER,
      topic TEXT NOT NULL,
      api_version TEXT NOT NULL,
      triggered_at TEXT NOT NULL,
      accepted_at INTEGER NOT NULL,
      order_key TEXT,
      changed TEXT,
      traceparent TEXT,
      is_test INTEGER NOT NULL,
      owes TEXT NOT NULL,
      directory_version INTEGER NOT NULL,
      erased_at INTEGER,
      payload BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS event_subject_${day} (
      subject BLOB NOT NULL,
      event BLOB NOT NULL,
      PRIMARY KEY (subject, event)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS attempt_${day} (
      event BLOB NOT NULL,
      subscription INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      round INTEGER NOT NULL,
      n INTEGER NOT NULL,
      at INTEGER NOT NULL,
      duration_ms INTEGER NOT NULL,
      status INTEGER,
      error TEXT,
      detail TEXT,
      address TEXT NOT NULL,
      response_headers TEXT,
      response_body BLOB,
      state INTEGER NOT NULL,
      reason TEXT,
      next_at INTEGER,
      shop INTEGER NOT NULL,
      app INTEGER NOT NULL,
      PRIMARY KEY (event, subscription, seq)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS attempt_final_${day} ON attempt_${day} (subscription, event) WHERE state > 0;
    CREATE INDEX IF NOT EXISTS attempt_trouble_${day} ON attempt_${day} (state, event, subscription) WHERE state > 1;
    CREATE INDEX IF NOT EXISTS attempt_trouble_of_${day} ON attempt_${day} (subscription, state, event) WHERE state > 1;
  `);
}

/** Days that have tables, ascending. */
export function listDays(connection: Connection): number[] {
  const rows = connection.all("SELECT substr(name, 7) AS day FROM sqlite_master WHERE type = 'table' AND name GLOB 'event_[0-9]*'");
  return rows.map((row) => Number(row["day"])).sort((a, b) => a - b);
}

export function hasDay(connection: Connection, day: number): boolean {
  return connection.get("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", `event_${day}`) !== undefined;
}

/** Ids begin with the time, so "accepted within the day" is a comparison of bytes: from the first to before the second. */
export function boundsOf(day: number): readonly [from: Buffer, to: Buffer] {
  const [from, to] = [Buffer.alloc(16), Buffer.alloc(16)];
  from.writeUIntBE(day * DAY_MS, 0, 6);
  to.writeUIntBE((day + 1) * DAY_MS, 0, 6);
  return [from, to];
}
