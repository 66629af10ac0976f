import { CLOCK_JUMP_MAX_MS, CLOCK_READING_MAX_MS } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import { instantOf, type Instant } from "./trust.ts";

/**
 * The store's wall time, as this process knows it: ids, acceptance and due times are in it, so that processes whose own clocks differ agree.
 *
 * Learned from each renewal of the leases and carried on by the monotonic clock, so setting this machine's wall clock changes nothing. A
 * machine that was suspended is found out by the same two witnesses as in `Trust`. While there is doubt nothing may be published: an event
 * with a wrong time would be owed at a wrong time, and kept in a wrong day.
 *
 * On a store of one process the machine's own clock is the store's.
 */
export class StoreClock implements Clock {
  /** This machine's own clock. */
  readonly local: Clock;
  readonly #isShared: boolean;
  /** Store's wall time less our monotonic time. */
  #offset: number | null = null;
  /** When it was last learned. */
  #learnedAt: Instant = { monotonic: 0, wall: 0 };
  /** By how much the last reading lay off the one before it; null when the two agreed. */
  #jumpMs: number | null = null;

  constructor(local: Clock, isShared: boolean) {
    this.local = local;
    this.#isShared = isShared;
  }

  readonly now = (): number => (this.#offset === null ? this.local.now() : Math.floor(this.local.monotonic() + this.#offset));

  readonly monotonic = (): number => this.local.monotonic();

  /** The store said `storeNow` at some time between the two moments. */
  learn(storeNow: number, sent: Instant, received: Instant): void {
    if (!this.#isShared) return;
    const [least, most] = [storeNow - received.monotonic, storeNow - sent.monotonic];
    const middle = (least + most) / 2;
    const before = this.#offset ?? middle;
    const offMs = Math.max(0, least - before, before - most);
    this.#jumpMs = offMs > CLOCK_JUMP_MAX_MS ? offMs : null;
    // A slow answer says little about when it was made; what is known already is better, as long as the answer bears it out.
    if (this.#offset === null || this.#jumpMs !== null || most - least <= CLOCK_READING_MAX_MS) this.#offset = middle;
    this.#learnedAt = received;
  }

  /** Why the store's time is not known for certain just now; null when it is. */
  get doubt(): string | null {
    if (!this.#isShared) return null;
    if (this.#offset === null) return "the store's time is not known yet";
    if (this.#jumpMs !== null) {
      return `the store's clock and this machine's have moved apart by ${seconds(this.#jumpMs)}, and two readings have to agree again`;
    }
    const { monotonic, wall } = instantOf(this.local);
    const apartMs = Math.abs(wall - this.#learnedAt.wall - (monotonic - this.#learnedAt.monotonic));
    return apartMs > CLOCK_JUMP_MAX_MS ? `this machine's clock was set, or stood still, by ${seconds(apartMs)}` : null;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
