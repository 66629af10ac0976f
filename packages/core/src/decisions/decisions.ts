import { Directory } from "../directory/directory.ts";
import { deliveryId } from "../domain/delivery.ts";
import type { App, Subscription } from "../domain/directory-entries.ts";
import { dayOf, dayOfTime, type EventId, type StoredEvent } from "../domain/event.ts";
import type { TopicRule, TopicRules } from "../domain/topic.ts";
import { match, type MatchDecision, type MatchQuery } from "../engine/matcher.ts";
import type { EventSelection } from "../payload/event-selection.ts";
import type { Payloads } from "../payload/payloads.ts";
import type { Store } from "../ports/store.ts";
import { ok, refuse, type Result } from "../refusal.ts";

/** Why a subscription was owed an event, held it, or was not owed it. */
export type DecisionReason =
  | "matched"
  | "paused"
  | "suspended"
  | Exclude<MatchDecision, "owed" | "held">
  /** It had the topic only after the event. */
  | "subscribed_later"
  /** The event was for one app, and this is another's. */
  | "other_app"
  /** A test event is for the one webhook that asked for it. */
  | "test_event"
  /** The payload is erased, so what a filter said of it cannot be told any more; it was not owed. */
  | "erased";

export interface EventDecision {
  readonly subscription: Subscription;
  readonly app: App | null;
  readonly decision: "owed" | "held" | "not_owed";
  readonly reason: DecisionReason;
  /** For people. */
  readonly detail: string | null;
  readonly deliveryId: string | null;
}

export interface DecisionsOptions {
  readonly store: Pick<Store, "events" | "directory">;
  /** As it is now. */
  readonly directory: Directory;
  readonly topics: TopicRules;
  readonly payloads: Pick<Payloads, "selectionOf">;
  readonly retentionMs: number;
  readonly now: () => number;
}

/** What is known of one event when its decisions are made again. */
interface Then {
  readonly event: StoredEvent;
  readonly topic: TopicRule;
  /** The directory as it was. */
  readonly directory: Directory;
  readonly selection: EventSelection;
}

/**
 * Why: the decisions of an event, made again from the configuration of then with the matcher of now. Whether something was owed is not computed
 * but read: the event says it. What is computed is the reason.
 */
export class Decisions {
  readonly #options: DecisionsOptions;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** For every subscription that had, or has now, the event's topic on its shop; in the order of their ids. `app`: only that app's. */
  async explain(id: EventId, app: number | null): Promise<Result<readonly EventDecision[]>> {
    const { store, payloads, topics, retentionMs, now } = this.#options;
    const event = await store.events.read(id);
    if (event === null) {
      const isPast = dayOf(id) < dayOfTime(now() - retentionMs);
      return isPast ? gone("The event is past retention.") : refuse("not_found", "There is no event with this id.");
    }
    const topic = topics.get(event.topic);
    if (topic === undefined) return gone(`The topic ${event.topic} is no longer known here.`);
    const directory = await this.#directoryAt(event.directoryVersion, event);
    if (directory === null) return gone("The configuration that the event was matched against is past retention.");
    const then: Then = { event, topic, directory, selection: payloads.selectionOf(event) };
    const decisions = await this.#decide(then);
    return ok(
      decisions.filter((each) => app === null || each.subscription.app === app).sort((a, b) => a.subscription.id - b.subscription.id),
    );
  }

  async #decide(then: Then): Promise<readonly EventDecision[]> {
    const { event, directory } = then;
    const found = new Map<number, EventDecision>();
    const put = (subscription: Subscription, decision: MatchDecision): void => {
      found.set(subscription.id, this.#judge(then, subscription, decision));
    };
    match(directory, this.#query(then), put);
    for (const subscription of directory.subscribed(event.shop, event.topic)) {
      if (!found.has(subscription.id)) found.set(subscription.id, this.#notOwed(subscription, "other_app", null));
    }
    for (const subscription of this.#options.directory.subscribed(event.shop, event.topic)) {
      if (!found.has(subscription.id)) found.set(subscription.id, this.#notOwed(subscription, "subscribed_later", null));
    }
    for (const id of event.owes) {
      // It was made together with the event, as a declared webhook is with `app/installed`; or its filter is read otherwise today.
      if ((found.get(id)?.deliveryId ?? null) === null) await this.#putOwed(found, then, id);
    }
    await this.#settleLeftOut(found, then);
    return [...found.values()];
  }

  #judge(then: Then, subscription: Subscription, decision: MatchDecision): EventDecision {
    const { event, topic, directory, selection } = then;
    const apiVersion = directory.app(subscription.app)?.apiVersion ?? "";
    switch (decision) {
      case "owed":
        return this.#owed(event, subscription, "owed", "matched", selection.explain(subscription.settings, apiVersion));
      case "filter_failed":
        if (event.isErased) return this.#owed(event, subscription, "owed", "matched", null);
        return this.#owed(event, subscription, "owed", decision, selection.explain(subscription.settings, apiVersion));
      case "held":
        return this.#owed(event, subscription, "held", subscription.status === "paused" ? "paused" : "suspended", null);
      case "not_changed":
      case "filter_not_matched":
        // Nothing was asked of its filter: a test is for the one webhook.
        if (event.isTest) return this.#notOwed(subscription, "test_event", null);
        return this.#notOwed(subscription, decision, selection.explain(subscription.settings, apiVersion));
      case "scope_missing":
      case "scope_lost": {
        const granted = directory.installation(subscription.app, event.shop)?.scopes ?? [];
        return this.#notOwed(
          subscription,
          decision,
          `one of ${topic.scopes.join(", ")} is needed; granted were ${granted.join(", ") || "none"}`,
        );
      }
      case "disabled":
      case "not_installed":
        return this.#notOwed(subscription, decision, null);
    }
  }

  async #putOwed(found: Map<number, EventDecision>, then: Then, id: number): Promise<void> {
    const { event, directory } = then;
    const known = directory.subscription(id) ?? this.#options.directory.subscription(id);
    const subscription = known ?? (await this.#options.store.directory.findSubscription(id));
    if (subscription !== null) found.set(id, this.#owed(event, subscription, "owed", "matched", null));
  }

  /** Matched, and yet not owed: by a filter on a payload that is erased, a test of another webhook, or the change that made the event. */
  async #settleLeftOut(found: Map<number, EventDecision>, then: Then): Promise<void> {
    const { event } = then;
    const leftOut = [...found.values()].filter((each) => each.deliveryId !== null && !event.owes.includes(each.subscription.id));
    if (leftOut.length === 0) return;
    const after = event.isTest || event.isErased ? null : await this.#directoryAt(event.directoryVersion + 1, event);
    const reasons = new Map<number, MatchDecision>();
    if (after !== null) match(after, this.#query(then), (subscription, decision) => reasons.set(subscription.id, decision));
    for (const { subscription } of leftOut) {
      const decision = reasons.get(subscription.id) ?? "not_installed";
      const reason = decision === "owed" || decision === "held" ? "not_installed" : decision;
      found.set(subscription.id, this.#notOwed(subscription, event.isTest ? "test_event" : event.isErased ? "erased" : reason, null));
    }
  }

  #query(then: Then): MatchQuery {
    const { event, topic, selection } = then;
    return {
      shop: event.shop,
      topic,
      app: event.app === null ? null : { id: event.app },
      now: event.acceptedAt,
      retentionMs: this.#options.retentionMs,
      selection: {
        select: (settings, apiVersion) => {
          if (!event.isErased || settings.filter === undefined) return selection.select(settings, apiVersion);
          const { filter: _, ...rest } = settings;
          return selection.select(rest, apiVersion) === "not_changed" ? "not_changed" : "filter_failed";
        },
      },
    };
  }

  async #directoryAt(version: number, event: StoredEvent): Promise<Directory | null> {
    const changes = await this.#options.store.directory.readAsOf(version, event.shop, event.topic);
    if (changes === null) return null;
    const directory = new Directory();
    directory.apply(changes);
    return directory;
  }

  #owed(
    event: StoredEvent,
    subscription: Subscription,
    decision: "owed" | "held",
    reason: DecisionReason,
    detail: string | null,
  ): EventDecision {
    const key = { eventId: event.id, subscription: subscription.id };
    return { subscription, app: this.#app(subscription), decision, reason, detail, deliveryId: deliveryId(key) };
  }

  #notOwed(subscription: Subscription, reason: DecisionReason, detail: string | null): EventDecision {
    return { subscription, app: this.#app(subscription), decision: "not_owed", reason, detail, deliveryId: null };
  }

  #app(subscription: Subscription): App | null {
    return this.#options.directory.app(subscription.app) ?? null;
  }
}

function gone(message: string): Result<never> {
  return refuse("history_gone", message);
}
