import type { DeliveryKey } from "../domain/delivery.ts";
import type { EventId } from "../domain/event.ts";

/** One number of a subscription, and the event whose delivery has it. */
export interface Numbered {
  readonly n: number;
  readonly eventId: EventId;
}

export interface SequencePage {
  /** Ascending, without gaps. */
  readonly entries: readonly Numbered[];
  /** The oldest number that is kept; where none is, the one that will be given next. */
  readonly first: number;
  /** The highest number that was ever given; 0 for none. */
  readonly last: number;
}

/**
 * The numbers of numbered subscriptions: 1, 2, 3… each, in the order in which they were given. A delivery gets one number and keeps it.
 * Exact whoever asks: what two processes ask for at once is given as if one had asked after the other.
 */
export interface Sequences {
  /**
   * Gives these deliveries their numbers in one durable transaction, in this order, and answers them; one that has a number keeps it, so that
   * asking again is safe. Whatever is read of a subscription's numbers, at whatever moment, has no gap.
   */
  assign(deliveries: readonly DeliveryKey[]): Promise<readonly number[]>;
  /** The numbers that these deliveries have, in order; null where one has none. */
  numbersOf(deliveries: readonly DeliveryKey[]): Promise<readonly (number | null)[]>;
  /** Up to `limit` numbers above `after`. */
  read(subscription: number, after: number, limit: number): Promise<SequencePage>;
  /** The highest number given of each of these subscriptions, in order; 0 for none. */
  lastOf(subscriptions: readonly number[]): Promise<readonly number[]>;
  /**
   * Forgets up to `limit` numbers of events accepted on or before `day`, of each subscription from its oldest number on and not past one whose event is
   * younger: so what is left has no gap either. Answers how many. No number is given a second time on that account.
   */
  forget(day: number, limit: number): Promise<number>;
}
