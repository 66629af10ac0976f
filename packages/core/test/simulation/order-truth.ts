import {
  deliveryId,
  type AttemptRequest,
  type DeliveryKey,
  type EventId,
  type LogRow,
  type NewEvent,
  type Subscription,
} from "@genhook/core";

export interface OrderTruthOptions {
  readonly logOf: (delivery: DeliveryKey) => Promise<readonly LogRow[]>;
  readonly breach: (says: string) => void;
  /** What a subscription was, one after the other. */
  readonly historyOf: (subscription: number) => readonly { readonly subscription: Subscription }[];
}

interface Accepted extends DeliveryKey {
  readonly id: string;
  readonly orderKey: string;
  /** The lane that it was accepted into. */
  readonly lane: number;
}

interface OrderedFlight {
  readonly accepted: Accepted;
  readonly flight: { readonly isExcused: boolean };
}

/**
 * What ordered lanes promise, looked at whenever an attempt starts: no two of an order key are under way, and nothing of it starts before
 * what was accepted earlier has come to an end that lets it go on.
 */
export class OrderTruth {
  readonly #options: OrderTruthOptions;
  /** In the order of acceptance. */
  readonly #byKey = new Map<string, Accepted[]>();
  readonly #byId = new Map<string, Accepted>();
  readonly #events = new Set<EventId>();
  readonly #flights = new Set<OrderedFlight>();
  /** Ordered attempts that were looked at. */
  checked = 0;

  constructor(options: OrderTruthOptions) {
    this.#options = options;
  }

  accepted(event: NewEvent): void {
    if (this.#events.has(event.id)) return;
    this.#events.add(event.id);
    for (const { subscription, lane } of event.owes) {
      if (lane === subscription) continue;
      const one = {
        id: deliveryId({ eventId: event.id, subscription }),
        eventId: event.id,
        subscription,
        lane,
        orderKey: event.orderKey ?? "",
      };
      this.#byId.set(one.id, one);
      const all = this.#byKey.get(one.orderKey);
      if (all === undefined) this.#byKey.set(one.orderKey, [one]);
      else all.push(one);
    }
  }

  /** Answers what is to be called when the attempt has ended. */
  started(request: AttemptRequest, who: string, flight: { readonly isExcused: boolean }): () => void {
    const accepted = this.#byId.get(request.deliveryId);
    if (accepted === undefined) return () => undefined;
    this.checked += 1;
    for (const other of this.#flights) {
      if (!other.flight.isExcused && this.#areOne(other.accepted, accepted)) {
        this.#options.breach(`${who}: ${other.accepted.id} of the same order key is under way`);
      }
    }
    const mine = { accepted, flight };
    this.#flights.add(mine);
    if (!request.isReplay) void this.#checkEarlier(accepted, who);
    return () => this.#flights.delete(mine);
  }

  /** The same key of the same lane; a subscription takes its order along to another address. */
  #areOne(a: Accepted, b: Accepted): boolean {
    if (a.orderKey !== b.orderKey) return false;
    return a.subscription === b.subscription || (a.lane === b.lane && !this.#hasMoved(a.subscription) && !this.#hasMoved(b.subscription));
  }

  #hasMoved(subscription: number): boolean {
    return this.#options.historyOf(subscription).some(({ subscription: { order } }) => order !== undefined && order.left.length > 0);
  }

  async #checkEarlier(accepted: Accepted, who: string): Promise<void> {
    const all = this.#byKey.get(accepted.orderKey) ?? [];
    for (const earlier of all.slice(0, all.indexOf(accepted))) {
      if (!this.#areOne(earlier, accepted)) continue;
      const says = this.#mayGoOn(earlier, await this.#options.logOf(earlier));
      if (says !== null) this.#options.breach(`${who}: ${earlier.id}, accepted before it with the same order key, ${says}`);
    }
  }

  /** Null where what came of a delivery lets the next one go on. */
  #mayGoOn({ subscription }: Accepted, rows: readonly LogRow[]): string | null {
    const end = rows.findIndex((row) => row.state !== "pending");
    const ending = rows[end];
    if (ending === undefined) return "has not come to an end";
    if (ending.reason !== "attempts_exhausted") return null;
    const was = this.#options.historyOf(subscription).map((each) => each.subscription);
    if (was.some(({ settings, endedAt, status }) => settings.onDead === "skip" || endedAt !== null || status === "disabled")) return null;
    const isLifted =
      this.lifted.has(ending.eventId) || rows.slice(end).some((row) => row.state === "delivered" || row.state === "cancelled");
    return isLifted ? null : "is dead and blocks it";
  }

  /** Events whose dead letters somebody has asked to skip. */
  readonly lifted: Set<EventId> = new Set();
}
