import type { LogRow } from "../domain/attempt.ts";
import type { DeliveryKey, DeliveryState } from "../domain/delivery.ts";
import type { EventId } from "../domain/event.ts";
import type { Turn } from "./turn.ts";

/** A place in a list of final deliveries, which runs from the newest event to the oldest. */
export interface DeliveryCursor {
  readonly eventId: EventId;
  readonly subscription: number;
}

export interface FinalDeliveriesQuery {
  /** Only these subscriptions, at most `SUBSCRIPTIONS_LISTED_MAX`; null for all. */
  readonly subscriptions: readonly number[] | null;
  readonly states: readonly Exclude<DeliveryState, "pending">[];
  /** Acceptance of the event, ms, both ends included; null for open. */
  readonly from: number | null;
  readonly to: number | null;
  readonly turn: Turn<DeliveryCursor>;
  readonly limit: number;
}

export interface AttemptLog {
  /** All rows of a delivery, oldest first. Empty: no attempt yet, or unknown. */
  ofDelivery(delivery: DeliveryKey): Promise<readonly LogRow[]>;
  /** The last row of each of these deliveries, in order; null where there is none. */
  lastRows(deliveries: readonly DeliveryKey[]): Promise<readonly (LogRow | null)[]>;
  /**
   * Deliveries whose latest row is final, newest event first, as that row each. Pages neither skip nor repeat a delivery that
   * stays final while the caller pages.
   */
  listFinal(query: FinalDeliveriesQuery): Promise<readonly LogRow[]>;
}
