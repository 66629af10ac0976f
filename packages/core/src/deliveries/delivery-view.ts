import type { LogRow } from "../domain/attempt.ts";
import type { DeliveryKey, DeliveryReason, DeliveryState } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { EventHead } from "../domain/event.ts";

/** A delivery as it stands: what its event, its subscription and its latest log row say together. */
export interface DeliveryView {
  readonly key: DeliveryKey;
  readonly event: EventHead | null;
  /** Null where it was never known here. */
  readonly subscription: Subscription | null;
  readonly shop: number;
  readonly app: number;
  readonly state: DeliveryState;
  /** `waiting_for_key`: it is set aside behind an earlier one of its order key. */
  readonly reason: DeliveryReason | "waiting_for_key" | null;
  /** Which one, where that was looked up. */
  readonly waitsFor: DeliveryKey | null;
  readonly round: number;
  /** Attempts ever made, over all rounds. */
  readonly attemptCount: number;
  /** Wall ms; null once final. */
  readonly nextAttemptAt: number | null;
  readonly last: LogRow | null;
  /** Wall ms of the last thing that happened to it. */
  readonly updatedAt: number;
}

/** The state follows from the latest row alone; without one the delivery is pending and due since its acceptance. Pure. */
export function viewOf(key: DeliveryKey, event: EventHead | null, subscription: Subscription | null, last: LogRow | null): DeliveryView {
  return {
    key,
    event,
    subscription,
    shop: last?.shop ?? event?.shop ?? 0,
    app: last?.app ?? subscription?.app ?? 0,
    state: last?.state ?? "pending",
    reason: last?.reason ?? null,
    waitsFor: null,
    round: last?.round ?? 1,
    attemptCount: last?.n ?? 0,
    nextAttemptAt: last === null ? (event?.acceptedAt ?? null) : last.nextAt,
    last,
    updatedAt: last === null ? (event?.acceptedAt ?? 0) : last.at + last.durationMs,
  };
}

/** A pending delivery that waits for an earlier one of its order key. Pure. */
export function waiting(view: DeliveryView, waitsFor: DeliveryKey | null): DeliveryView {
  return { ...view, reason: "waiting_for_key", waitsFor, nextAttemptAt: null };
}
