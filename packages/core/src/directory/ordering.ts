import type { Subscription, SubscriptionSettings } from "../domain/directory-entries.ts";
import { shardOf } from "../domain/endpoint.ts";
import type { Refusal } from "../refusal.ts";
import type { Directory } from "./directory.ts";
import type { SettingsUpdate } from "./subscription-settings.ts";

/** Pure. Where nothing is ordered any more, there is nothing to say about dead letters either; `block` is what an order means where nothing is said. */
export function completeOrder(settings: SubscriptionSettings, update: SettingsUpdate): SubscriptionSettings {
  const { ordered, onDead, ...rest } = settings;
  if (ordered === true) return { ...rest, ordered, onDead: onDead ?? "block" };
  // Said in this very call: that is a mistake, which is refused, and not a remnant.
  return update.onDead === undefined || update.onDead === null || onDead === undefined ? rest : { ...rest, onDead };
}

/** The first mistake in what a subscription's settings say of order; `under` is put before the member's name. */
export function refuseOrder(settings: SubscriptionSettings, shop: number | null, under: string): Refusal | null {
  const { ordered, onDead, mode, sequence } = settings;
  if (onDead !== undefined && ordered !== true) {
    const message = `${under}onDead says how an order goes on behind a dead letter; it goes with "ordered": true.`;
    return { code: "invalid_member", message, member: `${under}onDead` };
  }
  if (ordered !== true) return null;
  const member = `${under}ordered`;
  if (mode === "pull")
    return {
      code: "invalid_member",
      message: "What is pulled comes in the order of its numbers already; ordered is for webhooks that are sent to.",
      member,
    };
  if (sequence === true) {
    const message =
      "A webhook is numbered or ordered, not both: numbers are given in the order in which deliveries are sent first, whatever their key.";
    return { code: "invalid_member", message, member };
  }
  if (shop === null)
    return { code: "invalid_member", message: "Ordered are the webhooks of one shop; this one belongs to the app on all shops.", member };
  return null;
}

/**
 * Gives a subscription its ordered lane: the one of those that the app has ordered on the same shop at the same endpoint, or `next`. It keeps
 * it when it is not ordered any more, because what was accepted in order is still sent in order. `placed`: changed along with it.
 */
export function placeInOrder(
  directory: Directory,
  before: Subscription | null,
  after: Subscription,
  next: number,
  placed: readonly Subscription[] = [],
): { readonly subscription: Subscription; readonly next: number } {
  const order = before?.order;
  const hasMoved = before !== null && before.endpoint !== after.endpoint;
  const isOrdered = after.settings.ordered === true;
  if (order === undefined ? !isOrdered : !hasMoved) return { subscription: after, next };
  const { app, shop, endpoint } = after;
  const others = [...placed, ...directory.subscriptionsAt(endpoint)];
  const shared = others.find((each) => each.id !== after.id && each.app === app && each.shop === shop && each.order !== undefined);
  const lane = shared?.order?.lane ?? next;
  const left = order === undefined || before === null ? [] : [...order.left, { shard: shardOf(before.endpoint), lane: order.lane }];
  const subscription = { ...after, order: { lane, left: left.filter((each) => each.lane !== lane).slice(-LEFT_MAX) } };
  return { subscription, next: lane === next ? next + 1 : next };
}

/** Lanes that are looked through for what a subscription left behind; who changes an address more often has long been followed. */
const LEFT_MAX = 20;
