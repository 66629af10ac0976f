import type { Subscription, SubscriptionSettings } from "../domain/directory-entries.ts";
import { completeOrder, refuseOrder } from "./ordering.ts";

type Members = Readonly<Record<string, unknown>>;

export function isSameSettings(a: SubscriptionSettings = {}, b: SubscriptionSettings = {}): boolean {
  const [one, other] = [a as Members, b as Members];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => isSame(one[name], other[name]));
}

/**
 * Gives a declared webhook the settings that are declared now. Each by itself, and only where it still is as it was declared: what the app or
 * an operator has set differently since stays theirs. Not done where the result would contradict itself (the app has numbered a webhook that is
 * to be ordered): then everything stays as it is. Pure; answers the same subscription where nothing changes.
 */
export function followSettings(
  subscription: Subscription,
  declared: SubscriptionSettings = {},
): { readonly subscription: Subscription; readonly isDone: boolean } {
  const before = subscription.declaredSettings ?? {};
  if (isSameSettings(before, declared)) return { subscription, isDone: true };
  const { declaredSettings: _before, ...rest } = subscription;
  const settings = completeOrder(merge(subscription.settings, before, declared), {});
  if (refuseOrder(settings, subscription.shop, "") !== null) return { subscription, isDone: false };
  const hasSome = Object.keys(declared).length > 0;
  return { subscription: { ...rest, settings, ...(hasSome ? { declaredSettings: declared } : {}) }, isDone: true };
}

function merge(settings: SubscriptionSettings, before: SubscriptionSettings, declared: SubscriptionSettings): SubscriptionSettings {
  const [own, was, is]: readonly Members[] = [settings as Members, before as Members, declared as Members];
  const merged: Record<string, unknown> = { ...own };
  for (const name of new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])) {
    if (!isSame(own?.[name], was?.[name])) continue;
    if (is?.[name] === undefined) delete merged[name];
    else merged[name] = is[name];
  }
  return merged;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
