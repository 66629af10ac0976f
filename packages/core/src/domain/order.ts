import type { DeliveryKey, TaskKey } from "./delivery.ts";
import { millisecondsOf } from "./event.ts";

/**
 * Ordered deliveries: those of the ordered subscriptions that one app has on one shop at one endpoint share a lane, and of the events with
 * the same order key one goes at a time, in the order in which the store accepted them.
 *
 * A task of such a lane keeps its place in the column that tells others' due time, because the order must not hang on anybody's clock:
 *
 *   in the lane itself      due = place                 as accepted: the store counts places up
 *   in the lane of its key  due = a wall time           the key's first, waiting for its next attempt
 *                           due = ASIDE + place         set aside behind it
 *
 * So a key's lane begins with what is to be sent next, and the lane itself holds only what may be sent or was not looked at yet.
 */
export interface Ordering {
  /** The lane that the ordered deliveries queue in. Given out by the directory; no subscription has this number. */
  readonly lane: number;
  /** Lanes that it was in before: its address was another. What is owed there is moved here before anything is sent from here. */
  readonly left: readonly { readonly shard: number; readonly lane: number }[];
}

/** A dead letter that keeps its order key from going on. */
export interface KeyBlock extends DeliveryKey {
  readonly orderKey: string;
  /** Wall ms. */
  readonly since: number;
}

/** Places lie below every wall time in ms (before 2001-09-09), what is set aside above. */
export const WALL_TIMES_FROM = 1_000_000_000_000;
const ASIDE = 2 ** 52;

/** The `due` of a task that is set aside behind the first of its key. */
export function asideDue(place: number): number {
  return ASIDE + place;
}

export function isAside(due: number): boolean {
  return due >= ASIDE;
}

/** Whether a task's `due` is a wall time: it waits for that, and for nothing else. */
export function isWallTime(due: number): boolean {
  return due >= WALL_TIMES_FROM && due < ASIDE;
}

/** A task's place in its lane; 0, before all others, for one that was attempted already: it was the first of its key. */
export function placeOf(due: number): number {
  if (isAside(due)) return due - ASIDE;
  return due < WALL_TIMES_FROM ? due : 0;
}

/** Since when a task waits, or until when: what is in order waits since its acceptance. Wall ms. */
export function dueTimeOf({ due, eventId }: Pick<TaskKey, "due" | "eventId">): number {
  return isWallTime(due) ? due : millisecondsOf(eventId);
}

/** Whether a task stands in a lane that others' deliveries may stand in, too, and not in its subscription's own. */
export function isOrdered({ lane, subscription }: Pick<TaskKey, "lane" | "subscription">): boolean {
  return lane !== subscription;
}

/**
 * The lane of an order key within an ordered lane: below 0, where no other lane is. 52 bits of a hash: of a million keys that wait in one
 * shard at the same time, two share a lane with a chance of one in nine thousand; they are then one key, and what each promises still holds.
 */
export function keyLaneOf(lane: number, orderKey: string): number {
  let a = 0x9e3779b1 ^ lane;
  let b = 0x2545f491 ^ Math.floor(lane / 2 ** 32);
  for (let index = 0; index < orderKey.length; index += 1) {
    const unit = orderKey.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
  }
  a = mix(a ^ orderKey.length ^ mix(b ^ 0x5bd1e995));
  b = mix(b ^ mix(a ^ 0x1b873593));
  return -1 - ((a & 0xfffff) * 2 ** 32 + (b >>> 0));
}

/** MurmurHash3's last step: each bit of the input changes about half of the output's. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
