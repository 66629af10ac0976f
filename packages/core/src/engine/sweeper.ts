import { SWEEP_STEP } from "../limits.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import type { Lane } from "./lane.ts";

const SWEEP_AGAIN_MS = 1_000;

export interface SweeperOptions {
  readonly tasks: TaskQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Nothing of the lane is left to sweep, or its rows have all been moved. */
  readonly onDone: (lane: Lane) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends or moves a whole lane in small transactions: what a change of the directory left over, however long the backlog. Started again from
 * discovery after a crash, because the rows themselves say what is left to do.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  #isStopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  sweep(lane: Lane): void {
    if (lane.isSweeping || this.#isStopped) return;
    lane.isSweeping = true;
    void this.#run(lane);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(lane: Lane): Promise<void> {
    try {
      while (!this.#isStopped && (await this.#step(lane)) >= SWEEP_STEP);
    } catch (error) {
      this.#options.onError(error);
      lane.isSweeping = false;
      this.#options.timers.after(SWEEP_AGAIN_MS, () => this.sweep(lane));
      return;
    }
    lane.isSweeping = false;
    this.#options.onDone(lane);
  }

  #step(lane: Lane): Promise<number> {
    const { tasks, clock } = this.#options;
    const shard = lane.movesFrom ?? lane.shard;
    const { disposition } = lane;
    if (disposition.kind === "sweep") return tasks.cancelLane({ shard, lane: lane.id }, disposition.reason, clock.now(), SWEEP_STEP);
    if (lane.movesFrom !== null) return tasks.relocateLane({ shard: lane.movesFrom, lane: lane.id }, lane.shard, SWEEP_STEP);
    return Promise.resolve(0);
  }
}
