/** Time is handed in. Wall time for timestamps and ids; monotonic time for durations, so that a step of the wall clock cannot make one negative. */
export interface Clock {
  /** Wall time, ms since the epoch, whole. */
  readonly now: () => number;
  /** Ms since some fixed moment; never goes back. */
  readonly monotonic: () => number;
}

export interface Timer {
  cancel(): void;
}

/** Timers run on monotonic time. A simulation fires them in virtual time. */
export interface Timers {
  after(delayMs: number, fire: () => void): Timer;
}

/** Uniform over [0, 1); seeded in tests. */
export type Random = () => number;
