import type { BackgroundWork } from "../background-work.ts";
import type { Directory } from "../directory/directory.ts";
import type { Task } from "../domain/delivery.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { LaneRef } from "../ports/task-queue.ts";
import type { Lane } from "./lane.ts";
import type { Available } from "./numbering.ts";
import type { OrderStore } from "./ordered/lane-sorter.ts";

export interface LaneTableOptions {
  readonly store: Pick<Store, "tasks" | "sequences" | "events"> & OrderStore;
  /** The name of this life of this process. */
  readonly node: string;
  readonly directory: Directory;
  /** Brings the directory to what the store has. */
  readonly refreshDirectory: () => Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endpointConcurrencyMax: number;
  /** Attempts in flight in this process. */
  readonly attemptsInFlightMax: number;
  /** Whether other processes may write into the lanes. */
  readonly isShared: boolean;
  readonly owns: (shard: number) => boolean;
  /** Something is owed in lanes that another process owns. */
  readonly tell: (lanes: readonly LaneRef[]) => void;
  /** Deliveries of these subscriptions have got numbers. */
  readonly onNumbered: (subscriptions: readonly number[]) => void;
  /** A delivery of a lane in pull mode is to be settled as available. */
  readonly onAvailable: (lane: Lane, task: Task, event: Available) => void;
  /** Some lane may be able to start. */
  readonly onReady: () => void;
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}
