import type {
  App,
  DeliveryView,
  EventHead,
  Installation,
  KeptAuditRecord,
  LogRow,
  PlatformKey,
  SealedSecret,
  Shop,
  Subscription,
} from "@genhook/core";
import { deliveryId, momentOf, type Directory } from "@genhook/core";

/** Entries as the wire shows them. Row types end here. */

export function momentText(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function webhookView(subscription: Subscription, app: App): Record<string, unknown> {
  return {
    id: subscription.id,
    topic: subscription.topic,
    address: subscription.settings.mode === "pull" ? null : subscription.address,
    createTime: momentText(subscription.createdAt),
    updateTime: momentText(subscription.updatedAt),
    status: subscription.status,
    statusReason: subscription.statusReason,
    apiVersion: app.apiVersion,
    ...subscription.settings,
  };
}

export function shopView(shop: Shop): Record<string, unknown> {
  return {
    domain: shop.domain,
    shopId: shop.shopId,
    plan: shop.plan,
    createTime: momentText(shop.createdAt),
    updateTime: momentText(shop.updatedAt),
  };
}

/** Without secrets: those are shown once, by the call that made them. */
export function appView(app: App): Record<string, unknown> {
  return {
    clientId: app.clientId,
    name: app.name,
    apiVersion: app.apiVersion,
    webhooks: app.webhooks.map(({ topic, address, settings }) => ({ topic, address, ...settings })),
    complianceWebhooks: app.complianceWebhooks,
    listed: app.isListed,
    contact: {
      ...(app.contactEmail === null ? {} : { email: app.contactEmail }),
      ...(app.contactUrl === null ? {} : { url: app.contactUrl }),
    },
    secrets: app.secrets.map(secretView),
    createTime: momentText(app.createdAt),
    updateTime: momentText(app.updatedAt),
  };
}

/** An app as its own calls answer it: with how far its declaration has got. */
export function appEntry(app: App, directory: Directory): Record<string, unknown> {
  const { version, changedAt } = app.declaration;
  return { ...appView(app), declaration: { version, changeTime: momentText(changedAt), ...directory.declarations.progress(app.id) } };
}

/** A secret without what it is; an Ed25519 key with its public half. */
export function secretView({ id, kind, state, publicKey, createdAt }: SealedSecret): Record<string, unknown> {
  return { id, kind, state, ...(publicKey === undefined ? {} : { publicKey }), createTime: momentText(createdAt) };
}

export function auditView(record: KeptAuditRecord): Record<string, unknown> {
  const { id, actor, action, subject, before, after, requestId, at } = record;
  const read = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return { id, actor, action, subject, before: read(before), after: read(after), requestId, createTime: momentText(at) };
}

export function installationView(installation: Installation, app: App, shop: Shop): Record<string, unknown> {
  return { clientId: app.clientId, shop: shop.domain, scopes: installation.scopes, installedAt: momentText(installation.installedAt) };
}

export function keyView(key: PlatformKey): Record<string, unknown> {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    createTime: momentText(key.createdAt),
    revokedTime: key.revokedAt === null ? null : momentText(key.revokedAt),
  };
}

export function deliveryView(view: DeliveryView, directory: Directory): Record<string, unknown> {
  const { subscription, event, last } = view;
  return {
    id: deliveryId(view.key),
    eventId: view.key.eventId,
    webhookId: view.key.subscription,
    endpointId: subscription === null || subscription.settings.mode === "pull" ? "" : subscription.endpoint,
    shop: directory.shop(view.shop)?.domain ?? "",
    clientId: directory.app(view.app)?.clientId ?? "",
    topic: event?.topic ?? subscription?.topic ?? "",
    address: subscription?.address ?? last?.address ?? "",
    state: view.state,
    reason: view.reason,
    ...(view.waitsFor === null ? {} : { waitsFor: deliveryId(view.waitsFor) }),
    round: view.round,
    attemptCount: view.attemptCount,
    nextAttemptAt: view.nextAttemptAt === null ? null : momentText(view.nextAttemptAt),
    lastStatus: last?.status ?? null,
    lastError: last?.error ?? null,
    test: event?.isTest ?? false,
    createTime: event === null ? null : momentText(event.acceptedAt),
    updateTime: momentText(view.updatedAt),
  };
}

export function attemptView(
  row: LogRow,
  requestHeaders: Readonly<Record<string, string>> | null,
  forOperator: boolean,
): Record<string, unknown> {
  return {
    n: row.n,
    round: row.round,
    at: momentText(row.at),
    address: row.address,
    durationMs: row.durationMs,
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(forOperator && row.detail !== null ? { detail: row.detail } : {}),
    requestHeaders,
    responseHeaders: row.responseHeaders === null ? null : readHeaders(row.responseHeaders),
    responseBody: row.responseBody === null ? null : Buffer.from(row.responseBody).toString("utf8"),
  };
}

/** An event's members, without its payload, which is put in as bytes. */
export function eventView(event: EventHead, directory: Directory): Record<string, unknown> {
  return {
    id: event.id,
    shop: directory.shop(event.shop)?.domain ?? "",
    topic: event.topic,
    clientId: event.app === null ? null : (directory.app(event.app)?.clientId ?? ""),
    apiVersion: event.apiVersion,
    triggeredAt: event.triggeredAt,
    createTime: momentOf(event.acceptedAt),
    orderKey: event.orderKey,
    traceparent: event.traceparent,
    changed: event.changed,
    test: event.isTest,
    erased: event.isErased,
  };
}

function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon < 0) continue;
    const name = line.slice(0, colon);
    const before = headers[name];
    headers[name] = before === undefined ? line.slice(colon + 2) : `${before}, ${line.slice(colon + 2)}`;
  }
  return headers;
}
