import type { ReplayJob, ReplayJobs } from "@genhook/core";
import { number, text } from "../columns.ts";
import type { Database, Row } from "./database.ts";

/** Replay jobs (`ReplayJobs`). */
export function replayJobs(database: Database): ReplayJobs {
  return {
    find: async (id) => {
      const [row] = await database.query("read", "SELECT revision, body FROM replay_job WHERE id = $1", [id]);
      return row === undefined ? null : toJob(row);
    },
    list: async (turn, limit) => {
      const isForward = "after" in turn;
      const cursor = isForward ? turn.after : turn.before;
      const [beyond, order] = isForward ? ["<", "DESC"] : [">", "ASC"];
      const behind = cursor === null ? "" : `WHERE id ${beyond} $2::uuid`;
      const rows = await database.query(
        "read",
        `SELECT revision, body FROM replay_job ${behind} ORDER BY id ${order} LIMIT $1`,
        cursor === null ? [limit] : [limit, cursor],
      );
      const jobs = rows.map(toJob);
      return isForward ? jobs : jobs.reverse();
    },
    running: async () =>
      (await database.query("read", "SELECT revision, body FROM replay_job WHERE state = 'running' ORDER BY id")).map(toJob),
    save: async (job, expectedRevision) => {
      const values = [job.id, expectedRevision + 1, job.state, job.updatedAt, JSON.stringify(job)];
      const rows =
        expectedRevision === 0
          ? await database.query(
              "settle",
              "INSERT INTO replay_job (id, revision, state, updated_at, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1",
              values,
            )
          : await database.query(
              "settle",
              "UPDATE replay_job SET revision = $2, state = $3, updated_at = $4, body = $5 WHERE id = $1 AND revision = $6 RETURNING 1",
              [...values, expectedRevision],
            );
      return rows.length === 1;
    },
    forget: async (at, limit) =>
      (
        await database.query(
          "settle",
          "DELETE FROM replay_job WHERE id IN (SELECT id FROM replay_job WHERE state IN ('done', 'cancelled') AND updated_at < $1 LIMIT $2) RETURNING 1",
          [at, limit],
        )
      ).length,
  };
}

function toJob(row: Row): ReplayJob {
  return { ...(JSON.parse(text(row["body"])) as ReplayJob), revision: number(row["revision"]) };
}
