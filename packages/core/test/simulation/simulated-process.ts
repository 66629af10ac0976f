import type { Clock, Timers } from "@genhook/core";
import type { VirtualTime } from "./virtual-time.ts";

/** No clock is read more finely. */
const CLOCK_STEP_MS = 0.001;

/**
 * What an operating system gives a process, and takes from it: clocks, timers, and callbacks that stop while it is frozen and then all come
 * late. A frozen process's clocks run on; a suspended one (its machine sleeps) finds that the monotonic clock has stood still.
 */
export class SimulatedProcess {
  readonly #time: VirtualTime;
  isAlive = true;
  #frozen: (() => void)[] | null = null;
  /** Wall clock less the true time, ms. */
  #skewMs = 0;
  #suspendedMs = 0;
  #suspendedAt: number | null = null;
  readonly #bootedAt: number;

  constructor(time: VirtualTime, skewMs: number, bootedAt: number) {
    this.#time = time;
    this.#skewMs = skewMs;
    this.#bootedAt = bootedAt;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  readonly clock: Clock = {
    now: () => this.#time.clock.now() + Math.round(this.#skewMs),
    monotonic: () => this.#time.clock.monotonic() - this.#bootedAt - this.#suspendedMs,
  };

  readonly timers: Timers = {
    after: (delayMs, fire) => {
      const due = this.clock.monotonic() + Math.max(0, delayMs);
      let isCancelled = false;
      const arm = (inMs: number): void => {
        this.#time.after(inMs, () => {
          this.arrive(() => {
            if (isCancelled) return;
            const left = due - this.clock.monotonic();
            // Never early, and never for a time so short that the clock would not move.
            if (left > 0) arm(Math.max(left, CLOCK_STEP_MS));
            else fire();
          });
        });
      };
      arm(Math.max(0, delayMs));
      return {
        cancel: () => {
          isCancelled = true;
        },
      };
    },
  };

  /** Runs a callback as soon as the process can: now, when it thaws, or never. */
  arrive(callback: () => void): void {
    if (!this.isAlive) return;
    if (this.#frozen === null) callback();
    else this.#frozen.push(callback);
  }

  kill(): void {
    this.isAlive = false;
    this.#frozen = null;
  }

  freeze(isSuspended: boolean): void {
    this.#frozen ??= [];
    if (isSuspended) this.#suspendedAt ??= this.#time.clock.monotonic();
  }

  /** Everything that waited comes, one after the other. */
  thaw(): void {
    if (this.#suspendedAt !== null) this.#suspendedMs += this.#time.clock.monotonic() - this.#suspendedAt;
    this.#suspendedAt = null;
    const late = this.#frozen ?? [];
    this.#frozen = null;
    for (const callback of late) this.#time.after(0, () => this.arrive(callback));
  }

  stepClock(byMs: number): void {
    this.#skewMs += byMs;
  }
}
