import type { Subscription } from "../domain/directory-entries.ts";
import type { EventId } from "../domain/event.ts";
import type { TaskKey } from "../domain/delivery.ts";

/** What a lane of a numbered subscription remembers of its numbers; all of it can be lost. */
export interface LaneNumbers {
  /** Handed over and waiting for their numbers: not in the queue yet, and not to get there if they are let go of meanwhile. */
  readonly awaited: Set<EventId>;
  /** The store has deliveries that may have no number yet and are not sent soon. */
  isBehind: boolean;
  isWalking: boolean;
  /** As far as the lane was numbered ahead; null: not at all. */
  at: TaskKey | null;
}

/** Null where the subscription is not numbered; goes on with what is known. */
export function laneNumbers(subscription: Subscription, before: LaneNumbers | null): LaneNumbers | null {
  if (subscription.settings.sequence !== true) return null;
  return before ?? { awaited: new Set(), isBehind: false, isWalking: false, at: null };
}
