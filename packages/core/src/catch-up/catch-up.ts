import type { Installation, Subscription } from "../domain/directory-entries.ts";
import type { DeliveryKey, DeliveryReason } from "../domain/delivery.ts";
import type { StoredEvent } from "../domain/event.ts";
import { coversTopic, type TopicRules } from "../domain/topic.ts";
import type { LogRow } from "../domain/attempt.ts";
import type { Body, Payloads } from "../payload/payloads.ts";
import type { Numbered } from "../ports/sequences.ts";
import type { Store } from "../ports/store.ts";
import { ok, type Refusal, type Result } from "../refusal.ts";

/** One number, with what there is to have of its event. */
export type CaughtUp = Numbered & {
  readonly content:
    | { readonly state: "available"; readonly event: StoredEvent; readonly body: Body }
    | { readonly state: "cancelled" | "erased" | "expired"; readonly reason: DeliveryReason | null };
};

export interface CatchUpPage {
  /** The number that it begins behind: the one that was asked for, or one below the oldest that is kept. */
  readonly after: number;
  /** Ascending and without gaps. */
  readonly entries: readonly CaughtUp[];
  /** The highest number that was given so far. */
  readonly last: number;
}

export interface CatchUpRequest {
  readonly subscription: Subscription;
  readonly installation: Installation;
  /** Of the app: what its payloads are converted to. */
  readonly apiVersion: string;
  /** The last number that is known; null begins with the oldest that is kept. */
  readonly after: number | null;
  readonly limit: number;
}

export interface CatchUpOptions {
  readonly store: Pick<Store, "sequences" | "events" | "log">;
  readonly topics: TopicRules;
  readonly payloads: Pick<Payloads, "bodyOf">;
  /** Payload bytes of a page, as they were published; one that is larger comes alone. */
  readonly bytesMax: number;
}

/** The events of a numbered subscription in the order of their numbers: none skipped, none twice, whatever has become of their deliveries. */
export class CatchUp {
  readonly #options: CatchUpOptions;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Whether a subscription can be read from at all; null where it can. */
  refuse(subscription: Subscription, installation: Installation): Refusal | null {
    if (subscription.settings.sequence !== true) {
      return {
        code: "webhook_not_numbered",
        message: `Webhook ${subscription.id} is not numbered; set "sequence": true on it.`,
        member: "sequence",
      };
    }
    if (this.#mayHave(subscription.topic, installation)) return null;
    return { code: "topic_scope_missing", message: `The installation has no scope for ${subscription.topic} any more.` };
  }

  async read(request: CatchUpRequest): Promise<Result<CatchUpPage>> {
    const { subscription, limit } = request;
    const { sequences } = this.#options.store;
    const page = await sequences.read(subscription.id, request.after ?? 0, limit);
    if (request.after !== null && request.after + 1 < page.first) {
      const message = `Numbers before ${page.first} are past retention; the oldest that is kept is ${page.first}.`;
      return { ok: false, refusal: { code: "numbers_gone", message, oldest: page.first } };
    }
    // Days are dropped before their numbers: what lies between is told of as expired.
    const after = request.after ?? page.first - 1;
    return ok({ after, entries: await this.#contents(request, page.entries), last: page.last });
  }

  /** Contents for as many numbers as the bytes allow. The log is read after the events: what was cancelled is not shown as if it were not. */
  async #contents({ subscription, installation, apiVersion }: CatchUpRequest, numbered: readonly Numbered[]): Promise<readonly CaughtUp[]> {
    if (numbered.length === 0) return [];
    const { store, bytesMax } = this.#options;
    const events = await store.events.readMany(
      numbered.map(({ eventId }) => eventId),
      bytesMax,
    );
    const keyOf = ({ eventId }: Numbered): DeliveryKey => ({ eventId, subscription: subscription.id });
    const shown = numbered.slice(0, events.length);
    const rows = await store.log.lastRows(shown.map(keyOf));
    return shown.map((each, index) => {
      const content = this.#content(events[index] ?? null, rows[index] ?? null, installation);
      if (content.state !== "available") return { ...each, content };
      return {
        ...each,
        content: { ...content, body: this.#options.payloads.bodyOf(content.event, apiVersion, subscription.settings.fields) },
      };
    });
  }

  #content(
    event: StoredEvent | null,
    last: Pick<LogRow, "state" | "reason"> | null,
    installation: Installation,
  ): { state: "available"; event: StoredEvent } | Exclude<CaughtUp["content"], { state: "available" }> {
    if (event === null) return { state: "expired", reason: null };
    if (event.isErased || last?.reason === "redacted") return { state: "erased", reason: "redacted" };
    if (last?.state === "cancelled") return { state: "cancelled", reason: last.reason };
    // Of a topic that the subscription had before, and that the installation may not have any more.
    if (!this.#mayHave(event.topic, installation)) return { state: "cancelled", reason: "scope_lost" };
    return { state: "available", event };
  }

  #mayHave(topic: string, installation: Installation): boolean {
    const rule = this.#options.topics.get(topic);
    return rule === undefined || coversTopic(installation.scopes, rule);
  }
}
