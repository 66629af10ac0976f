import type { LogRow, NewEvent, Task } from "@genhook/core";

/**
 * Told of every single change of what is owed, inside the turn that makes it: with it a simulation compares what it knows with what the store
 * has after each step, and looks only at what the step has touched.
 */
export interface MemoryWatcher {
  /** A new event: not one that was known under its id or its idempotency key. */
  readonly accepted: (event: NewEvent) => void;
  readonly inserted: (task: Task) => void;
  readonly removed: (task: Task) => void;
  readonly written: (row: LogRow) => void;
}

export const NOBODY_WATCHES: MemoryWatcher = {
  accepted: () => undefined,
  inserted: () => undefined,
  removed: () => undefined,
  written: () => undefined,
};
