import { createHash } from "node:crypto";
import {
  DAY_MS,
  endpointOf,
  shardOf,
  type App,
  type DirectoryCommit,
  type EndpointState,
  type EventId,
  type Hold,
  type Installation,
  type LogRow,
  type NewEvent,
  type Settlement,
  type Shop,
  type Subscription,
  type Task,
} from "@genhook/core";

export { DAY_MS };

/** 2024-12-30T23:59:59Z: one second before a day ends. */
export const NOW = 1_735_603_199_000;

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

let counter = 0;

/** A UUIDv7 of this time; ids made later are greater. */
export function eventIdAt(at: number): EventId {
  counter += 1;
  const time = at.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${counter.toString(16).padStart(12, "0")}`;
}

export function buildShop(id: number, more: Partial<Shop> = {}): Shop {
  return {
    id,
    domain: `shop-${id}.genmystore.com`,
    shopId: String(1_000 + id),
    plan: "none",
    createdAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    ...more,
  };
}

export function buildApp(id: number, more: Partial<App> = {}): App {
  return {
    id,
    clientId: id.toString(16).padStart(32, "0"),
    name: `app ${id}`,
    apiVersion: "202412",
    secrets: [],
    webhooks: [],
    declaration: { version: 1, changedAt: NOW },
    complianceWebhooks: {},
    isListed: false,
    contactEmail: null,
    contactUrl: null,
    createdAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    ...more,
  };
}

export function buildInstallation(app: number, shop: number, more: Partial<Installation> = {}): Installation {
  return {
    app,
    shop,
    scopes: ["read_orders"],
    tokenHash: sha256(`${app} ${shop}`),
    declaration: { version: 1, missing: 0 },
    installedAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    ...more,
  };
}

export function buildSubscription(id: number, app: number, shop: number | null, more: Partial<Subscription> = {}): Subscription {
  const address = more.address ?? `https://app-${app}.example.com/hooks/${id}`;
  return {
    id,
    uuid: `00000000-0000-7000-8000-${id.toString(16).padStart(12, "0")}`,
    app,
    shop,
    topic: "orders/create",
    address,
    host: new URL(address).hostname,
    endpoint: endpointOf(sha256, app.toString(16).padStart(32, "0"), new URL(address)),
    status: "active",
    statusReason: null,
    settings: {},
    isDeclared: false,
    createdAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    endReason: null,
    ...more,
  };
}

/** An event of shop 1 that is owed to these subscriptions. */
export function buildEvent(owed: readonly Subscription[], more: Partial<NewEvent> = {}): NewEvent {
  const acceptedAt = more.acceptedAt ?? NOW;
  return {
    id: eventIdAt(acceptedAt),
    shop: 1,
    app: null,
    topic: "orders/create",
    apiVersion: "202412",
    triggeredAt: "2024-12-30T23:59:59.000000000Z",
    acceptedAt,
    orderKey: null,
    traceparent: null,
    changed: null,
    isTest: false,
    payload: new TextEncoder().encode('{"order":{"id":1}}'),
    owes: owed.map((each) => ({ subscription: each.id, lane: each.id, shard: shardOf(each.endpoint) })),
    subjects: [],
    erases: null,
    idempotency: null,
    ...more,
  };
}

export function buildIdempotency(key: string, content: string, expiresAt: number = NOW + DAY_MS): NonNullable<NewEvent["idempotency"]> {
  return { keyHash: sha256(key).slice(0, 32), contentHash: sha256(content).slice(0, 32), expiresAt };
}

export function buildCommit(more: Partial<DirectoryCommit>): DirectoryCommit {
  const nothing = { shops: [], apps: [], installations: [], subscriptions: [], holds: [], cancel: [], events: [], audit: [] };
  return { at: NOW, counters: { shop: 10, app: 10, subscription: 8_589_935_000 }, ...nothing, ...more };
}

export function buildHold(n: number, more: Partial<Hold> = {}): Hold {
  return {
    id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
    scope: "shop",
    subject: "shop-1.genmystore.com",
    reason: "an incident",
    madeBy: "key k1",
    createdAt: NOW,
    endsAt: null,
    endedAt: null,
    ...more,
  };
}

/** An endpoint in trouble: its breaker open, failing for an hour. */
export function buildEndpointState(endpoint: string, more: Partial<EndpointState> = {}): EndpointState {
  return {
    endpoint,
    breaker: "open",
    openedAt: NOW - 20_000,
    nextProbeAt: NOW + 20_000,
    probeWaitMs: 40_000,
    pausedUntil: null,
    concurrency: 3,
    failing: { since: NOW - 3_600_000, attempts: 12, lastAt: NOW - 20_000, warnedPercent: 0, warnedAt: null },
    suspendedAt: null,
    lastSuccessAt: null,
    lastFailureAt: NOW - 20_000,
    lastStatus: 503,
    lastError: null,
    updatedAt: NOW,
    ...more,
  };
}

/** A finished attempt of a task. `next`: when it is tried again. */
export function buildSettlement(
  task: Task,
  state: LogRow["state"],
  more: { readonly at?: number; readonly next?: number; readonly row?: Partial<LogRow> } = {},
): Settlement {
  const at = more.at ?? NOW + 10;
  return {
    key: task,
    seq: task.seq,
    row: {
      kind: "attempt",
      subscription: task.subscription,
      eventId: task.eventId,
      seq: task.seq,
      round: task.round,
      n: task.attemptsEver + 1,
      at,
      durationMs: 12,
      status: state === "delivered" ? 200 : 500,
      error: null,
      detail: null,
      address: "https://app-1.example.com/hooks",
      responseHeaders: state === "delivered" ? null : "x-why: because",
      responseBody: new Uint8Array([1, 2, 255]),
      state,
      reason: state === "dead" ? "attempts_exhausted" : null,
      nextAt: more.next ?? null,
      shop: 1,
      app: 1,
      ...more.row,
    },
    next:
      more.next === undefined
        ? null
        : { ...task, due: more.next, seq: task.seq + 1, attempts: task.attempts + 1, attemptsEver: task.attemptsEver + 1 },
    topic: "orders/create",
    latencyMs: 7,
  };
}
