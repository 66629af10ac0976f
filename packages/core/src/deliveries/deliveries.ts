import { dispositionOf } from "../engine/lane.ts";
import { laneOf, type Directory } from "../directory/directory.ts";
import type { LogRow } from "../domain/attempt.ts";
import type { DeliveryKey, DeliveryState, Task, TaskKey } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { EventContent, EventHead, EventId, StoredEvent } from "../domain/event.ts";
import type { DeliveryCursor } from "../ports/attempt-log.ts";
import type { Store } from "../ports/store.ts";
import { ok, refuse, type Result } from "../refusal.ts";
import { viewOf, type DeliveryView } from "./delivery-view.ts";

/** Which deliveries; every member narrows, null leaves open. */
export interface DeliveryFilter {
  readonly state: DeliveryState | null;
  readonly shop: number | null;
  readonly app: number | null;
  /** A subscription, ended or not. */
  readonly subscription: Subscription | null;
  readonly endpoint: string | null;
  readonly eventId: EventId | null;
  readonly topic: string | null;
  /** Acceptance of the event, wall ms, both ends included. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Where a list goes on. Pending deliveries come lane by lane in due order, then final ones newest event first. */
export type DeliveryPosition =
  | { readonly phase: "pending"; readonly lane: number; readonly due: number; readonly eventId: EventId }
  | { readonly phase: "final"; readonly eventId: EventId; readonly subscription: number };

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryView[];
  /** Null when there is no more. */
  readonly next: DeliveryPosition | null;
}

export interface DeliveriesOptions {
  readonly store: Pick<Store, "events" | "tasks" | "log" | "directory">;
  readonly directory: Directory;
  readonly now: () => number;
  /** A delivery was re-opened. */
  readonly onReopened: (event: EventContent, task: Task) => void;
}

const FINAL_STATES = ["delivered", "dead", "cancelled"] as const;
/** Rows looked at for one page: a filter that fits nothing answers a short page and a place to go on, not a scan of everything. */
const LOOKED_AT_MAX = 2_000;

/** What happened to deliveries, and replay. A delivery's state is never kept: it follows from its log. */
export class Deliveries {
  readonly #options: DeliveriesOptions;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Null when there is no such delivery. */
  async get(
    key: DeliveryKey,
  ): Promise<{ readonly view: DeliveryView; readonly rows: readonly LogRow[]; readonly event: StoredEvent | null } | null> {
    const { store } = this.#options;
    const [event, rows, subscription] = await Promise.all([
      store.events.read(key.eventId),
      store.log.ofDelivery(key),
      this.#subscription(key.subscription),
    ]);
    if (rows.length === 0 && event?.owes.includes(key.subscription) !== true) return null;
    return { view: withLastAttempt(viewOf(key, event, subscription, rows.at(-1) ?? null), rows), rows, event };
  }

  /** All deliveries of an event, in the order in which they were owed. */
  async ofEvent(event: EventHead): Promise<readonly DeliveryView[]> {
    const keys = event.owes.map((subscription) => ({ eventId: event.id, subscription }));
    return this.#views(
      keys,
      keys.map(() => event),
    );
  }

  async list(filter: DeliveryFilter, after: DeliveryPosition | null, limit: number): Promise<DeliveryPage> {
    if (filter.eventId !== null) return this.#listEvent(filter.eventId, filter);
    const lanes = this.#pendingLanes(filter);
    const found: DeliveryView[] = [];
    if (lanes.length > 0 && after?.phase !== "final") {
      const next = await this.#listPending(lanes, filter, after, limit, found);
      if (next !== null) return { deliveries: found, next };
    }
    if (filter.state === "pending") return { deliveries: found, next: null };
    const next = await this.#listFinal(filter, after?.phase === "final" ? after : null, limit, found);
    return { deliveries: found, next };
  }

  /** Opens another round of a final delivery, at the subscription's current address. */
  async replay(key: DeliveryKey): Promise<Result<DeliveryView>> {
    const subscription = await this.#subscription(key.subscription);
    if (subscription === null) return refuse("not_found", "There is no delivery with this id.");
    const disposition = dispositionOf(subscription);
    if (subscription.endedAt !== null || disposition.kind === "sweep") {
      const found = await this.get(key);
      if (found === null) return refuse("not_found", "There is no delivery with this id.");
      if (found.view.state === "pending") return refuse("delivery_pending", "The delivery is pending.", "state");
      return refuse("replay_refused", `Nothing can be sent to webhook ${subscription.id}: ${whyNot(subscription)}`);
    }
    const { store, now, onReopened } = this.#options;
    const result = await store.tasks.replay(key, laneOf(subscription), now());
    switch (result.kind) {
      case "reopened": {
        onReopened(result.event, result.task);
        const [view] = await this.#views([key], await store.events.heads([key.eventId]));
        return view === undefined ? refuse("not_found", "There is no delivery with this id.") : ok(view);
      }
      case "pending":
        return refuse("delivery_pending", "The delivery is still pending; there is nothing to replay.", "state");
      case "refused":
        return refuse("replay_refused", `The delivery was ended as ${result.reason}; it cannot be sent again.`);
      case "not_found":
        return refuse("not_found", "There is no delivery with this id.");
    }
  }

  /** A subscription by id, ended or not. */
  #subscription(id: number): Promise<Subscription | null> {
    const known = this.#options.directory.subscription(id);
    return known === undefined ? this.#options.store.directory.findSubscription(id) : Promise.resolve(known);
  }

  async #listEvent(id: EventId, filter: DeliveryFilter): Promise<DeliveryPage> {
    const [event] = await this.#options.store.events.heads([id]);
    if (event === null || event === undefined) return { deliveries: [], next: null };
    const views = await this.ofEvent(event);
    return { deliveries: views.filter((view) => fits(view, filter)), next: null };
  }

  /** Lanes whose tasks the filter may name; none unless it names a subscription or an endpoint, because there may be very many. */
  #pendingLanes(filter: DeliveryFilter): readonly Subscription[] {
    if (filter.state !== null && filter.state !== "pending") return [];
    if (filter.subscription !== null) return [filter.subscription];
    if (filter.endpoint !== null) {
      const { endpoint } = filter;
      return [...this.#options.directory.subscriptions()].filter((each) => each.endpoint === endpoint).sort((a, b) => a.id - b.id);
    }
    if (filter.shop !== null && filter.app !== null) {
      const own = this.#options.directory.subscriptionsOf(filter.app, filter.shop);
      return [...own, ...this.#options.directory.declaredOf(filter.app)].sort((a, b) => a.id - b.id);
    }
    return [];
  }

  async #listPending(
    lanes: readonly Subscription[],
    filter: DeliveryFilter,
    after: Extract<DeliveryPosition, { phase: "pending" }> | null,
    limit: number,
    found: DeliveryView[],
  ): Promise<DeliveryPosition | null> {
    let looked = 0;
    for (const subscription of lanes) {
      if (after !== null && subscription.id < after.lane) continue;
      const lane = laneOf(subscription);
      let from: TaskKey | null = after?.lane === lane.lane ? { ...lane, due: after.due, eventId: after.eventId } : null;
      for (;;) {
        const tasks: readonly Task[] = await this.#options.store.tasks.listLane(lane, from, limit);
        looked += tasks.length;
        const heads = await this.#options.store.events.heads(tasks.map((task) => task.eventId));
        for (const [index, view] of (await this.#views(tasks, heads)).entries()) {
          const task = tasks[index];
          if (task === undefined) continue;
          from = task;
          if (!fits(view, filter)) continue;
          found.push(view);
          if (found.length >= limit) return { phase: "pending", lane: task.lane, due: task.due, eventId: task.eventId };
        }
        if (tasks.length < limit) break;
        if (looked >= LOOKED_AT_MAX && from !== null) return { phase: "pending", lane: from.lane, due: from.due, eventId: from.eventId };
      }
    }
    return null;
  }

  async #listFinal(
    filter: DeliveryFilter,
    after: DeliveryCursor | null,
    limit: number,
    found: DeliveryView[],
  ): Promise<DeliveryPosition | null> {
    const { store } = this.#options;
    const states = filter.state === null ? FINAL_STATES : FINAL_STATES.filter((state) => state === filter.state);
    const subscriptions = this.#finalSubscriptions(filter);
    let position = after;
    for (let looked = 0; looked < LOOKED_AT_MAX;) {
      const rows: readonly LogRow[] = await store.log.listFinal({
        subscriptions,
        states,
        from: filter.from,
        to: filter.to,
        after: position,
        limit,
      });
      looked += Math.max(1, rows.length);
      const views = await this.#viewsOfRows(rows);
      for (const [index, view] of views.entries()) {
        const row = rows[index];
        if (row === undefined) continue;
        position = { eventId: row.eventId, subscription: row.subscription };
        if (!fits(view, filter)) continue;
        found.push(view);
        if (found.length >= limit) return { phase: "final", ...position };
      }
      if (rows.length < limit) return null;
    }
    return position === null ? null : { phase: "final", ...position };
  }

  #finalSubscriptions(filter: DeliveryFilter): readonly number[] | null {
    if (filter.subscription !== null) return [filter.subscription.id];
    if (filter.endpoint === null) return null;
    const { endpoint } = filter;
    return [...this.#options.directory.subscriptions()].filter((each) => each.endpoint === endpoint).map((each) => each.id);
  }

  async #viewsOfRows(rows: readonly LogRow[]): Promise<readonly DeliveryView[]> {
    const heads = await this.#options.store.events.heads(rows.map((row) => row.eventId));
    return Promise.all(rows.map((row, index) => this.#view(row, heads[index] ?? null, row)));
  }

  async #views(keys: readonly DeliveryKey[], heads: readonly (EventHead | null)[]): Promise<readonly DeliveryView[]> {
    const last = await this.#options.store.log.lastRows(keys);
    return Promise.all(keys.map((key, index) => this.#view(key, heads[index] ?? null, last[index] ?? null)));
  }

  async #view({ eventId, subscription }: DeliveryKey, head: EventHead | null, last: LogRow | null): Promise<DeliveryView> {
    const key = { eventId, subscription };
    const view = viewOf(key, head, await this.#subscription(subscription), last);
    if (last === null || last.kind === "attempt" || last.n === 0) return view;
    return withLastAttempt(view, await this.#options.store.log.ofDelivery(key));
  }
}

/** Status and error are the last attempt's, also where a later row ended or re-opened the delivery. */
function withLastAttempt(view: DeliveryView, rows: readonly LogRow[]): DeliveryView {
  const attempt = rows.findLast((row) => row.kind === "attempt");
  if (view.last === null || attempt === undefined) return view;
  return { ...view, last: { ...view.last, status: attempt.status, error: attempt.error, detail: attempt.detail } };
}

function fits(view: DeliveryView, filter: DeliveryFilter): boolean {
  const acceptedAt = view.event?.acceptedAt ?? null;
  return (
    (filter.state === null || view.state === filter.state) &&
    (filter.shop === null || view.shop === filter.shop) &&
    (filter.app === null || view.app === filter.app) &&
    (filter.subscription === null || view.key.subscription === filter.subscription.id) &&
    (filter.endpoint === null || view.subscription?.endpoint === filter.endpoint) &&
    (filter.topic === null || view.event?.topic === filter.topic) &&
    (filter.from === null || (acceptedAt !== null && acceptedAt >= filter.from)) &&
    (filter.to === null || (acceptedAt !== null && acceptedAt <= filter.to))
  );
}

function whyNot(subscription: Subscription): string {
  if (subscription.endedAt !== null) return "it was deleted.";
  if (subscription.statusReason === "scope_lost") return "the scope of its topic was taken away.";
  return "its endpoint answered 410 Gone; resume it first.";
}
