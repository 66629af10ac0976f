import { SETTLE_AGAIN_MS, SETTLE_BATCH_MAX, SETTLE_WAIT_MS } from "../limits.ts";
import type { Timers } from "../ports/clock.ts";
import type { Settlement, TaskQueue } from "../ports/task-queue.ts";
import { Batcher } from "./batcher.ts";

export interface SettlerOptions {
  readonly tasks: TaskQueue;
  readonly timers: Timers;
  /** After the commit; `isApplied` is false where the delivery was somebody else's. */
  readonly onSettled: (settlement: Settlement, isApplied: boolean) => void;
  readonly onError: (error: unknown, waiting: number) => void;
}

/**
 * Settles finished attempts in shared transactions. A batch that the store refuses is sent again, the same, until it is taken: a
 * settlement that was applied and not acknowledged matches nothing the second time, and its delivery is known to be finished either way.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #batcher: Batcher<Settlement>;
  #underWay = 0;
  #isAbandoned = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#batcher = new Batcher({
      timers: options.timers,
      itemsMax: SETTLE_BATCH_MAX,
      bytesMax: Number.POSITIVE_INFINITY,
      waitMs: SETTLE_WAIT_MS,
      sizeOf: () => 0,
      flush: (batch) => this.#settle(batch),
    });
  }

  /** Settlements that are not durable yet. */
  get waiting(): number {
    return this.#batcher.waiting + this.#underWay;
  }

  add(settlement: Settlement): void {
    this.#batcher.add(settlement);
  }

  drain(): Promise<void> {
    return this.#batcher.drain();
  }

  /** Gives up what cannot be settled any more: the attempts are repeated after the next start. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  async #settle(batch: readonly Settlement[]): Promise<void> {
    this.#underWay = batch.length;
    for (;;) {
      try {
        const applied = await this.#options.tasks.settle(batch);
        this.#underWay = 0;
        for (const [index, settlement] of batch.entries()) this.#options.onSettled(settlement, applied[index] ?? false);
        return;
      } catch (error) {
        this.#options.onError(error, this.waiting);
        if (this.#isAbandoned) return;
        await new Promise<void>((resolve) => {
          this.#options.timers.after(SETTLE_AGAIN_MS, resolve);
        });
      }
    }
  }
}
