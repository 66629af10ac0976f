import type { Subscription } from "../domain/directory-entries.ts";
import type { OwedTask, Settlement } from "../ports/task-queue.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import type { Queued } from "./fair-queue.ts";

/** True from the moment that the endpoint lets go of what was kept for it until the lane has sent something that had not waited. */
export function mayBeLate({ gate, freshAt }: Pick<QueuedLane, "gate" | "freshAt">): boolean {
  return freshAt < gate.openedAt;
}

/** What stands in the fair queue and at the gates of endpoints: a subscription's own lane, or an ordered one that several share. */
export interface QueuedLane extends Queued {
  readonly id: number;
  readonly gate: EndpointGate<QueuedLane>;
  /** Stands at its endpoint's gate. */
  isParked: boolean;
  /** How many attempts could start now as far as the lane is concerned. */
  readonly length: number;
  readonly isRunnable: boolean;
  /** What is to be sent next; undefined where there is nothing. */
  readonly first: OwedTask | undefined;
  /** Monotonic ms at which it last started what had not waited: what its endpoint had kept until then is sent. */
  freshAt: number;
  /** Takes out what is to be sent next. */
  shift(): OwedTask | undefined;
  /** Whom a delivery of this lane is for; undefined where that has ended under it. */
  subscriptionFor(owed: OwedTask): Subscription | undefined;
  /** What is to be settled, with all that it means in this lane. */
  settling(settlement: Settlement, owed: OwedTask): Settlement;
  /** The attempt did not count: the delivery is owed as before. */
  untake(owed: OwedTask): void;
  /** Nothing can be sent of it now; the store has it. */
  giveUp(owed: OwedTask): void;
}
