import type { Directory } from "../directory/directory.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { LaneRef, TaskQueue } from "../ports/task-queue.ts";
import type { OrderStore } from "./ordered/lane-sorter.ts";

export interface LaneTableOptions {
  readonly tasks: TaskQueue;
  /** For ordered lanes: the store, and the name of this life of this process. */
  readonly order: { readonly store: OrderStore; readonly node: string };
  readonly directory: Directory;
  /** Brings the directory to what the store has. */
  readonly refreshDirectory: () => Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endpointConcurrencyMax: number;
  /** Whether other processes may write into the lanes. */
  readonly isShared: boolean;
  readonly owns: (shard: number) => boolean;
  /** Something is owed in lanes that another process owns. */
  readonly tell: (lanes: readonly LaneRef[]) => void;
  /** Some lane may be able to start. */
  readonly onReady: () => void;
  readonly onError: (what: string, error: unknown) => void;
}
