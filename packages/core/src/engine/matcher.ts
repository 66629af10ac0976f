import type { Directory } from "../directory/directory.ts";
import type { App, Subscription } from "../domain/directory-entries.ts";
import { coversTopic, type TopicRule } from "../domain/topic.ts";

/** Why a subscription that has the topic is owed an event, or is not. */
export type MatchDecision = "owed" | "held" | "scope_lost" | "disabled" | "scope_missing" | "not_installed";

export interface MatchQuery {
  readonly shop: number;
  readonly topic: TopicRule;
  /** The one app that the event is for; null unless the audience is `app`. */
  readonly app: App | null;
  readonly now: number;
  /** How long an ended installation still counts for compliance topics, ms. */
  readonly retentionMs: number;
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
      for (const subscription of directory.declared(query.app.id, query.topic.name)) visit(subscription, ofStatus(subscription));
      for (const subscription of directory.subscribed(query.shop, query.topic.name)) {
        if (subscription.app === query.app.id) visit(subscription, ofInstallation(directory, query, subscription));
      }
      return;
    }
    case "compliance":
      for (const installation of directory.installationsOfShop(query.shop)) {
        const isKnown = installation.endedAt === null || installation.endedAt > query.now - query.retentionMs;
        for (const subscription of directory.declared(installation.app, query.topic.name)) {
          visit(subscription, isKnown ? ofStatus(subscription) : "not_installed");
        }
      }
      return;
  }
}

/** Whether a decision makes the event owed. */
export function isOwed(decision: MatchDecision): boolean {
  return decision === "owed" || decision === "held";
}

function ofInstallation(directory: Directory, query: MatchQuery, subscription: Subscription): MatchDecision {
  const installation = directory.installation(subscription.app, query.shop);
  if (installation === undefined) return "not_installed";
  if (!coversTopic(installation.scopes, query.topic)) return subscription.statusReason === "scope_lost" ? "scope_lost" : "scope_missing";
  return ofStatus(subscription);
}

function ofStatus(subscription: Subscription): MatchDecision {
  switch (subscription.status) {
    case "active":
      return "owed";
    case "paused":
      return "held";
    case "suspended":
      return subscription.statusReason === "scope_lost" ? "scope_lost" : "held";
    case "disabled":
      return "disabled";
  }
}
