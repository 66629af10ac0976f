import { randomUUID } from "node:crypto";
import {
  isUuid,
  LATENCY_BOUNDS_MS,
  type DirectoryService,
  type HeldCount,
  type PlatformKey,
  type Publisher,
  type Role,
  type StatisticsPoint,
  type Store,
} from "@genhook/core";
import type { Deliveries } from "@genhook/core";
import { parseDuration } from "../settings/duration.ts";
import { makePlatformKey, sha256 } from "../secrets/tokens.ts";
import { fail } from "./api-error.ts";
import { auditRecord } from "./audited.ts";
import { readJsonBody, type Reply } from "./call.ts";
import { readTime, type DeliveriesRoutes } from "./deliveries-routes.ts";
import { listReply, type Handler } from "./directory-api.ts";
import { publishEvents } from "./publish/publish-route.ts";
import { BodyBudget } from "./request-body.ts";
import { deliveryView, eventView, keyView, momentText } from "./views.ts";

export interface PlatformApiOptions {
  readonly store: Store;
  readonly directory: DirectoryService;
  readonly publisher: Publisher;
  readonly deliveries: Deliveries;
  readonly routes: DeliveriesRoutes;
  readonly held: HeldCount;
  readonly now: () => number;
}

type Handlers = Readonly<Record<string, Handler>>;

const MINUTE_MS = 60_000;
const STATS_POINTS_MAX = 1_500;

export function eventHandlers(options: PlatformApiOptions): Handlers {
  const { publisher, deliveries, routes, directory, store } = options;
  const budget = new BodyBudget();
  return {
    publishEvents: (call) => publishEvents(call, publisher, budget),
    getEvent: async (call) => {
      const id = (call.params["id"] ?? "").toLowerCase();
      const event = isUuid(id) ? await store.events.read(id) : null;
      if (event === null) return fail("not_found", "There is no event with this id, or its retention has passed.");
      const owed = await deliveries.ofEvent(event);
      const view = { ...eventView(event, directory.directory), deliveries: owed.map((each) => deliveryView(each, directory.directory)) };
      // The payload goes in as the bytes it was published as.
      const payload = event.isErased ? "null" : Buffer.from(event.payload).toString("utf8");
      const content = `{"event":${JSON.stringify(view).slice(0, -1)},"payload":${payload}}}`;
      return { text: { type: "application/json; charset=utf-8", content } };
    },
    listDeliveries: (call) => routes.list(call, null),
    getDelivery: (call) => routes.get(call, null),
    replayDelivery: (call) => routes.replay(call, null),
    getStats: (call) => getStats(options, call.query),
  };
}

export function keyHandlers(options: PlatformApiOptions): Handlers {
  const { store, now } = options;
  return {
    createKey: async (call) => {
      const { name, role } = (await readJsonBody(call)) as { readonly name: string; readonly role: Role };
      const text = makePlatformKey();
      const key = { id: randomUUID(), name, role, hash: sha256(text), createdAt: now(), revokedAt: null };
      await store.credentials.putKey(key, auditRecord(call, `key ${key.id}`, null, keyView(key), key.createdAt));
      return { body: { key: { ...keyView(key), key: text } } };
    },
    listKeys: async (call) => {
      const keys = await store.credentials.listKeys();
      const placeOf = (key: PlatformKey): string => `${String(key.createdAt).padStart(16, "0")} ${key.id}`;
      const sorted = [...keys].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      return listReply(call, "keys", sorted, placeOf, keyView);
    },
    revokeKey: async (call) => {
      const keys = await store.credentials.listKeys();
      const key = keys.find((each) => each.id === call.params["id"]);
      if (key === undefined) return fail("not_found", "There is no platform key with this id.");
      const isLastAdmin =
        key.role === "admin" && !keys.some((each) => each.id !== key.id && each.role === "admin" && each.revokedAt === null);
      if (isLastAdmin) fail("invalid_member", "This is the last admin key in force; make another one first.", "id");
      if (key.revokedAt === null) {
        const revoked = { ...key, revokedAt: now() };
        await store.credentials.putKey(revoked, auditRecord(call, `key ${key.id}`, keyView(key), keyView(revoked), revoked.revokedAt));
      }
      return { body: {} };
    },
  };
}

async function getStats(options: PlatformApiOptions, query: Readonly<Record<string, string>>): Promise<Reply> {
  const { store, directory, held, now } = options;
  const stepMs = parseDuration(query["step"] ?? "1m") ?? MINUTE_MS;
  const to = Math.ceil(((readTime(query, "to") ?? now()) + 1) / stepMs) * stepMs;
  const from = Math.floor((readTime(query, "from") ?? to - 60 * stepMs) / stepMs) * stepMs;
  if (from >= to) fail("invalid_member", "from must be before to.", "from");
  if ((to - from) / stepMs > STATS_POINTS_MAX)
    fail("invalid_member", `At most ${STATS_POINTS_MAX} points at once: take a larger step.`, "step");
  const shop = query["shop"] === undefined ? null : (directory.directory.shopByDomain(query["shop"])?.id ?? -1);
  const app = query["clientId"] === undefined ? null : (directory.directory.appByClientId(query["clientId"])?.id ?? -1);
  const points = await store.statistics.read({ from, to, stepMs, shop, app, topic: query["topic"] ?? null });
  const backlog = await store.tasks.backlog();
  return {
    body: {
      series: points.map(pointView),
      now: {
        pending: backlog.pending,
        held: await held.read(),
        oldestPendingAt: backlog.oldestDue === null ? null : momentText(backlog.oldestDue),
      },
    },
  };
}

function pointView(point: StatisticsPoint): Record<string, unknown> {
  const { published, delivered, failed, dead, cancelled, latency } = point;
  return {
    at: momentText(point.at),
    published,
    delivered,
    failed,
    dead,
    cancelled,
    p50Ms: quantile(latency, 0.5),
    p99Ms: quantile(latency, 0.99),
  };
}

/** The upper bound of the class that the quantile falls into; the last class, which has none, answers the bound before it. */
function quantile(latency: readonly number[], share: number): number | null {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [index, count] of latency.entries()) {
    seen += count;
    if (seen >= total * share) return LATENCY_BOUNDS_MS[index] ?? LATENCY_BOUNDS_MS.at(-1) ?? null;
  }
  return null;
}
