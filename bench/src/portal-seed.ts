import { ApiClient } from "@genhook/contract/client";
import {
  eventIdSource,
  firstTask,
  shardOf,
  type DirectoryChanges,
  type LogRow,
  type NewEvent,
  type Owed,
  type Settlement,
  type Store,
} from "@genhook/core";

export const KEY = "bench-platform-key-0123456789-0123456789";
const SHOPS = 100;
const APPS = 10;
const EVENTS_OF_QUIET = 40;
const PENDING = 20_000;
const DAY_MS = 86_400_000;
const SPREAD_MS = 3 * DAY_MS;
const GROUP = 50;
const PAYLOAD = Buffer.from(JSON.stringify({ order: { id: "300157930096874", totalPrice: "409.94", note: "x".repeat(500) } }));

interface Webhook {
  readonly id: number;
  readonly shop: string;
  readonly clientId: string;
  readonly endpointId: string;
}

/** Who is there: apps on every shop, one on a single shop that hardly ever hears anything, and a paused webhook with much held. */
export interface Scene {
  readonly busy: { readonly clientId: string; readonly clientSecret: string };
  readonly quiet: { readonly clientId: string; readonly clientSecret: string };
  readonly webhooks: readonly Webhook[];
  readonly held: Webhook;
}

const shopOf = (n: number): string => `shop-${n}.genmystore.com`;
const clientIdOf = (n: number): string => n.toString(16).padStart(32, "0");
const secretOf = (n: number): string => `bench-client-secret-${n}`;

/** Shops, apps, installations and webhooks, by the API: nothing where they are there already. */
export async function prepare(origin: string): Promise<Scene> {
  const api = new ApiClient({ origin, credentials: { kind: "platform", key: KEY } });
  const put = (path: string, body: object): Promise<unknown> =>
    api.send({ method: "PUT", path: `/platform/v1/${path}`, body: { mediaType: "application/json", content: JSON.stringify(body) } });
  for (let n = 0; n < SHOPS; n += 1) await put(`shops/${shopOf(n)}`, { plan: "advanced" });
  for (let n = 0; n <= APPS; n += 1) {
    const webhooks = [{ topic: "orders/create", address: `https://app-${n}.example.com/hooks` }];
    await put(`apps/${clientIdOf(n)}`, { name: `App ${n}`, clientSecret: secretOf(n), webhooks });
    for (let shop = 0; shop < (n === APPS ? 1 : SHOPS); shop += 1) {
      await put(`installations/${clientIdOf(n)}/${shopOf(shop)}`, { scopes: ["read_orders", "write_apps"] });
    }
  }
  const webhooks: Webhook[] = [];
  for await (const { id, shop, clientId, endpointId } of api.entries("listAllWebhooks", { query: { limit: 250 } })) {
    if (shop !== null && endpointId !== null) webhooks.push({ id, shop, clientId, endpointId });
  }
  const held = webhooks.find(({ clientId }) => clientId === clientIdOf(0));
  if (held === undefined) throw new Error("no webhook was made");
  await api.call("changeWebhook", { params: { id: held.id }, body: { status: "paused" } });
  return {
    busy: { clientId: clientIdOf(1), clientSecret: secretOf(1) },
    quiet: { clientId: clientIdOf(APPS), clientSecret: secretOf(APPS) },
    webhooks,
    held,
  };
}

/** Deliveries over three days, written as the server itself would: most delivered, some after a failure, some given up; much held at one webhook. */
export async function seed(openStore: () => Promise<Store>, scene: Scene, deliveries: number): Promise<void> {
  const store = await openStore();
  try {
    const dead = await store.log.listFinal({
      subscriptions: null,
      states: ["dead"],
      from: null,
      to: null,
      turn: { after: null },
      limit: 1,
    });
    if (dead.length > 0) return;
    const end = Date.now();
    const seeder = new Seeder(store, scene, await store.directory.changesSince(0), end - SPREAD_MS);
    const quiet = scene.webhooks.filter(({ clientId }) => clientId === scene.quiet.clientId);
    await seeder.write(Array.from({ length: EVENTS_OF_QUIET }, () => quiet));
    const others = scene.webhooks.filter(({ id, clientId }) => id !== scene.held.id && clientId !== scene.quiet.clientId);
    const shops = [...Map.groupBy(others, ({ shop }) => shop).values()];
    const events = Math.ceil(deliveries / APPS);
    for (let done = 0; done < events; done += GROUP) {
      seeder.now = Math.floor(end - SPREAD_MS + (done / events) * (SPREAD_MS - 60_000));
      await seeder.write(Array.from({ length: GROUP }, (_, n) => shops[(done + n) % shops.length] ?? []));
    }
    for (let done = 0; done < PENDING; done += GROUP) await seeder.owe(Array.from({ length: GROUP }, () => [scene.held]));
    // What the server would have done minute by minute: what it still had to do would be measured beside the calls.
    while (!(await store.statistics.sumStep(end - DAY_MS - (end % DAY_MS), 2_000)));
  } finally {
    await store.close();
  }
}

/** Writes events that are owed to webhooks of one shop each. */
class Seeder {
  /** When the next events happen, wall ms. */
  now: number;
  readonly #store: Store;
  readonly #version: number;
  readonly #shops: ReadonlyMap<string, number>;
  readonly #apps: ReadonlyMap<number, number>;
  readonly #newId: () => string;
  #count = 0;

  constructor(store: Store, scene: Scene, directory: DirectoryChanges, now: number) {
    this.now = now;
    this.#store = store;
    this.#version = directory.version;
    this.#shops = new Map(directory.shops.map(({ domain, id }) => [domain, id]));
    const apps = new Map(directory.apps.map(({ clientId, id }) => [clientId, id]));
    this.#apps = new Map(scene.webhooks.map(({ id, clientId }) => [id, apps.get(clientId) ?? 0]));
    this.#newId = eventIdSource({ now: () => this.now }, () => Math.floor(Math.random() * 2 ** 32));
  }

  /** Owed, and what became of it. */
  async write(owed: readonly (readonly Webhook[])[]): Promise<void> {
    const events = await this.owe(owed);
    const first = events.flatMap((event) =>
      event.owes.map((each) => settlementOf(event, each, this.#count++, this.#apps.get(each.subscription) ?? 0)),
    );
    await this.#store.tasks.settle(first);
    const again = first.flatMap(({ next, row }) => (next === null ? [] : [secondOf(next, row)]));
    if (again.length > 0) await this.#store.tasks.settle(again);
  }

  async owe(owed: readonly (readonly Webhook[])[]): Promise<readonly NewEvent[]> {
    const events = owed.map((each) => this.#eventTo(each));
    await this.#store.events.append(events, this.#version);
    return events;
  }

  #eventTo(owed: readonly Webhook[]): NewEvent {
    return {
      id: this.#newId(),
      shop: this.#shops.get(owed[0]?.shop ?? "") ?? 0,
      app: null,
      topic: "orders/create",
      apiVersion: "202412",
      triggeredAt: new Date(this.now).toISOString(),
      acceptedAt: this.now,
      orderKey: null,
      changed: null,
      traceparent: null,
      isTest: false,
      payload: PAYLOAD,
      owes: owed.map(({ id, endpointId }) => ({ subscription: id, lane: id, shard: shardOf(endpointId) })),
      subjects: [],
      erases: null,
      idempotency: null,
    };
  }
}

/** Two in a hundred are given up, one fails first and is delivered at the second attempt. */
function settlementOf(event: NewEvent, owed: Owed, n: number, app: number): Settlement {
  const task = firstTask(event, owed);
  const kind = n % 100 < 2 ? "dead" : n % 100 === 2 ? "retried" : "delivered";
  const isGood = kind === "delivered";
  const at = event.acceptedAt + 20;
  const row: LogRow = {
    kind: "attempt",
    subscription: owed.subscription,
    eventId: event.id,
    seq: 1,
    round: 1,
    n: 1,
    at,
    durationMs: 12,
    status: isGood ? 200 : 500,
    error: null,
    detail: null,
    address: "https://app.example.com/hooks",
    responseHeaders: null,
    responseBody: null,
    state: kind === "retried" ? "pending" : kind,
    reason: kind === "dead" ? "attempts_exhausted" : null,
    nextAt: kind === "retried" ? at + 10_000 : null,
    shop: event.shop,
    app,
  };
  const next = kind === "retried" ? { ...task, due: at + 10_000, seq: 2, attempts: 1, attemptsEver: 1 } : null;
  return { key: task, seq: 1, row, next, topic: event.topic, latencyMs: 25 };
}

function secondOf(task: NonNullable<Settlement["next"]>, first: LogRow): Settlement {
  const row: LogRow = { ...first, seq: 2, n: 2, at: first.at + 10_000, status: 200, state: "delivered", nextAt: null };
  return { key: task, seq: 2, row, next: null, topic: "orders/create", latencyMs: 10_025 };
}
