import type { AppAccesses } from "./app-accesses.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { Credentials } from "./credentials.ts";
import type { DirectoryStore } from "./directory-store.ts";
import type { EndpointStates } from "./endpoint-states.ts";
import type { Erasures } from "./erasure.ts";
import type { EventStore } from "./event-store.ts";
import type { Hints } from "./hints.ts";
import type { Leases } from "./leases.ts";
import type { OrderedTasks } from "./ordered-tasks.ts";
import type { ReplayJobs } from "./replay-jobs.ts";
import type { Retention } from "./retention.ts";
import type { Sequences } from "./sequences.ts";
import type { Statistics } from "./statistics.ts";
import type { TaskQueue } from "./task-queue.ts";

/**
 * The private store contract, split by use. Every adapter passes the same conformance suite.
 *
 * A call that fails rejects with an `Error` that has a `code`: `store_unavailable` when the store as a whole cannot be used just now
 * (closed, full, not reachable: try again later with the same arguments), any other code when this very call was refused.
 */
export interface Store {
  /** Whether other processes may use the same data at the same time. */
  readonly isShared: boolean;
  readonly events: EventStore;
  readonly tasks: TaskQueue;
  readonly ordered: OrderedTasks;
  readonly log: AttemptLog;
  readonly sequences: Sequences;
  readonly directory: DirectoryStore;
  readonly statistics: Statistics;
  readonly retention: Retention;
  readonly erasures: Erasures;
  readonly replayJobs: ReplayJobs;
  readonly endpoints: EndpointStates;
  readonly leases: Leases;
  readonly hints: Hints;
  readonly credentials: Credentials;
  readonly appAccesses: AppAccesses;
  /** Waits for what is under way, then closes. Calls after it reject. */
  close(): Promise<void>;
}
