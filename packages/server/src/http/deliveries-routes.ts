import {
  momentMs,
  parseDeliveryId,
  type Deliveries,
  type DeliveryFilter,
  type DeliveryKey,
  type DeliveryPosition,
  type DeliveryState,
  type Directory,
  type LogRow,
  type Payloads,
  type StoredEvent,
  type Store,
  type Subscription,
  type Turn,
} from "@genhook/core";
import { deliveryId, isUuid, SUBSCRIPTIONS_LISTED_MAX } from "@genhook/core";
import type { SecretVault } from "../secrets/secret-vault.ts";
import { headersOf, type WebhookIdForm } from "../send/delivery-headers.ts";
import { fail, valueOf } from "./api-error.ts";
import { auditRecord } from "./audited.ts";
import type { Call, Reply } from "./call.ts";
import { invalidToken, pageLinks, readPaging } from "./paging.ts";
import { owns, type Owner } from "./owner.ts";
import { attemptView, deliveryView } from "./views.ts";

export interface DeliveriesRoutesOptions {
  readonly deliveries: Deliveries;
  readonly directory: Directory;
  readonly store: Pick<Store, "directory" | "sequences">;
  readonly secrets: SecretVault;
  readonly payloads: Pick<Payloads, "bodyOf">;
  readonly webhookId: WebhookIdForm;
  readonly now: () => number;
}

const NO_FILTER: DeliveryFilter = {
  state: null,
  shop: null,
  app: null,
  subscription: null,
  endpoint: null,
  eventId: null,
  topic: null,
  from: null,
  to: null,
};

/** The same three calls for operators and for app developers, who see their own. */
export class DeliveriesRoutes {
  readonly #options: DeliveriesRoutesOptions;

  constructor(options: DeliveriesRoutesOptions) {
    this.#options = options;
  }

  async list(call: Call, owner: Owner): Promise<Reply> {
    const paging = readPaging(call);
    const filter = await this.#filterOf(paging.filters, owner);
    if (filter === null) return { body: { deliveries: [] } };
    const page = await this.#options.deliveries.list(filter, readTurn(paging.position), paging.limit);
    return {
      headers: pageLinks(call, paging, page),
      body: { deliveries: page.deliveries.map((view) => deliveryView(view, this.#options.directory)) },
    };
  }

  async get(call: Call, owner: Owner): Promise<Reply> {
    const { view, rows, event } = await this.#findOwn(readKey(call), owner);
    const [sequence = null] = await this.#options.store.sequences.numbersOf([view.key]);
    const attempts = rows
      .filter((row) => row.kind === "attempt")
      .map((row, index, all) => {
        const nth = all.slice(0, index + 1).filter((each) => each.round === row.round).length;
        return attemptView(row, this.#requestHeaders(row, { attempt: nth, sequence }, event, view.subscription), owner === null);
      });
    return { body: { delivery: { ...deliveryView(view, this.#options.directory), sequence, attempts } } };
  }

  /** What is sent, as bytes: in the app's version and down to the webhook's fields. */
  async payload(call: Call, owner: NonNullable<Owner>): Promise<Reply> {
    const { view, event } = await this.#findOwn(readKey(call), owner);
    const { directory, payloads } = this.#options;
    const { subscription } = view;
    // Whoever lost the shop, the scope or the webhook may not read what they would not be sent.
    const mayHave =
      subscription !== null &&
      subscription.endedAt === null &&
      subscription.statusReason !== "scope_lost" &&
      (subscription.shop === null || directory.installation(owner.app.id, view.shop) !== undefined);
    if (event === null || event.isErased || !mayHave) return { body: { payload: null } };
    const body = payloads.bodyOf(event, owner.app.apiVersion, subscription.settings.fields);
    const content = `{"payload":${Buffer.from(body.payload).toString("utf8")}}`;
    return { text: { type: "application/json; charset=utf-8", content } };
  }

  async replay(call: Call, owner: Owner): Promise<Reply> {
    const key = readKey(call);
    if (owner !== null) await this.#findOwn(key, owner);
    const view = valueOf(await this.#options.deliveries.replay(key));
    const { store, now } = this.#options;
    const after = { state: view.state, round: view.round };
    await store.directory.record(auditRecord(call, `delivery ${deliveryId(key)}`, null, after, now()));
    return { body: { delivery: deliveryView(view, this.#options.directory) } };
  }

  /** Passes a dead letter over that its order key waits for. */
  async skip(call: Call, owner: Owner): Promise<Reply> {
    const key = readKey(call);
    const { view } = await this.#findOwn(key, owner);
    const { deliveries, store, now } = this.#options;
    valueOf(await deliveries.blockedKeys.skip(key));
    await store.directory.record(auditRecord(call, `delivery ${deliveryId(key)}`, null, { skipped: true }, now()));
    return { body: { delivery: deliveryView(view, this.#options.directory) } };
  }

  /**
   * A delivery that the caller may see. Whose it is, its id says: that of others is turned away like one that there never was, before
   * anything of it is read, so that neither the answer nor its time tells them apart.
   */
  async #findOwn(key: DeliveryKey, owner: Owner): Promise<NonNullable<Awaited<ReturnType<Deliveries["get"]>>>> {
    if (owner !== null) {
      const { directory, store } = this.#options;
      const subscription = directory.subscription(key.subscription) ?? (await store.directory.findSubscription(key.subscription));
      const isOwnApp = subscription !== null && subscription.app === owner.app.id;
      if (!isOwnApp || !(subscription.shop === null || owns(owner, subscription))) return notFound();
    }
    const found = await this.#options.deliveries.get(key);
    return found === null || !owns(owner, found.view) ? notFound() : found;
  }

  /** Null when the filter names something that does not exist, so nothing can fit it. */
  async #filterOf(given: Readonly<Record<string, string>>, owner: Owner): Promise<DeliveryFilter | null> {
    const { directory } = this.#options;
    const state = (given["state"] ?? null) as DeliveryState | null;
    const narrowing = owner === null ? ["webhookId", "eventId", "endpointId"] : ["webhookId", "eventId", "endpointId", "shop"];
    const isFew = owner !== null && directory.subscriptionsOfApp(owner.app.id).length <= SUBSCRIPTIONS_LISTED_MAX;
    if (state === "pending" && (owner?.shop ?? null) === null && !isFew && !narrowing.some((name) => given[name] !== undefined)) {
      fail("missing_member", `state=pending needs ${nameAny(narrowing)}: there may be very many.`, "webhookId");
    }
    const shop = given["shop"] === undefined ? null : directory.shopByDomain(given["shop"]);
    const app = given["clientId"] === undefined ? null : directory.appByClientId(given["clientId"]);
    const subscription =
      given["webhookId"] === undefined ? null : await findSubscription(directory, this.#options.store, given["webhookId"]);
    if (shop === undefined || app === undefined || subscription === undefined) return null;
    if (owner !== null && app !== null && app.id !== owner.app.id) return null;
    if (owner !== null && owner.shop !== null && shop !== null && shop.id !== owner.shop.id) return null;
    if (owner !== null && subscription !== null && subscription.app !== owner.app.id) return null;
    return {
      ...NO_FILTER,
      state,
      shop: owner?.shop?.id ?? shop?.id ?? null,
      app: owner?.app.id ?? app?.id ?? null,
      subscription,
      endpoint: given["endpointId"] ?? null,
      eventId: given["eventId"]?.toLowerCase() ?? null,
      topic: given["topic"] ?? null,
      from: readTime(given, "createTimeMin"),
      to: readTime(given, "createTimeMax"),
    };
  }

  /** Recomputed for display: they are not stored. Signatures, version and fields are today's. */
  #requestHeaders(
    row: LogRow,
    { attempt, sequence }: { readonly attempt: number; readonly sequence: number | null },
    event: StoredEvent | null,
    subscription: Subscription | null,
  ): Record<string, string> | null {
    const { directory, secrets, payloads, webhookId } = this.#options;
    const app = directory.app(row.app);
    const shop = directory.shop(row.shop);
    if (event === null || event.isErased || subscription === null || app === undefined || shop === undefined) return null;
    const flat = headersOf(
      {
        deliveryId: deliveryId(row),
        event: { ...event, ...payloads.bodyOf(event, app.apiVersion, subscription.settings.fields) },
        shopDomain: shop.domain,
        subscriptionId: subscription.id,
        subscriptionUuid: subscription.uuid,
        attempt,
        isReplay: row.round > 1,
        sequence: subscription.settings.sequence === true ? sequence : null,
        at: row.at,
      },
      secrets.liveSecrets(app),
      { webhookId },
    );
    const headers: Record<string, string> = {};
    for (let index = 0; index < flat.length; index += 2) headers[flat[index] ?? ""] = flat[index + 1] ?? "";
    return headers;
  }
}

function readKey(call: Call): DeliveryKey {
  return parseDeliveryId(call.params["id"] ?? "") ?? notFound();
}

function notFound(): never {
  return fail("not_found", "There is no delivery with this id.");
}

function nameAny(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** A webhook by its id or UUID, also one that has ended where it is named by id. */
export async function findSubscription(
  directory: Directory,
  store: Pick<Store, "directory">,
  text: string,
): Promise<Subscription | undefined> {
  const uuid = text.toLowerCase();
  if (isUuid(uuid)) return directory.subscriptionByUuid(uuid);
  const id = Number(text);
  if (!Number.isSafeInteger(id)) return undefined;
  return directory.subscription(id) ?? (await store.directory.findSubscription(id)) ?? undefined;
}

/** A time filter, wall ms; null where it is not given. */
export function readTime(given: Readonly<Record<string, string>>, name: string, within: string = ""): number | null {
  const text = given[name];
  if (text === undefined) return null;
  const member = `${within}${name}`;
  return momentMs(text) ?? fail("invalid_member", `${member} must be an RFC 3339 date and time, such as 2024-12-30T23:59:59Z.`, member);
}

function readTurn(turn: unknown): Turn<DeliveryPosition> {
  if (turn === null) return { after: null };
  if (typeof turn === "object" && "after" in turn) return { after: readPosition(turn.after) };
  return typeof turn === "object" && "before" in turn ? { before: readPosition(turn.before) } : invalidToken();
}

function readPosition(position: unknown): DeliveryPosition | null {
  if (position === null) return null;
  if (typeof position !== "object" || !("phase" in position)) return invalidToken();
  if (position.phase === "event" && "index" in position && isCount(position.index)) return { phase: "event", index: position.index };
  if (!("eventId" in position) || typeof position.eventId !== "string" || !isUuid(position.eventId)) return invalidToken();
  const { phase, eventId } = position;
  if (!("subscription" in position) || !isCount(position.subscription)) return invalidToken();
  const { subscription } = position;
  if (phase === "pending" && "lane" in position && "due" in position) {
    const { lane, due } = position;
    if (isLane(lane) && isCount(due)) return { phase, lane, due, eventId, subscription };
  }
  if (phase === "final") return { phase, eventId, subscription };
  return invalidToken();
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Lanes of order keys lie below 0. */
function isLane(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
