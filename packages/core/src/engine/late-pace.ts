import {
  LATE_BEHIND_MS,
  LATE_LEAST_PER_SECOND,
  LATE_LEAST_SHARE,
  LATE_MOST_PER_SECOND,
  LATE_START_PER_SECOND,
  LATE_TICK_MS,
  LATE_WINDOW_TICKS,
} from "../limits.ts";

/** What a window of ticks on time, and one of ticks that were behind, makes of the pace. */
const FASTER = 1.25;
const SLOWER = 0.7;

/**
 * How many late deliveries may start: as many as leave the process time for everything else. What many endpoints were owed while they were away
 * would come all at once when they are back. Slow start bounds what each of them gets, slots bound what is in flight; neither knows how much the
 * machine can do.
 *
 * The measure is how far behind its time a tick of 10 ms comes, since that is how long everything else waits for its turn, too: behind this
 * process's own work, or for a processor. A window of ticks that were behind by less than `LATE_BEHIND_MS` on average makes the pace faster by a
 * quarter, one of ticks that were behind by more than twice that slower by three tenths. However busy the process is, late ones may be a quarter of
 * what else is started.
 *
 *   nothing late waits ── something late finds no room ──► ticking ── a tick after which nothing waits ──► nothing late waits
 *
 * Nothing ticks while nothing late waits, and what was learned is forgotten after a second without. Times are monotonic ms.
 */
export class LatePace {
  #perSecond = LATE_START_PER_SECOND;
  #room = worth(LATE_START_PER_SECOND);
  /** Of the others, since the window began. */
  #othersStarted = 0;
  #behindMs = 0;
  #ticks = 0;
  #windowFrom = Number.NEGATIVE_INFINITY;
  #tickedAt = Number.NEGATIVE_INFINITY;

  get perSecond(): number {
    return this.#perSecond;
  }

  get hasRoom(): boolean {
    return this.#room >= 1;
  }

  started(isLate: boolean): void {
    if (isLate) this.#room -= 1;
    else this.#othersStarted += 1;
  }

  /** Something late waits from now on; ticks follow until nothing does. */
  begin(now: number): void {
    if (now - this.#tickedAt > 1_000) {
      this.#perSecond = LATE_START_PER_SECOND;
      this.#room = Math.min(this.#room, 1);
    }
    this.#beginWindow(now);
    this.#tickedAt = now;
  }

  tick(now: number): void {
    const elapsedMs = now - this.#tickedAt;
    this.#tickedAt = now;
    this.#behindMs += Math.max(0, elapsedMs - LATE_TICK_MS);
    this.#ticks += 1;
    if (this.#ticks === LATE_WINDOW_TICKS) this.#adapt(now);
    // Whatever time has passed it is one tick's worth: the process was busy.
    this.#room = Math.min(1 + worth(this.#perSecond), this.#room + worth(this.#perSecond));
  }

  #adapt(now: number): void {
    const behindMs = this.#behindMs / this.#ticks;
    if (behindMs < LATE_BEHIND_MS) this.#perSecond *= FASTER;
    else if (behindMs > 2 * LATE_BEHIND_MS) this.#perSecond *= SLOWER;
    const othersPerSecond = (this.#othersStarted * 1_000) / (now - this.#windowFrom);
    const least = Math.max(LATE_LEAST_PER_SECOND, othersPerSecond * LATE_LEAST_SHARE);
    this.#perSecond = Math.min(Math.max(this.#perSecond, least), LATE_MOST_PER_SECOND);
    this.#beginWindow(now);
  }

  #beginWindow(now: number): void {
    this.#windowFrom = now;
    this.#othersStarted = 0;
    this.#behindMs = 0;
    this.#ticks = 0;
  }
}

/** Of a tick. */
function worth(perSecond: number): number {
  return (perSecond * LATE_TICK_MS) / 1_000;
}
