import type { Directory } from "../directory/directory.ts";
import { SWEEP_STEP } from "../limits.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import type { Lane } from "./lane.ts";

const SWEEP_AGAIN_MS = 1_000;

export interface SweeperOptions {
  readonly tasks: TaskQueue;
  readonly directory: Pick<Directory, "version">;
  /** Brings the directory to what the store has. */
  readonly refreshDirectory: () => Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Nothing of the lane is left to sweep, or its rows have all been moved. */
  readonly onDone: (lane: Lane) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends or moves a whole lane in small transactions: what a change of the directory left over, however long the backlog. Started again from
 * discovery after a crash, because the rows themselves say what is left to do.
 *
 * Each step names the version of the directory that it follows from. Another process may have resumed the subscription a moment ago, and what
 * is owed since then must not be ended; or given it another address, and moved its rows to where this process does not know yet that they
 * belong.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  #isStopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  sweep(lane: Lane): void {
    if (lane.isSweeping || lane.isDropped || this.#isStopped) return;
    lane.isSweeping = true;
    void this.#run(lane);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(lane: Lane): Promise<void> {
    try {
      let count: number | null = null;
      do {
        count = await this.#step(lane);
        if (count === null) await this.#options.refreshDirectory();
      } while (!this.#isStopped && !lane.isDropped && (count === null || count >= SWEEP_STEP));
    } catch (error) {
      this.#options.onError(error);
      lane.isSweeping = false;
      this.#options.timers.after(SWEEP_AGAIN_MS, () => this.sweep(lane));
      return;
    }
    lane.isSweeping = false;
    this.#options.onDone(lane);
  }

  /** How many it ended or moved; null where the directory has moved on, and nothing was done. */
  #step(lane: Lane): Promise<number | null> {
    const { tasks, directory, clock } = this.#options;
    const shard = lane.movesFrom ?? lane.shard;
    const { disposition } = lane;
    if (disposition.kind === "sweep") {
      return tasks.cancelLane({ shard, lane: lane.id }, disposition.reason, clock.now(), SWEEP_STEP, directory.version);
    }
    if (lane.movesFrom === null) return Promise.resolve(0);
    return tasks.relocateLane({ shard: lane.movesFrom, lane: lane.id }, lane.shard, SWEEP_STEP, directory.version);
  }
}
