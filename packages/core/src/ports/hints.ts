import type { LaneRef } from "./task-queue.ts";

/** What one process tells the others, so that they need not find it by scanning. */
export type Hint =
  /** Something is owed in these lanes that their owner may not know of. */
  | { readonly kind: "lanes"; readonly lanes: readonly LaneRef[] }
  /** The directory is at this version or further. */
  | { readonly kind: "directory"; readonly version: number }
  /** Deliveries of these subscriptions have got numbers: who waits for them may read. */
  | { readonly kind: "numbered"; readonly subscriptions: readonly number[] }
  /** Leases were given up: renew now, and take what is yours of them. */
  | { readonly kind: "leases" };

/**
 * Hints between processes on one store. Any of them may be lost, repeated, or come late; nothing depends on them for correctness. A store of
 * one process has nobody to tell.
 */
export interface Hints {
  /** Fire and forget; gathered for a few milliseconds. */
  tell(hint: Hint): void;
  /** What the other processes tell; the hints of this one do not come back. At most one listener. */
  listen(onHint: (hint: Hint) => void): void;
  /** False while hints are known not to arrive (no connection, a pooler that drops them): then scans are made more often. */
  readonly isWorking: boolean;
}
