/** What a store answers when work on a delivery is about to begin. */
export type Claim = "claimed" | "in_progress" | "processed";

/**
 * Remembers which deliveries were processed, and which are being processed. Three steps, so that a crash between them leads to processing
 * again and never to a delivery that nobody processed: a claim ends by itself when its lease does.
 */
export interface DeliveryStore {
  /**
   * `claimed`: the caller may work, and holds the delivery under `token` for `leaseMs`. `in_progress`: somebody else does. `processed`: it is
   * done already; with `again` it is claimed all the same.
   */
  claim(deliveryId: string, token: string, leaseMs: number, again: boolean): Promise<Claim>;
  /** Remembers the delivery as processed, whoever holds it by now: the work was done. */
  complete(deliveryId: string, token: string): Promise<void>;
  /** Gives the claim up, if it is still the caller's, so that the next attempt need not wait for the lease to end. */
  release(deliveryId: string, token: string): Promise<void>;
}
