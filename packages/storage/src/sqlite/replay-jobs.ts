import type { ReplayJob, Turn } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Connection, Row } from "./connection.ts";

export function findReplayJob(connection: Connection, id: string): ReplayJob | null {
  const row = connection.get("SELECT revision, body FROM replay_job WHERE id = ?", id);
  return row === undefined ? null : toJob(row);
}

export function listReplayJobs(connection: Connection, turn: Turn<string>, limit: number): ReplayJob[] {
  if ("after" in turn) {
    // Behind every id there may be.
    const after = turn.after ?? "g";
    return connection.all("SELECT revision, body FROM replay_job WHERE id < ? ORDER BY id DESC LIMIT ?", after, limit).map(toJob);
  }
  const rows = connection.all("SELECT revision, body FROM replay_job WHERE id > ? ORDER BY id LIMIT ?", turn.before ?? "", limit);
  return rows.map(toJob).reverse();
}

export function runningReplayJobs(connection: Connection): ReplayJob[] {
  return connection.all("SELECT revision, body FROM replay_job WHERE state = 'running' ORDER BY id").map(toJob);
}

export function saveReplayJob(connection: Connection, job: ReplayJob, expectedRevision: number): boolean {
  const { id, state, updatedAt } = job;
  const revision = expectedRevision + 1;
  const body = JSON.stringify(job);
  const changed =
    expectedRevision === 0
      ? connection.run(
          "INSERT OR IGNORE INTO replay_job (id, revision, state, updated_at, body) VALUES (?, ?, ?, ?, ?)",
          id,
          revision,
          state,
          updatedAt,
          body,
        )
      : connection.run(
          "UPDATE replay_job SET revision = ?, state = ?, updated_at = ?, body = ? WHERE id = ? AND revision = ?",
          revision,
          state,
          updatedAt,
          body,
          id,
          expectedRevision,
        );
  return changed === 1;
}

export function forgetReplayJobs(connection: Connection, at: number, limit: number): number {
  return connection.run(
    "DELETE FROM replay_job WHERE id IN (SELECT id FROM replay_job WHERE state IN ('done', 'cancelled') AND updated_at < ? LIMIT ?)",
    at,
    limit,
  );
}

function toJob(row: Row): ReplayJob {
  return { ...(JSON.parse(text(row["body"])) as ReplayJob), revision: number(row["revision"]) };
}
