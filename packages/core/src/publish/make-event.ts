import type { Directory } from "../directory/directory.ts";
import { laneFor } from "../directory/directory.ts";
import type { App, Shop, Subscription } from "../domain/directory-entries.ts";
import type { EventId, Idempotency, NewEvent, Owed } from "../domain/event.ts";
import { millisecondsOf } from "../domain/event.ts";
import type { TopicRule } from "../domain/topic.ts";
import { isOwed, match, type Selector } from "../engine/matcher.ts";

/** What an event is made from, apart from the directory. */
export interface EventDraft {
  readonly id: EventId;
  readonly shop: Shop;
  readonly app: App | null;
  readonly topic: TopicRule;
  readonly apiVersion: string;
  readonly triggeredAt: string;
  readonly orderKey: string | null;
  readonly changed: readonly string[] | null;
  readonly traceparent: string | null;
  /** The one subscription that a test event is for; null for what happened in the shop. */
  readonly testOf: number | null;
  readonly payload: Uint8Array;
  readonly subjects: readonly string[];
  readonly idempotency: Idempotency | null;
}

export interface MakeEventOptions {
  /** How long an ended installation still counts for compliance topics, ms. */
  readonly retentionMs: number;
  /** The draft's payload, asked for each subscription that selects by it; the same for each time that a draft is matched. */
  readonly selection: Selector;
}

/** Matches a draft against the directory as it is now and gives the event with all that it owes. */
export function makeEvent(directory: Directory, draft: EventDraft, options: MakeEventOptions): NewEvent {
  const acceptedAt = millisecondsOf(draft.id);
  return {
    id: draft.id,
    shop: draft.shop.id,
    app: draft.app?.id ?? null,
    topic: draft.topic.name,
    apiVersion: draft.apiVersion,
    triggeredAt: draft.triggeredAt,
    acceptedAt,
    orderKey: draft.orderKey,
    changed: draft.changed,
    traceparent: draft.traceparent,
    isTest: draft.testOf !== null,
    payload: draft.payload,
    owes: draft.testOf === null ? matched(directory, draft, acceptedAt, options) : testOwed(directory, draft.testOf),
    subjects: draft.subjects,
    erases: draft.testOf === null ? (draft.topic.erases ?? null) : null,
    idempotency: draft.idempotency,
  };
}

function matched(directory: Directory, draft: EventDraft, now: number, { retentionMs, selection }: MakeEventOptions): readonly Owed[] {
  const owes: Owed[] = [];
  match(directory, { shop: draft.shop.id, topic: draft.topic, app: draft.app, now, retentionMs, selection }, (subscription, decision) => {
    if (isOwed(decision)) owes.push(owedTo(subscription, draft.orderKey));
  });
  return owes;
}

/** Whatever the subscription asks for: a test is to show that its address is reached. */
function testOwed(directory: Directory, id: number): readonly Owed[] {
  const subscription = directory.subscription(id);
  return subscription === undefined ? [] : [owedTo(subscription, null)];
}

function owedTo(subscription: Subscription, orderKey: string | null): Owed {
  return { subscription: subscription.id, ...laneFor(subscription, orderKey) };
}
