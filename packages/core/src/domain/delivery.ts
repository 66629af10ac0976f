import type { EventId, Owed } from "./event.ts";

/**
 * One event owed to one subscription.
 *
 * A delivery has no row of its own that could disagree with others: it is `pending` while its latest round has no
 * final row in the attempt log, and otherwise what that row says.
 */
export type DeliveryState = "pending" | "delivered" | "dead" | "cancelled";

/** Why a delivery is dead. `expired`: retention of its day passed while it was still owed. */
export type DeadReason = "attempts_exhausted" | "gone" | "expired";

/** Why a delivery was cancelled. `disabled`: its subscription answered 410 to another delivery. */
export type CancelReason = "unsubscribed" | "uninstalled" | "scope_lost" | "redacted" | "disabled";

/** Why a delivery is delivered without an attempt: its subscription is in pull mode, and the event can be fetched by its number. */
export type DeliveredReason = "available";

export type DeliveryReason = DeadReason | CancelReason | DeliveredReason;

/** From these no replay is possible: what would be sent is gone, or nobody may receive it. */
export const REASONS_WITHOUT_REPLAY: readonly DeliveryReason[] = ["redacted", "scope_lost", "uninstalled"];

/** Identity of a delivery. */
export interface DeliveryKey {
  readonly eventId: EventId;
  readonly subscription: number;
}

/**
 * Key of a row in `task`: owed and not finished. `due` (ms) is the earliest time of the next attempt, so the first
 * row of a lane tells when the lane has work. Rows are inserted and deleted, never updated. The delivery's whole identity is part of it: a lane
 * may hold several deliveries of one event.
 */
export interface TaskKey {
  readonly shard: number;
  readonly lane: number;
  readonly due: number;
  readonly eventId: EventId;
  readonly subscription: number;
}

export interface Task extends TaskKey {
  /** Number of the next row in this delivery's log; with the key it is what settlement compares before it deletes. */
  readonly seq: number;
  /** 1, and one more with each replay. */
  readonly round: number;
  /** Attempts made in this round, 0 to 7. */
  readonly attempts: number;
  /** Attempts ever made, over all rounds. */
  readonly attemptsEver: number;
}

/** What a task is called among those of its lane: its event where the lane is its subscription's own, which most are; else its whole delivery. */
export function nameInLane(key: Pick<TaskKey, "lane" | "eventId" | "subscription">): string {
  return key.lane === key.subscription ? key.eventId : nameInOrder(key);
}

/** What a delivery is called in an ordered lane, which several subscriptions share. */
export function nameInOrder({ eventId, subscription }: DeliveryKey): string {
  return `${eventId} ${subscription}`;
}

/**
 * Whether a task may be taken up. One that was never attempted always may: its due time is when the store accepted it, by a clock that may
 * be a few milliseconds ahead of the reader's.
 */
export function isDue(task: Task, now: number): boolean {
  return task.due <= now || task.attemptsEver === 0;
}

const DELIVERY_ID = /^dlv_([0-9a-f]{32})_([1-9][0-9]{0,15})$/;

/**
 * The id that goes out as `webhook-id` and names the delivery in every API: stable over attempts and replays, without
 * the full stop that Standard Webhooks forbids in an id, and decodable without a look-up.
 */
export function deliveryId(key: DeliveryKey): string {
  return `dlv_${key.eventId.replaceAll("-", "")}_${key.subscription}`;
}

/** Reads a delivery id; null for anything that `deliveryId` cannot have made. */
export function parseDeliveryId(text: string): DeliveryKey | null {
  const match = DELIVERY_ID.exec(text);
  if (match === null) return null;
  const hex = match[1] ?? "";
  const subscription = Number(match[2]);
  if (!Number.isSafeInteger(subscription)) return null;
  const eventId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { eventId, subscription };
}

/**
 * The first task of a delivery: due at acceptance. What `EventStore.append` inserts, and what hand-over puts straight into a queue. In an
 * ordered lane the store puts its place instead of a due time, and there is no hand-over.
 */
export function firstTask(event: { readonly id: EventId; readonly acceptedAt: number }, owed: Owed): Task {
  return {
    shard: owed.shard,
    lane: owed.lane,
    due: event.acceptedAt,
    eventId: event.id,
    subscription: owed.subscription,
    seq: 1,
    round: 1,
    attempts: 0,
    attemptsEver: 0,
  };
}
