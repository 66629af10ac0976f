import type { Directory } from "../directory/directory.ts";
import { laneOf } from "../directory/directory.ts";
import type { App, Shop } from "../domain/directory-entries.ts";
import type { EventId, Idempotency, NewEvent, Owed } from "../domain/event.ts";
import { millisecondsOf } from "../domain/event.ts";
import type { TopicRule } from "../domain/topic.ts";
import { isOwed, match } from "../engine/matcher.ts";

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
  readonly isTest: boolean;
  readonly payload: Uint8Array;
  readonly subjects: readonly string[];
  readonly idempotency: Idempotency | null;
}

/** Matches a draft against the directory as it is now and gives the event with all that it owes. */
export function makeEvent(directory: Directory, draft: EventDraft, retentionMs: number): NewEvent {
  const owes: Owed[] = [];
  const acceptedAt = millisecondsOf(draft.id);
  match(directory, { shop: draft.shop.id, topic: draft.topic, app: draft.app, now: acceptedAt, retentionMs }, (subscription, decision) => {
    if (!isOwed(decision)) return;
    const lane = laneOf(subscription);
    owes.push({ subscription: subscription.id, lane: lane.lane, shard: lane.shard });
  });
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
    isTest: draft.isTest,
    payload: draft.payload,
    owes,
    subjects: draft.subjects,
    erases: draft.topic.erases ?? null,
    idempotency: draft.idempotency,
  };
}
