import type { ReplayJob } from "../replay/replay-job.ts";
import type { Turn } from "./turn.ts";

/** Replay jobs, newest first in lists. A handful of rows that are read and written whole. */
export interface ReplayJobs {
  /** Null when there is none with this id. */
  find(id: string): Promise<ReplayJob | null>;
  list(turn: Turn<string>, limit: number): Promise<readonly ReplayJob[]>;
  /** Those that are `running`, oldest first. */
  running(): Promise<readonly ReplayJob[]>;
  /**
   * Writes the job with the revision after `expectedRevision` if it has that one now; 0 makes a new job. False when somebody else was
   * faster; nothing is written then.
   */
  save(job: ReplayJob, expectedRevision: number): Promise<boolean>;
  /** Removes up to `limit` jobs that ended before `at`; answers how many. */
  forget(at: number, limit: number): Promise<number>;
}
