import { randomUUID } from "node:crypto";
import { isUuid, type DirectoryService, type PlatformKey, type Role, type Store } from "@genhook/core";
import type { Deliveries } from "@genhook/core";
import { makePlatformKey, sha256 } from "../secrets/tokens.ts";
import { fail } from "./api-error.ts";
import { auditRecord } from "./audited.ts";
import { readJsonBody } from "./call.ts";
import type { DeliveriesRoutes } from "./deliveries-routes.ts";
import { listReply, type Handler } from "./directory-api.ts";
import type { EventPublisher } from "./publish/event-publisher.ts";
import { publishEvents } from "./publish/publish-route.ts";
import { BodyBudget } from "./request-body.ts";
import { deliveryView, eventView, keyView } from "./views.ts";

export interface PlatformApiOptions {
  readonly store: Store;
  readonly directory: DirectoryService;
  readonly publisher: EventPublisher;
  readonly deliveries: Deliveries;
  readonly routes: DeliveriesRoutes;
  readonly now: () => number;
}

type Handlers = Readonly<Record<string, Handler>>;

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
    skipDelivery: (call) => routes.skip(call, null),
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
