import type { DirectoryService } from "../directory/directory-service.ts";
import { readPaths } from "../directory/subscription-settings.ts";
import type { App, Shop, Subscription, SubscriptionSettings } from "../domain/directory-entries.ts";
import type { EventId, NewEvent } from "../domain/event.ts";
import { millisecondsOf } from "../domain/event.ts";
import { momentOf, normaliseMoment } from "../domain/moment.ts";
import type { TopicRule, TopicRules } from "../domain/topic.ts";
import type { CommitResult, GroupCommit, Submission } from "../engine/group-commit.ts";
import type { StoreClock } from "../engine/store-clock.ts";
import type { Selector } from "../engine/matcher.ts";
import type { EventSelection, Selected } from "../payload/event-selection.ts";
import type { Payloads } from "../payload/payloads.ts";
import { IDEMPOTENCY_KEPT_MS, MATCHES_MAX } from "../limits.ts";
import { ok, refuse, type Refusal, type Result } from "../refusal.ts";
import { makeEvent, type EventDraft } from "./make-event.ts";

/** A publish as it came in: members checked for type and size, payload known to be a JSON object. */
export interface PublishRequest {
  readonly shop: string;
  readonly topic: string;
  readonly clientId?: string | undefined;
  readonly triggeredAt?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly orderKey?: string | undefined;
  readonly changed?: readonly string[] | undefined;
  /** W3C Trace Context, version 00. */
  readonly traceparent?: string | undefined;
  /** The payload's bytes as the publisher wrote them. */
  readonly payload: Uint8Array;
  /** The same, parsed: for the schema check and the subjects. Never written again. */
  readonly payloadValue: unknown;
}

export interface Published {
  readonly id: EventId;
  readonly deliveries: number;
  readonly duplicate: boolean;
}

export interface PublisherOptions {
  readonly directory: DirectoryService;
  readonly groups: GroupCommit;
  /** Events get their times from it. */
  readonly clock: Pick<StoreClock, "doubt">;
  readonly topics: TopicRules;
  readonly newEventId: () => EventId;
  /** The API version that payloads are published in. */
  readonly apiVersion: string;
  readonly retentionMs: number;
  readonly payloads: Pick<Payloads, "selectionOf">;
  /** First 128 bits of a SHA-256, 32 hex digits. */
  readonly digest: (parts: readonly (string | Uint8Array)[]) => string;
  /** Null when the payload fits its topic's schema. */
  readonly checkPayload: (topic: string, payload: unknown) => Refusal | null;
  /** Keyed hashes of the customers that a payload speaks of. */
  readonly subjectsOf: (shop: number, topic: string, payload: unknown) => readonly string[];
  /** After the commit: the deliveries of an event may start. */
  readonly handOver: (event: NewEvent) => void;
}

/** Told once how a publish ended. */
export interface PublishObserver {
  published(result: Result<Published>): void;
  /** The store refused this one event. */
  failed(error: unknown): void;
}

/** Takes events in: validates, matches, commits with its group, hands over. Answers only what is durable. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Resolves after the fsync. A refused publish keeps no idempotency key. */
  publish(request: PublishRequest): Promise<Result<Published>> {
    return promised((observer) => this.take(request, observer));
  }

  /** The same without a promise: thousands of a batch wait at once, and what each holds is copied by every garbage collection. Never throws. */
  take(request: PublishRequest, observer: PublishObserver): void {
    try {
      const drafted = this.#options.clock.doubt === null ? this.#draft(request) : this.#inDoubt();
      if (drafted.ok) this.#submit(drafted.value, observer);
      else observer.published(drafted);
    } catch (error) {
      // Our mistake with this one event; its neighbours go on.
      observer.failed(error);
    }
  }

  /**
   * Makes an event with this payload that only this subscription is owed, whatever else has the topic. Refused where it could not be sent:
   * a test that waits in a hold tells nobody anything.
   */
  test(subscription: Subscription, payload: Uint8Array): Promise<Result<Published>> {
    const { directory, topics, newEventId, apiVersion } = this.#options;
    const shop = subscription.shop === null ? undefined : directory.directory.shop(subscription.shop);
    const topic = topics.get(subscription.topic);
    if (shop === undefined || topic === undefined) {
      return Promise.resolve(refuse("unknown_topic", `The topic ${subscription.topic} is no longer offered.`, "topic"));
    }
    if (subscription.status !== "active") return Promise.resolve(notActive(subscription));
    if (this.#options.clock.doubt !== null) return Promise.resolve(this.#inDoubt());
    const id = newEventId();
    if (directory.directory.holdOver(subscription, millisecondsOf(id)) !== null) {
      return Promise.resolve(
        refuse("webhook_not_active", "The operator has sending to this webhook stopped; a test would wait.", "status"),
      );
    }
    const draft: EventDraft = {
      id,
      shop,
      app: topic.audience === "app" ? (directory.directory.app(subscription.app) ?? null) : null,
      topic,
      apiVersion,
      triggeredAt: momentOf(millisecondsOf(id)),
      orderKey: null,
      changed: null,
      traceparent: null,
      testOf: subscription.id,
      payload,
      subjects: [],
      idempotency: null,
    };
    return promised((observer) => this.#submit(draft, observer));
  }

  /** Commits a draft that needs no further check. */
  #submit(draft: EventDraft, observer: PublishObserver): void {
    const { groups } = this.#options;
    if (!groups.hasRoom) {
      observer.published(overloaded());
      return;
    }
    const submission = new DraftSubmission(this.#options, draft, observer);
    if (submission.event.owes.length > MATCHES_MAX) {
      observer.published(refuse("too_many_matches", `The event matches more than ${MATCHES_MAX} webhooks.`, "topic"));
      return;
    }
    groups.submit(submission);
  }

  /** Said before an id is made, which would have a wrong time in it, and keep later ones from a right one. */
  #inDoubt(): Result<never> {
    return overloaded(`No event can be given a time just now: ${this.#options.clock.doubt ?? ""}. `);
  }

  #draft(request: PublishRequest): Result<EventDraft> {
    const { directory, topics } = this.#options;
    const shop = directory.directory.shopByDomain(request.shop);
    if (shop === undefined) {
      return refuse("unknown_shop", `There is no shop "${request.shop.slice(0, 260)}"; create it with POST /platform/v1/shops.`, "shop");
    }
    const topic = topics.get(request.topic);
    if (topic === undefined) {
      return refuse("unknown_topic", `There is no topic "${request.topic.slice(0, 100)}"; GET /platform/v1/topics lists them.`, "topic");
    }
    if (topic.madeByGenhook) {
      return refuse("topic_made_by_genhook", `${topic.name} is made by Genhook itself when it happens; it cannot be published.`, "topic");
    }
    const app = this.#appOf(request, topic);
    if (!app.ok) return app;
    const misfit = this.#options.checkPayload(topic.name, request.payloadValue);
    if (misfit !== null) return { ok: false, refusal: misfit };
    // A path that nobody can read would keep the event from those who wait for that change.
    const changed = readPaths(request.changed ?? [], topic.root, "changed");
    if (!changed.ok) return changed;
    return this.#complete(request, shop, topic, app.value);
  }

  #appOf(request: PublishRequest, topic: TopicRule): Result<App | null> {
    if (topic.audience !== "app") {
      return request.clientId === undefined
        ? ok(null)
        : refuse("invalid_member", `${topic.name} goes to every subscribed app; leave clientId out.`, "clientId");
    }
    if (request.clientId === undefined) {
      return refuse("client_id_required", `${topic.name} is for exactly one app: say which with clientId.`, "clientId");
    }
    const app = this.#options.directory.directory.appByClientId(request.clientId);
    return app === undefined ? refuse("unknown_app", `There is no app "${request.clientId.slice(0, 64)}".`, "clientId") : ok(app);
  }

  #complete(request: PublishRequest, shop: Shop, topic: TopicRule, app: App | null): Result<EventDraft> {
    const { newEventId, apiVersion, digest, subjectsOf } = this.#options;
    const id = newEventId();
    const acceptedAt = millisecondsOf(id);
    const triggeredAt = request.triggeredAt === undefined ? momentOf(acceptedAt) : normaliseMoment(request.triggeredAt);
    if (triggeredAt === null) {
      return refuse(
        "invalid_member",
        "triggeredAt must be an RFC 3339 date and time with an offset, such as 2024-12-30T23:59:59.5Z.",
        "triggeredAt",
      );
    }
    return ok({
      id,
      shop,
      app,
      topic,
      apiVersion,
      triggeredAt,
      orderKey: request.orderKey ?? null,
      changed: request.changed ?? null,
      traceparent: request.traceparent ?? null,
      testOf: null,
      payload: request.payload,
      subjects: subjectsOf(shop.id, topic.name, request.payloadValue),
      idempotency:
        request.idempotencyKey === undefined
          ? null
          : {
              keyHash: digest([request.idempotencyKey]),
              contentHash: digest([topic.name, "\n", request.payload]),
              expiresAt: acceptedAt + IDEMPOTENCY_KEPT_MS,
            },
    });
  }
}

/** A draft on its way into the store: matched when it is made, and again when the directory has moved on meanwhile. */
class DraftSubmission implements Submission, Selector {
  event: NewEvent;
  directoryVersion: number;
  readonly #options: PublisherOptions;
  readonly #draft: EventDraft;
  readonly #observer: PublishObserver;
  /** Made at the first question: most events are asked none. */
  #selection: EventSelection | null = null;

  constructor(options: PublisherOptions, draft: EventDraft, observer: PublishObserver) {
    this.#options = options;
    this.#draft = draft;
    this.#observer = observer;
    this.directoryVersion = options.directory.directory.version;
    this.event = this.#match();
  }

  rematch(): void {
    this.directoryVersion = this.#options.directory.directory.version;
    this.event = this.#match();
  }

  done(result: CommitResult): void {
    if (result.kind === "accepted") this.#options.handOver(this.event);
    if (result.kind === "rejected") this.#observer.failed(result.error);
    else this.#observer.published(published(result, this.event));
  }

  select(settings: SubscriptionSettings, apiVersion: string): Selected {
    const { id, topic, apiVersion: publishedIn, changed, payload } = this.#draft;
    this.#selection ??= this.#options.payloads.selectionOf({ id, topic: topic.name, apiVersion: publishedIn, changed, payload });
    return this.#selection.select(settings, apiVersion);
  }

  #match(): NewEvent {
    const { directory, retentionMs } = this.#options;
    return makeEvent(directory.directory, this.#draft, { retentionMs, selection: this });
  }
}

function published(result: Exclude<CommitResult, { kind: "rejected" }>, event: NewEvent): Result<Published> {
  switch (result.kind) {
    case "accepted":
      return ok({ id: event.id, deliveries: event.owes.length, duplicate: false });
    case "duplicate":
      return ok({ id: result.id, deliveries: result.deliveries, duplicate: true });
    case "conflict":
      return refuse(
        "idempotency_key_reused",
        "This idempotencyKey was used for another topic or payload on this shop; use a new key for a new event.",
        "idempotencyKey",
      );
    case "unavailable":
      return overloaded();
  }
}

function notActive({ status, statusReason }: Subscription): Result<never> {
  const why = statusReason === null ? status : `${status} (${statusReason})`;
  const remedy = statusReason === "scope_lost" ? "it needs its topic's scope back" : "resume it first";
  return refuse("webhook_not_active", `The webhook is ${why}, so nothing is sent to it; ${remedy}.`, "status");
}

function overloaded(why = ""): Result<never> {
  return refuse("overloaded", `${why}Nothing was written; try again later with the same idempotencyKey.`);
}

function promised(work: (observer: PublishObserver) => void): Promise<Result<Published>> {
  return new Promise((resolve, reject) => {
    work({ published: resolve, failed: (error) => reject(error instanceof Error ? error : new Error(String(error))) });
  });
}
