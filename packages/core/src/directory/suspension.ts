import type { Subscription } from "../domain/directory-entries.ts";
import type { Failing } from "../domain/endpoint-state.ts";
import type { TopicRules } from "../domain/topic.ts";
import { ok, refuse, type Refusal } from "../refusal.ts";
import type { DecideChange } from "./directory-service.ts";
import { completeOrder, placeInOrder, refuseOrder } from "./ordering.ts";
import { refuseMode, refuseRate, refuseSelection, updateSettings, type SettingsUpdate } from "./subscription-settings.ts";
import { withStatus } from "./subscriptions.ts";

/**
 * Suspends an endpoint that has failed for too long: all its active webhooks at once. What they are owed, and what comes, is held until they
 * are resumed one by one or together.
 */
export function suspendEndpoint(endpoint: string, failing: Failing): DecideChange<readonly Subscription[]> {
  return (directory, now) => {
    const active = directory.subscriptionsAt(endpoint).filter((each) => each.status === "active");
    if (active.length === 0) return ok({ value: [] });
    const subscriptions = active.map((each) => withStatus(each, "suspended", "endpoint_failing", now));
    const after = {
      webhooks: subscriptions.map((each) => each.id),
      failingSince: new Date(failing.since).toISOString(),
      failedAttempts: failing.attempts,
    };
    const audit = {
      at: now,
      actor: "genhook",
      action: "suspendEndpoint",
      subject: `endpoint ${endpoint}`,
      before: null,
      after: JSON.stringify(after),
      requestId: null,
    };
    return ok({ value: subscriptions, subscriptions, audit: [audit] });
  };
}

/** Resumes every webhook of an endpoint that was suspended with it; nothing to do where none is. */
export function resumeEndpoint(endpoint: string): DecideChange<readonly Subscription[]> {
  return (directory, now) => {
    const own = directory.subscriptionsAt(endpoint);
    if (own.length === 0) return refuse("not_found", "There is no endpoint with this id.");
    const subscriptions = own
      .filter((each) => each.statusReason === "endpoint_failing")
      .map((each) => withStatus(each, "active", null, now));
    return ok({ value: subscriptions, subscriptions });
  };
}

export interface SubscriptionPatch {
  readonly status?: "active" | "paused" | undefined;
  readonly settings: SettingsUpdate;
}

/**
 * What an operator changes of a webhook: its settings, and whether it is sent to, whoever stopped it. Without a status the one that it has
 * stays. The app may end an operator's pause like its own: what it must not end is a hold.
 */
export function patchSubscription(topics: TopicRules, id: number, patch: SubscriptionPatch): DecideChange<Subscription> {
  return (directory, now) => {
    const before = directory.subscription(id);
    if (before === undefined) return refuse("not_found", "There is no webhook with this id.");
    const status = patch.status ?? before.status;
    const settings = completeOrder(updateSettings(before.settings, patch.settings), patch.settings);
    const refusal =
      refuseStatus(before, status) ??
      refuseMode(patch.settings, settings, "") ??
      refuseRate(settings, "") ??
      refuseSelection(settings, topics.get(before.topic) ?? null, "") ??
      refuseOrder(settings, before.shop, "");
    if (refusal !== null) return { ok: false, refusal };
    const isSame = status === before.status && JSON.stringify(settings) === JSON.stringify(before.settings);
    if (isSame) return ok({ value: before });
    const statusReason = status === before.status ? before.statusReason : null;
    const after: Subscription = { ...withStatus(before, status, statusReason, now), settings };
    const { subscription, next } = placeInOrder(directory, before, after, directory.counters.subscription);
    return ok({ value: subscription, counters: { ...directory.counters, subscription: next }, subscriptions: [subscription] });
  };
}

function refuseStatus(before: Subscription, status: Subscription["status"]): Refusal | null {
  const { id, topic } = before;
  if (status === before.status) return null;
  if (before.statusReason === "scope_lost") {
    const message = `Webhook ${id} lost the scope of ${topic}; it becomes active when the installation gets it back.`;
    return { code: "topic_scope_missing", message };
  }
  if (status === "active" || before.status === "active") return null;
  return { code: "webhook_not_active", message: `Webhook ${id} is ${before.status}: nothing is sent to it already.`, member: "status" };
}
