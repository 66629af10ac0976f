import { nameInOrder, type DeliveryKey } from "../../domain/delivery.ts";
import type { OwedTask } from "../../ports/task-queue.ts";
import type { OrderedLane } from "./ordered-lane.ts";

/**
 * One order key of a lane, for as long as memory has to know something about it:
 *
 *   free     its tasks come from the lane itself; one at a time is sent
 *   aside    its first waits for another attempt, is held or dead, or too many came at once: the store has what follows in the key's own lane,
 *            and what still comes goes there, too
 */
export class OrderKey {
  readonly lane: OrderedLane;
  /** The number of its own lane. */
  readonly number: number;
  /** What memory has of it and did not send yet, in order. */
  queue: OwedTask[] = [];
  /** In flight, or being settled. */
  sending: OwedTask | null = null;
  isAside = false;
  /** Stands among those of its lane that may send. */
  isReady = false;
  isReading = false;
  /** What is to be sent next belongs to a subscription that is held. */
  isHeld = false;
  /** What is to be sent next may stand in the store, although the key is blocked: its dead letter was replayed. */
  isReopened = false;
  /** Wall ms at which the next attempt is due; null where it is now. */
  until: number | null = null;
  /** Place up to which the lane has to be looked at before the next of it may be sent; null where it was. */
  awaits: number | null = null;
  /** Places of tasks on their way aside. */
  readonly moving: number[] = [];
  /** The lowest place that was on its way aside at some time since the read under way began: what it has found behind that may not be next. */
  movedFrom: number = Number.POSITIVE_INFINITY;
  /** Grows with everything that a read which has begun may not have seen. */
  changes = 0;
  /** Dead letters that keep it from going on. */
  readonly blockers: Set<string> = new Set();

  constructor(lane: OrderedLane, number: number) {
    this.lane = lane;
    this.number = number;
  }

  get isBlocked(): boolean {
    return this.blockers.size > 0;
  }

  /** Whether nothing has to be remembered of it. */
  get isFree(): boolean {
    return (
      !this.isAside && !this.isBlocked && this.queue.length === 0 && this.sending === null && this.moving.length === 0 && !this.isReading
    );
  }

  /** Whether what the store has of it may be sent now. */
  mayRead(now: number): boolean {
    if (!this.isAside || this.isReading || this.isHeld || this.awaits !== null) return false;
    return (this.until === null || this.until <= now) && (!this.isBlocked || this.isReopened);
  }

  /** Tasks of it set out for its own lane. */
  setsOut(places: readonly number[]): void {
    this.moving.push(...places);
    this.movedFrom = Math.min(this.movedFrom, ...places);
  }

  arrived(place: number): void {
    const at = this.moving.indexOf(place);
    if (at >= 0) this.moving.splice(at, 1);
    this.changes += 1;
  }

  /** A read of its own lane begins. */
  beginRead(): void {
    this.isReading = true;
    this.movedFrom = Math.min(Number.POSITIVE_INFINITY, ...this.moving);
  }

  /** Whether a delivery may be sent as the next one: of a blocked key only the dead letter itself. */
  lets(delivery: DeliveryKey): boolean {
    return !this.isBlocked || this.blockers.has(nameInOrder(delivery));
  }
}
