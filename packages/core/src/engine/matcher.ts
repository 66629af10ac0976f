import type { Directory } from "../directory/directory.ts";
import type { App, Subscription, SubscriptionSettings } from "../domain/directory-entries.ts";
import { coversTopic, type TopicRule } from "../domain/topic.ts";
import type { Selected } from "../payload/event-selection.ts";

/** Why a subscription that has the topic is owed an event, or is not. */
export type MatchDecision =
  | "owed"
  /** Owed, because its filter could not be decided. */
  | "filter_failed"
  | "held"
  | "scope_lost"
  | "disabled"
  | "scope_missing"
  | "not_installed"
  | "not_changed"
  | "filter_not_matched";

export interface MatchQuery {
  readonly shop: number;
  readonly topic: TopicRule;
  /** The one app that the event is for; null unless the audience is `app`. */
  readonly app: Pick<App, "id"> | null;
  readonly now: number;
  /** How long an ended installation still counts for compliance topics, ms. */
  readonly retentionMs: number;
  /** Asked only about subscriptions that would be owed the event otherwise. */
  readonly selection: Selector;
}

/** Says what the payload decides. */
export interface Selector {
  select(settings: SubscriptionSettings, apiVersion: string): Selected;
}

/** Calls `visit` for every subscription that has the topic within the audience, with the decision. Pure over the directory. */
export function match(directory: Directory, query: MatchQuery, visit: (subscription: Subscription, decision: MatchDecision) => void): void {
  switch (query.topic.audience) {
    case "shop":
      for (const subscription of directory.subscribed(query.shop, query.topic.name)) {
        visit(subscription, ofInstallation(directory, query, subscription));
      }
      return;
    case "app": {
      if (query.app === null) return;
      for (const subscription of directory.declared(query.app.id, query.topic.name))
        visit(subscription, ofStatus(directory, query, subscription));
      for (const subscription of directory.subscribed(query.shop, query.topic.name)) {
        if (subscription.app === query.app.id) visit(subscription, ofInstallation(directory, query, subscription));
      }
      return;
    }
    case "compliance":
      for (const installation of directory.installationsOfShop(query.shop)) {
        const isKnown = installation.endedAt === null || installation.endedAt > query.now - query.retentionMs;
        for (const subscription of directory.declared(installation.app, query.topic.name)) {
          visit(subscription, isKnown ? ofStatus(directory, query, subscription) : "not_installed");
        }
      }
      return;
  }
}

/** Whether a decision makes the event owed. */
export function isOwed(decision: MatchDecision): boolean {
  return decision === "owed" || decision === "held" || decision === "filter_failed";
}

function ofInstallation(directory: Directory, query: MatchQuery, subscription: Subscription): MatchDecision {
  const installation = directory.installation(subscription.app, query.shop);
  if (installation === undefined) return "not_installed";
  if (!coversTopic(installation.scopes, query.topic)) return subscription.statusReason === "scope_lost" ? "scope_lost" : "scope_missing";
  return ofStatus(directory, query, subscription);
}

function ofStatus(directory: Directory, query: MatchQuery, subscription: Subscription): MatchDecision {
  switch (subscription.status) {
    case "active":
      return ofPayload(directory, query, subscription) ?? "owed";
    case "paused":
      return ofPayload(directory, query, subscription) ?? "held";
    case "suspended":
      return subscription.statusReason === "scope_lost" ? "scope_lost" : (ofPayload(directory, query, subscription) ?? "held");
    case "disabled":
      return "disabled";
  }
}

/** Null where the payload leaves the decision to the status. A filter that cannot be decided never keeps an event back. */
function ofPayload(directory: Directory, query: MatchQuery, subscription: Subscription): MatchDecision | null {
  const { settings, status } = subscription;
  if (settings.filter === undefined && settings.changed === undefined) return null;
  const selected = query.selection.select(settings, directory.app(subscription.app)?.apiVersion ?? "");
  if (selected === "matched") return null;
  return selected === "filter_failed" && status !== "active" ? null : selected;
}
