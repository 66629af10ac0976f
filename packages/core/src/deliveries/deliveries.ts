import { dispositionOf } from "../engine/lane.ts";
import type { StoreClock } from "../engine/store-clock.ts";
import { laneOf, type Directory } from "../directory/directory.ts";
import type { LogRow } from "../domain/attempt.ts";
import type { DeliveryKey, DeliveryState, Task } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { EventContent, EventHead, EventId, StoredEvent } from "../domain/event.ts";
import type { Store } from "../ports/store.ts";
import type { LaneRef, ReplayRequest, ReplayResult } from "../ports/task-queue.ts";
import type { Turn } from "../ports/turn.ts";
import { SUBSCRIPTIONS_LISTED_MAX } from "../limits.ts";
import { ok, refuse, type Result } from "../refusal.ts";
import { isAside } from "../domain/order.ts";
import { BlockedKeys } from "./blocked-keys.ts";
import { orderedLanesOf } from "./ordered-lanes-of.ts";
import { readPage, type DeliveryPage, type DeliveryPosition, type Stretch } from "./delivery-list.ts";
import { viewOf, waiting, type DeliveryView } from "./delivery-view.ts";

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

export interface DeliveriesOptions {
  readonly store: Pick<Store, "events" | "tasks" | "ordered" | "log" | "directory">;
  readonly directory: Directory;
  /** In doubt nothing is re-opened: it would be owed at a wrong time, hours from now perhaps. */
  readonly clock: Pick<StoreClock, "now" | "doubt">;
  /** A delivery was re-opened. */
  readonly onReopened: (event: EventContent, task: Task) => void;
  /** A dead letter of the subscription blocks its order key no more. */
  readonly onUnblocked: (subscription: Subscription) => void;
}

const LANES_ASKED_AT_ONCE = 20;
const FINAL_STATES = ["delivered", "dead", "cancelled"] as const;
/** What happened to deliveries, and replay. A delivery's state is never kept: it follows from its log. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  /** Order keys that dead letters block. */
  readonly blockedKeys: BlockedKeys;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.blockedKeys = new BlockedKeys(options);
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
    const view = withLastAttempt(viewOf(key, event, subscription, rows.at(-1) ?? null), rows);
    if (view.state !== "pending") return { view, rows, event };
    const waitsFor = await this.blockedKeys.waitsFor(key, event?.orderKey ?? null, subscription);
    return { view: waitsFor === null ? view : waiting(view, waitsFor), rows, event };
  }

  /** All deliveries of an event, in the order in which they were owed. */
  async ofEvent(event: EventHead): Promise<readonly DeliveryView[]> {
    const keys = event.owes.map((subscription) => ({ eventId: event.id, subscription }));
    return this.#views(
      keys,
      keys.map(() => event),
    );
  }

  /** A page of the deliveries that fit. Either neighbour may be asked for with what the page gives. */
  async list(filter: DeliveryFilter, turn: Turn<DeliveryPosition>, limit: number): Promise<DeliveryPage> {
    const fitting = (view: DeliveryView): boolean => fits(view, filter);
    if (filter.eventId !== null) return readPage([this.#eventStretch(filter.eventId)], turn, limit, fitting);
    const lanes = await this.#lanesOf(this.#pendingSubscriptions(filter));
    const stretches = this.#laneStretches(lanes);
    if (filter.state !== "pending") stretches.push(this.#finalStretch(filter, await this.#finalSubscriptions(filter)));
    return readPage(stretches, turn, limit, fitting);
  }

  /** Opens another round of a final delivery, at the subscription's current address. */
  async replay(key: DeliveryKey): Promise<Result<DeliveryView>> {
    const subscription = await this.#subscription(key.subscription);
    if (subscription === null) return refuse("not_found", "There is no delivery with this id.");
    if (!maySend(subscription)) {
      const found = await this.get(key);
      if (found === null) return refuse("not_found", "There is no delivery with this id.");
      if (found.view.state === "pending") return refuse("delivery_pending", "The delivery is pending.", "state");
      return refuse("replay_refused", `Nothing can be sent to webhook ${subscription.id}: ${whyNot(subscription)}`);
    }
    const { store, clock } = this.#options;
    const results = await this.#reopen([{ delivery: key, ...lanesOfReplay(subscription) }], null);
    if (results === null) {
      return refuse("overloaded", `No delivery can be given a time just now: ${clock.doubt ?? ""}. Nothing was replayed; try again later.`);
    }
    const [result] = results;
    switch (result?.kind) {
      case "reopened": {
        const [view] = await this.#views([key], await store.events.heads([key.eventId]));
        return view === undefined ? refuse("not_found", "There is no delivery with this id.") : ok(view);
      }
      case "pending":
      case "repeated":
        return refuse("delivery_pending", "The delivery is still pending; there is nothing to replay.", "state");
      case "refused":
        return refuse("replay_refused", `The delivery was ended as ${result.reason}; it cannot be sent again.`);
      case "not_found":
      case undefined:
        return refuse("not_found", "There is no delivery with this id.");
    }
  }

  /**
   * Opens another round of each of these on behalf of a replay job, in one transaction; answers in order what became of each. Null, and nothing
   * was opened: the store's time is in doubt just now.
   */
  async replayMany(keys: readonly DeliveryKey[], job: string): Promise<readonly ReplayResult["kind"][] | null> {
    const kinds = new Map<number, ReplayResult["kind"]>();
    const requests: (ReplayRequest & { readonly index: number })[] = [];
    for (const [index, delivery] of keys.entries()) {
      const subscription = await this.#subscription(delivery.subscription);
      if (subscription === null || !maySend(subscription)) kinds.set(index, "refused");
      else requests.push({ index, delivery, ...lanesOfReplay(subscription) });
    }
    const results = await this.#reopen(requests, job);
    if (results === null) return null;
    for (const [at, { index }] of requests.entries()) kinds.set(index, results[at]?.kind ?? "not_found");
    return keys.map((_, index) => kinds.get(index) ?? "not_found");
  }

  /** Null while the store's time is in doubt: nothing was opened. */
  async #reopen(requests: readonly ReplayRequest[], job: string | null): Promise<readonly ReplayResult[] | null> {
    const { store, clock, onReopened } = this.#options;
    if (clock.doubt !== null) return null;
    if (requests.length === 0) return [];
    const results = await store.tasks.replay(requests, clock.now(), job);
    for (const result of results) if (result.kind === "reopened") onReopened(result.event, result.task);
    return results;
  }

  /** A subscription by id, ended or not. */
  #subscription(id: number): Promise<Subscription | null> {
    const known = this.#options.directory.subscription(id);
    return known === undefined ? this.#options.store.directory.findSubscription(id) : Promise.resolve(known);
  }

  /**
   * Subscriptions whose tasks the filter may name; none unless it names one, an endpoint or an app, because there may be very many. An app's are
   * looked at where they can be, one lane after the other: whose endpoint has failed for an hour has nothing final to look at.
   */
  #pendingSubscriptions(filter: DeliveryFilter): readonly Subscription[] {
    if (filter.state !== null && filter.state !== "pending") return [];
    if (filter.subscription !== null) return [filter.subscription];
    if (filter.endpoint !== null) {
      const { endpoint } = filter;
      return [...this.#options.directory.subscriptions()].filter((each) => each.endpoint === endpoint).sort((a, b) => a.id - b.id);
    }
    const { directory } = this.#options;
    if (filter.app === null) return [];
    const own =
      filter.shop === null
        ? directory.subscriptionsOfApp(filter.app)
        : [...directory.subscriptionsOf(filter.app, filter.shop), ...directory.declaredOf(filter.app)];
    return own.length > SUBSCRIPTIONS_LISTED_MAX ? [] : [...own].sort((a, b) => a.id - b.id);
  }

  #eventStretch(id: EventId): Stretch {
    const { store } = this.#options;
    return {
      rank: Number.POSITIVE_INFINITY,
      read: async (turn, limit) => {
        const [event] = await store.events.heads([id]);
        if (event === null || event === undefined) return [];
        const cursor = "after" in turn ? turn.after : turn.before;
        const at = cursor?.phase === "event" ? cursor.index : null;
        const [from, to] =
          "after" in turn
            ? [(at ?? -1) + 1, (at ?? -1) + 1 + limit]
            : [Math.max(0, (at ?? event.owes.length) - limit), at ?? event.owes.length];
        const views = await this.ofEvent({ ...event, owes: event.owes.slice(from, to) });
        return views.map((view, offset) => ({ view, position: { phase: "event", index: from + offset } }));
      },
    };
  }

  /** Their own lanes, and what is ordered: the lanes of keys that wait come first, because they are numbered so. */
  async #lanesOf(subscriptions: readonly Subscription[]): Promise<readonly LaneRef[]> {
    const ordered = await orderedLanesOf(this.#options.store.tasks, subscriptions);
    return [...subscriptions.map(laneOf), ...ordered].sort((a, b) => a.lane - b.lane);
  }

  /**
   * Of many lanes most are empty, and each would be read to find that out: all are asked together first, then some at a time, and only when a page
   * comes to them.
   */
  #laneStretches(lanes: readonly LaneRef[]): Stretch[] {
    const anyHasWork = this.#askOnce(lanes);
    const stretches: Stretch[] = [];
    for (let from = 0; from < lanes.length; from += LANES_ASKED_AT_ONCE) {
      const some = lanes.slice(from, from + LANES_ASKED_AT_ONCE);
      const hasWork = some.length === lanes.length ? anyHasWork : this.#askOnce(some);
      const isAsked = async (): Promise<boolean> => lanes.length === 1 || ((await anyHasWork()) && (await hasWork()));
      for (const lane of some) stretches.push(this.#laneStretch(lane, isAsked));
    }
    return stretches;
  }

  /** Whether any of these has tasks: looked up at the first call. */
  #askOnce(lanes: readonly LaneRef[]): () => Promise<boolean> {
    let answer: Promise<boolean> | null = null;
    const ask = async (): Promise<boolean> => (await this.#options.store.tasks.measureLanes(lanes, 1)).count > 0;
    return () => (answer ??= ask());
  }

  #laneStretch(lane: LaneRef, hasWork: () => Promise<boolean>): Stretch {
    const { store } = this.#options;
    return {
      rank: lane.lane,
      read: async (turn, limit) => {
        if (!(await hasWork())) return [];
        const tasks = await store.tasks.listLane(
          lane,
          turnAt(turn, (at) => (at.phase === "pending" ? { ...at, ...lane } : null)),
          limit,
        );
        const heads = await store.events.heads(tasks.map((task) => task.eventId));
        const views = await this.#views(tasks, heads);
        return views.map((view, index) => {
          const task = tasks[index] as Task;
          return { view: isAside(task.due) ? waiting(view, null) : view, position: positionOf(task) };
        });
      },
    };
  }

  #finalStretch(filter: DeliveryFilter, subscriptions: readonly number[] | null): Stretch {
    const { store } = this.#options;
    const { from, to } = filter;
    const states = filter.state === null ? FINAL_STATES : FINAL_STATES.filter((state) => state === filter.state);
    return {
      rank: Number.POSITIVE_INFINITY,
      read: async (turn, limit) => {
        const at = turnAt(turn, (position) => (position.phase === "final" ? position : null));
        const rows = await store.log.listFinal({ subscriptions, states, from, to, turn: at, limit });
        const views = await this.#viewsOfRows(rows);
        return views.map((view) => ({ view, position: { phase: "final", ...view.key } }));
      },
    };
  }

  /**
   * Whose final deliveries the filter may name, ended webhooks too: a quiet app or shop would otherwise be looked for among everything that all
   * others got since. Null: everybody's, or of too many to be asked one by one, who then are looked for among all.
   */
  async #finalSubscriptions({ subscription, endpoint, app, shop, topic }: DeliveryFilter): Promise<readonly number[] | null> {
    if (subscription !== null) return [subscription.id];
    const { directory, store } = this.#options;
    if (endpoint === null && app === null && shop === null) return null;
    const ids =
      endpoint === null
        ? await store.directory.subscriptionIds({ app, shop, topic }, SUBSCRIPTIONS_LISTED_MAX + 1)
        : [...directory.subscriptions()].filter((each) => each.endpoint === endpoint).map((each) => each.id);
    return ids.length > SUBSCRIPTIONS_LISTED_MAX ? null : ids;
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

function positionOf({ lane, due, eventId, subscription }: Task): DeliveryPosition {
  return { phase: "pending", lane, due, eventId, subscription };
}

function turnAt<Cursor>(turn: Turn<DeliveryPosition>, read: (at: DeliveryPosition) => Cursor | null): Turn<Cursor> {
  if ("after" in turn) return { after: turn.after === null ? null : read(turn.after) };
  return { before: turn.before === null ? null : read(turn.before) };
}

/** Where a new round queues: what has an order key in the subscription's ordered lane, while it is ordered. */
function lanesOfReplay(subscription: Subscription): Pick<ReplayRequest, "lane" | "orderedLane"> {
  const { order, settings } = subscription;
  const lane = laneOf(subscription);
  return order !== undefined && settings.ordered === true ? { lane, orderedLane: order.lane } : { lane };
}

/** Whether anything is sent to the subscription, now or once it is resumed. */
function maySend(subscription: Subscription): boolean {
  const { kind } = dispositionOf(subscription, false);
  return subscription.endedAt === null && subscription.settings.mode !== "pull" && kind !== "sweep";
}

function whyNot(subscription: Subscription): string {
  if (subscription.endedAt !== null) return "it was deleted.";
  if (subscription.settings.mode === "pull") return "it is in pull mode; fetch the event again by its number.";
  if (subscription.statusReason === "scope_lost") return "the scope of its topic was taken away.";
  return "its endpoint answered 410 Gone; resume it first.";
}
