import { parseDeliveryId, type AttemptRequest, type Sequences, type Store, type Subscription } from "@genhook/core";

/**
 * What numbers promise: every attempt for a numbered subscription carries its delivery's number, the same whichever process makes it, and what
 * is read of a subscription at any moment has no gap.
 */
export class NumberTruth {
  readonly #breach: (says: string) => void;
  readonly #numbers = new Map<string, number>();
  readonly #owners = new Map<string, string>();
  /** Attempts with a number, and reads that were looked at. */
  checked = 0;

  constructor(breach: (says: string) => void) {
    this.#breach = breach;
  }

  /** `made`: the subscription as it was made; whoever is numbered from the start has no delivery without a number. */
  started({ deliveryId, subscriptionId, sequence }: AttemptRequest, made: Subscription | undefined, who: string): void {
    if (made?.settings.sequence !== true) {
      if (sequence !== null) this.#breach(`${who}: number ${sequence} for a webhook that has none`);
      return;
    }
    this.checked += 1;
    if (sequence === null) {
      this.#breach(`${who}: no number`);
      return;
    }
    const known = this.#numbers.get(deliveryId);
    if (known !== undefined && known !== sequence) this.#breach(`${who}: number ${sequence}, and ${known} before`);
    const owner = this.#owners.get(`${subscriptionId} ${sequence}`);
    if (owner !== undefined && owner !== deliveryId) this.#breach(`${who}: number ${sequence} belongs to ${owner}`);
    this.#numbers.set(deliveryId, sequence);
    this.#owners.set(`${subscriptionId} ${sequence}`, deliveryId);
  }

  /** Reads what was numbered as somebody who catches up does, after each group of numbers: it must begin at 1 and have no gap. */
  watched(sequences: Sequences): Sequences {
    return {
      assign: async (deliveries) => {
        const numbers = await sequences.assign(deliveries);
        for (const subscription of new Set(deliveries.map((each) => each.subscription))) {
          const { entries, last } = await sequences.read(subscription, 0, 100_000);
          const gap = entries.findIndex(({ n }, index) => n !== index + 1);
          if (gap >= 0 || last !== entries.length)
            this.#breach(`webhook ${subscription} has ${entries.length} numbers up to ${last}, and a gap at ${gap + 1}`);
          this.checked += 1;
        }
        return numbers;
      },
      numbersOf: (deliveries) => sequences.numbersOf(deliveries),
      read: (subscription, after, limit) => sequences.read(subscription, after, limit),
      lastOf: (subscriptions) => sequences.lastOf(subscriptions),
      forget: (day, limit) => sequences.forget(day, limit),
    };
  }

  /** At the end: what was sent has the number that it was sent with, and nothing has two. */
  async account(store: Store): Promise<void> {
    for (const [deliveryId, n] of this.#numbers) {
      const key = parseDeliveryId(deliveryId);
      const [kept = null] = key === null ? [] : await store.sequences.numbersOf([key]);
      if (kept !== n) this.#breach(`${deliveryId} was sent as number ${n}, and has ${kept}`);
    }
  }

  /** A delivery of a subscription that was numbered from the start has come to its end without being cancelled: it was numbered. */
  async ended(store: Store, eventId: string, subscription: number): Promise<void> {
    const [n = null] = await store.sequences.numbersOf([{ eventId, subscription }]);
    if (n === null) this.#breach(`event ${eventId} came to its end without a number for ${subscription}`);
  }
}
