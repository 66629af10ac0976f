/* oxlint-disable max-lines -- made from the route table */
// Made from `packages/contract/src/routes.ts` by `npm run golden:update`.
import type { OperationRow } from "./operation-row.ts";

export type AppEndpointEntry = { readonly id: string; readonly clientId: string; readonly address: string; readonly host: string; readonly webhooks: { readonly active: number; readonly paused: number; readonly suspended: number; readonly disabled: number; readonly held: number }; readonly breaker: "closed" | "open"; readonly openedAt: string | null; readonly nextProbeAt: string | null; readonly pausedUntil: string | null; readonly concurrency: number | null; readonly ratePerSecond: number | null; readonly effectiveRatePerSecond: number | null; readonly failingSince: string | null; readonly failedAttempts: number; readonly warnedPercent: number; readonly suspendsAt: string | null; readonly lastSuccessAt: string | null; readonly lastFailureAt: string | null; readonly lastStatus: number | null; readonly lastError: string | null; readonly held: { readonly reason: string; readonly endsAt: string | null } | null };

export type AppEntry = { readonly clientId: string; readonly clientSecret?: string; readonly signingSecret?: string; readonly name: string; readonly apiVersion: string; readonly webhooks: readonly ({ readonly topic: string; readonly address: string; readonly sequence?: boolean; readonly filter?: string; readonly fields?: readonly (string)[]; readonly changed?: readonly (string)[]; readonly ordered?: boolean; readonly onDead?: "block" | "skip"; readonly ratePerSecond?: number })[]; readonly complianceWebhooks: Readonly<Record<string, unknown>>; readonly listed: boolean; readonly contact: { readonly email?: string; readonly url?: string }; readonly declaration: { readonly version: number; readonly changeTime: string; readonly installations: number; readonly done: number; readonly missing: number }; readonly secrets: readonly ({ readonly id: string; readonly kind: "client" | "signing" | "ed25519"; readonly state: "staged" | "live" | "retiring" | "revoked"; readonly publicKey?: string; readonly createTime: string })[]; readonly createTime: string; readonly updateTime: string };

export type AppWebhookEntry = { readonly id: number; readonly topic: string; readonly address: string | null; readonly createTime: string; readonly updateTime: string; readonly status: "active" | "paused" | "suspended" | "disabled"; readonly statusReason: "endpoint_failing" | "scope_lost" | "gone" | null; readonly apiVersion: string; readonly mode?: "pull"; readonly sequence?: boolean; readonly filter?: string; readonly fields?: readonly (string)[]; readonly changed?: readonly (string)[]; readonly ordered?: boolean; readonly onDead?: "block" | "skip"; readonly ratePerSecond?: number; readonly uuid: string; readonly shop: string | null; readonly clientId: string; readonly endpointId: string | null; readonly declared: boolean; readonly held: { readonly reason: string; readonly endsAt: string | null } | null };

export type AttemptEntry = { readonly n: number; readonly round: number; readonly at: string; readonly address: string; readonly durationMs: number; readonly status?: number; readonly error?: string; readonly detail?: string; readonly requestHeaders: Readonly<Record<string, unknown>> | null; readonly responseHeaders: Readonly<Record<string, unknown>> | null; readonly responseBody: string | null };

export type AuditEntry = { readonly id: number; readonly actor: string; readonly action: string; readonly subject: string; readonly before: Readonly<Record<string, unknown>> | null; readonly after: Readonly<Record<string, unknown>> | null; readonly requestId: string | null; readonly createTime: string };

export type BlockedKeyEntry = { readonly orderKey: string; readonly deliveryId: string; readonly webhookId: number; readonly endpointId: string; readonly shop: string; readonly clientId: string; readonly since: string; readonly pending: number; readonly more: boolean };

export type DecisionEntry = { readonly webhookId: number; readonly clientId: string; readonly address: string; readonly decision: "owed" | "held" | "not_owed"; readonly reason: "matched" | "filter_failed" | "paused" | "suspended" | "filter_not_matched" | "not_changed" | "scope_missing" | "scope_lost" | "disabled" | "not_installed" | "subscribed_later" | "other_app" | "test_event" | "erased"; readonly detail: string | null; readonly deliveryId: string | null };

export type DeliveryEntry = { readonly id: string; readonly eventId: string; readonly webhookId: number; readonly endpointId: string; readonly shop: string; readonly clientId: string; readonly topic: string; readonly address: string; readonly state: "pending" | "delivered" | "dead" | "cancelled"; readonly reason: string | null; readonly waitsFor?: string; readonly round: number; readonly attemptCount: number; readonly nextAttemptAt: string | null; readonly lastStatus: number | null; readonly lastError: string | null; readonly test: boolean; readonly createTime: string | null; readonly updateTime: string };

export type EndpointEntry = { readonly id: string; readonly clientId: string; readonly address: string; readonly host: string; readonly webhooks: { readonly active: number; readonly paused: number; readonly suspended: number; readonly disabled: number; readonly held: number }; readonly breaker: "closed" | "open"; readonly openedAt: string | null; readonly nextProbeAt: string | null; readonly pausedUntil: string | null; readonly concurrency: number | null; readonly ratePerSecond: number | null; readonly effectiveRatePerSecond: number | null; readonly failingSince: string | null; readonly failedAttempts: number; readonly warnedPercent: number; readonly suspendsAt: string | null; readonly lastSuccessAt: string | null; readonly lastFailureAt: string | null; readonly lastStatus: number | null; readonly lastError: string | null; readonly held: { readonly id: string; readonly scope: string; readonly subject: string; readonly reason: string; readonly endsAt: string | null } | null };

export type EventEntry = { readonly id: string; readonly shop: string; readonly topic: string; readonly clientId: string | null; readonly apiVersion: string; readonly triggeredAt: string; readonly createTime: string; readonly orderKey: string | null; readonly traceparent: string | null; readonly changed: readonly (string)[] | null; readonly test: boolean; readonly erased: boolean; readonly payload: Readonly<Record<string, unknown>> | null; readonly deliveries: readonly (DeliveryEntry)[] };

export type FullDeliveryEntry = { readonly id: string; readonly eventId: string; readonly webhookId: number; readonly endpointId: string; readonly shop: string; readonly clientId: string; readonly topic: string; readonly address: string; readonly state: "pending" | "delivered" | "dead" | "cancelled"; readonly reason: string | null; readonly waitsFor?: string; readonly round: number; readonly attemptCount: number; readonly nextAttemptAt: string | null; readonly lastStatus: number | null; readonly lastError: string | null; readonly test: boolean; readonly createTime: string | null; readonly updateTime: string; readonly sequence: number | null; readonly attempts: readonly (AttemptEntry)[] };

export type HoldEntry = { readonly id: string; readonly scope: "shop" | "app" | "host" | "topic" | "all"; readonly subject: string | null; readonly reason: string; readonly madeBy: string; readonly createTime: string; readonly endsAt: string | null };

export type InstallationEntry = { readonly clientId: string; readonly shop: string; readonly scopes: readonly (string)[]; readonly accessToken?: string; readonly installedAt: string };

export type KeyEntry = { readonly id: string; readonly name: string; readonly role: "admin" | "publish" | "read"; readonly key?: string; readonly createTime: string; readonly revokedTime: string | null };

export type OwnAppEntry = { readonly clientId: string; readonly name: string; readonly apiVersion: string; readonly webhooks: readonly ({ readonly topic: string; readonly address: string; readonly sequence?: boolean; readonly filter?: string; readonly fields?: readonly (string)[]; readonly changed?: readonly (string)[]; readonly ordered?: boolean; readonly onDead?: "block" | "skip"; readonly ratePerSecond?: number })[]; readonly complianceWebhooks: Readonly<Record<string, unknown>>; readonly listed: boolean; readonly contact: { readonly email?: string; readonly url?: string }; readonly secrets: readonly ({ readonly id: string; readonly kind: "client" | "signing" | "ed25519"; readonly state: "staged" | "live" | "retiring" | "revoked"; readonly publicKey?: string; readonly createTime: string })[]; readonly createTime: string; readonly updateTime: string };

export type PlatformWebhookEntry = { readonly id: number; readonly topic: string; readonly address: string | null; readonly createTime: string; readonly updateTime: string; readonly status: "active" | "paused" | "suspended" | "disabled"; readonly statusReason: "endpoint_failing" | "scope_lost" | "gone" | null; readonly apiVersion: string; readonly mode?: "pull"; readonly sequence?: boolean; readonly filter?: string; readonly fields?: readonly (string)[]; readonly changed?: readonly (string)[]; readonly ordered?: boolean; readonly onDead?: "block" | "skip"; readonly ratePerSecond?: number; readonly uuid: string; readonly shop: string | null; readonly clientId: string; readonly endpointId: string | null; readonly declared: boolean; readonly held: { readonly id: string; readonly scope: string; readonly subject: string; readonly reason: string; readonly endsAt: string | null } | null };

export type PortalLinkEntry = { readonly id: string; readonly clientId: string; readonly shop: string | null; readonly can: readonly ("read" | "replay" | "edit")[]; readonly expiresAt: string; readonly frameAncestors: readonly (string)[]; readonly state: "unopened" | "open" | "ended" | "revoked"; readonly madeBy: string; readonly createTime: string; readonly openTime: string | null; readonly revokedTime: string | null };

export type PublicKeyEntry = { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly alg: "EdDSA"; readonly use: "sig"; readonly kid: string; readonly x: string; readonly publicKey: string; readonly state: "staged" | "live" | "retiring" | "revoked"; readonly createTime: string };

export type ReplayEntry = { readonly id: string; readonly state: "running" | "paused" | "done" | "cancelled"; readonly dryRun: boolean; readonly filter: { readonly state?: "dead" | "cancelled" | "delivered"; readonly shop?: string; readonly clientId?: string; readonly webhookId?: number | string; readonly endpointId?: string; readonly topic?: string; readonly eventId?: string; readonly createTimeMin?: string; readonly createTimeMax?: string }; readonly ratePerSecond: number; readonly matched: number; readonly counted: boolean; readonly done: number; readonly reopened: number; readonly madeBy: string; readonly createTime: string; readonly updateTime: string };

export type SecretEntry = { readonly id: string; readonly kind: "client" | "signing" | "ed25519"; readonly state: "staged" | "live" | "retiring" | "revoked"; readonly publicKey?: string; readonly createTime: string; readonly secret?: string };

export type ShopEntry = { readonly domain: string; readonly shopId: string; readonly plan: "none" | "basic" | "standard" | "advanced"; readonly createTime: string; readonly updateTime: string };

export type TokenEntry = { readonly token?: string; readonly clientId: string; readonly shop: string | null; readonly can: readonly ("read" | "replay" | "edit")[]; readonly expiresAt: string };

export type TopicEntry = { readonly name: string; readonly domain: string; readonly title: string; readonly description: string; readonly audience: string; readonly scopes: readonly (string)[]; readonly root: string; readonly subjects: readonly (string)[]; readonly madeByGenhook: boolean; readonly versions: Readonly<Record<string, unknown>>; readonly sample: Readonly<Record<string, unknown>> };

export type Webhook = { readonly id: number; readonly topic: string; readonly address: string | null; readonly createTime: string; readonly updateTime: string; readonly status: "active" | "paused" | "suspended" | "disabled"; readonly statusReason: "endpoint_failing" | "scope_lost" | "gone" | null; readonly apiVersion: string; readonly mode?: "pull"; readonly sequence?: boolean; readonly filter?: string; readonly fields?: readonly (string)[]; readonly changed?: readonly (string)[]; readonly ordered?: boolean; readonly onDead?: "block" | "skip"; readonly ratePerSecond?: number; readonly held?: { readonly reason: string; readonly endsAt: string | null } };

/** What each call takes and answers. */
export interface Operations {
  /** POST /api/:version/app/webhooks: Subscribe to a topic. */
  createWebhook: { input: { body: { readonly webhook: { readonly topic: string; readonly address?: string | null; readonly sequence?: boolean | null; readonly mode?: "push" | "pull" | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null } } }; answer: { readonly webhook: Webhook } };
  /** GET /api/:version/app/webhooks: List webhooks. */
  listWebhooks: { input: { query?: { limit?: string | number; pageToken?: string | number; sinceId?: number | string; topic?: string | number; address?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; updateTimeMin?: string | number; updateTimeMax?: string | number } }; answer: { readonly webhooks: readonly (Webhook)[] }; entry: Webhook };
  /** GET /api/:version/app/webhooks/count: Count webhooks. */
  countWebhooks: { input: { query?: { topic?: string | number; address?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; updateTimeMin?: string | number; updateTimeMax?: string | number } }; answer: { readonly count: number } };
  /** GET /api/:version/app/webhooks/:id: Get a webhook. */
  getWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: Webhook } };
  /** PUT /api/:version/app/webhooks/:id: Change topic, address or settings (null removes one); ends a pause, suspension or disablement. */
  updateWebhook: { input: { params: { id: string | number }; body: { readonly webhook: { readonly id?: number | string; readonly topic?: string; readonly address?: string | null; readonly sequence?: boolean | null; readonly mode?: "push" | "pull" | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null; readonly createTime?: unknown; readonly updateTime?: unknown; readonly status?: unknown; readonly statusReason?: unknown; readonly apiVersion?: unknown; readonly held?: unknown } } }; answer: { readonly webhook: Webhook } };
  /** DELETE /api/:version/app/webhooks/:id: Unsubscribe; what is pending is cancelled. */
  deleteWebhook: { input: { params: { id: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /api/:version/app/webhooks/:id/pause: Hold what is owed and what comes. */
  pauseWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: Webhook } };
  /** POST /api/:version/app/webhooks/:id/resume: Send again, beginning with what was held. */
  resumeWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: Webhook } };
  /** POST /api/:version/app/webhooks/:id/test: Send a test event with the topic's sample to this webhook alone. */
  testWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: Webhook; readonly delivery: { readonly id: string; readonly eventId: string } } };
  /** GET /api/:version/app/webhooks/:id/events: Events of a numbered webhook after a number, in order, with payload; waits for the next one where asked to. */
  catchUp: { input: { params: { id: string | number }; query?: { after?: string | number; limit?: string | number; wait?: string | number } }; answer: { readonly events: readonly ({ readonly sequence: number; readonly id: string; readonly deliveryId: string; readonly state: "available"; readonly topic: string; readonly shop: string; readonly apiVersion: string; readonly triggeredAt: string; readonly test?: true; readonly payload: Readonly<Record<string, unknown>> } | { readonly sequence: number; readonly id: string; readonly deliveryId: string; readonly state: "cancelled" | "erased" | "expired"; readonly reason: string | null })[]; readonly last: number } };
  /** POST /api/:version/app/filters/test: Try filter, changed and fields out on a payload or a topic's sample, in the app's version. */
  testOwnFilter: { input: { body: { readonly topic?: string; readonly payload?: Readonly<Record<string, unknown>>; readonly eventChanged?: readonly (string)[]; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null } }; answer: { readonly test: { readonly matches: boolean; readonly reason: "matched" | "not_changed" | "filter_not_matched" | "filter_failed"; readonly detail: string | null; readonly apiVersion: string; readonly payload: Readonly<Record<string, unknown>> | null } } };
  /** GET /api/:version/app/deliveries: List the app's deliveries on this shop. */
  listOwnDeliveries: { input: { query?: { state?: "pending" | "delivered" | "dead" | "cancelled"; shop?: string | number; clientId?: string | number; webhookId?: number | string; endpointId?: string | number; topic?: string | number; eventId?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly deliveries: readonly (DeliveryEntry)[] }; entry: DeliveryEntry };
  /** GET /api/:version/app/deliveries/:id: A delivery with its attempts. */
  getOwnDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: FullDeliveryEntry } };
  /** POST /api/:version/app/deliveries/:id/replay: Send a delivery again, as a new round. */
  replayOwnDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** GET /api/:version/app/blocked-keys: List the app's order keys on this shop that a dead letter blocks. */
  listOwnBlockedKeys: { input: { query?: { webhookId?: number | string; limit?: string | number; pageToken?: string | number } }; answer: { readonly blockedKeys: readonly (BlockedKeyEntry)[] }; entry: BlockedKeyEntry };
  /** POST /api/:version/app/deliveries/:id/skip: Pass over a dead letter that blocks its order key: the key goes on with what was accepted next. */
  skipOwnDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** GET /api/:version/oauth2/access_scopes: Scopes of the calling token. */
  getScopes: { input: {  }; answer: { readonly accessScopes: readonly (string)[] } };
  /** DELETE /api/:version/oauth2/uninstall: Uninstall the app from this shop. */
  uninstall: { input: {  }; answer: Readonly<Record<string, unknown>> };
  /** POST /apps/v1/token: Exchange client id and client secret for a token that is good for an hour; it ends with the secret. */
  createAppToken: { input: { body: { readonly clientId: string; readonly clientSecret: string } }; answer: { readonly token: TokenEntry } };
  /** POST /apps/v1/portal-links/:id/token: Open a portal link with its one-time code; the token ends with the link. */
  openPortalLink: { input: { params: { id: string | number }; body: { readonly code: string } }; answer: { readonly token: TokenEntry } };
  /** GET /apps/v1/token: What the token may do, and until when. */
  getAppToken: { input: {  }; answer: { readonly token: TokenEntry } };
  /** DELETE /apps/v1/token: End the token. */
  revokeAppToken: { input: {  }; answer: Readonly<Record<string, unknown>> };
  /** GET /apps/v1/app: The app itself; its secrets without what they are, and none of them where access is for one shop. */
  getOwnApp: { input: {  }; answer: { readonly app: OwnAppEntry } };
  /** POST /apps/v1/secrets: Replace a secret: stage reveals a new one, use makes it sign beside the old one, revoke ends the old one. */
  rotateAppSecret: { input: { body: { readonly kind: "client" | "signing" | "ed25519"; readonly step: "stage" | "use" | "revoke"; readonly id?: string; readonly secret?: string } }; answer: { readonly secret: SecretEntry } };
  /** GET /apps/v1/installations: List the shops that the app is installed on, with the scopes granted. */
  listAppInstallations: { input: { query?: { shop?: string | number; clientId?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly installations: readonly (InstallationEntry)[] }; entry: InstallationEntry };
  /** POST /apps/v1/webhooks: Subscribe to a topic on a shop. */
  createAppWebhook: { input: { body: { readonly webhook: { readonly shop: string; readonly topic: string; readonly address?: string | null; readonly sequence?: boolean | null; readonly mode?: "push" | "pull" | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null } } }; answer: { readonly webhook: AppWebhookEntry } };
  /** GET /apps/v1/webhooks: List the app's webhooks on all its shops. */
  listAppWebhooks: { input: { query?: { shop?: string | number; clientId?: string | number; topic?: string | number; status?: "active" | "paused" | "suspended" | "disabled"; endpointId?: string | number; address?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly webhooks: readonly (AppWebhookEntry)[] }; entry: AppWebhookEntry };
  /** GET /apps/v1/webhooks/:id: Get a webhook. */
  getAppWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: AppWebhookEntry } };
  /** GET /apps/v1/webhooks/:id/events: Events of a numbered webhook after a number, in order, with payload; waits for the next one where asked to. */
  catchUpAppWebhook: { input: { params: { id: string | number }; query?: { after?: string | number; limit?: string | number; wait?: string | number } }; answer: { readonly events: readonly ({ readonly sequence: number; readonly id: string; readonly deliveryId: string; readonly state: "available"; readonly topic: string; readonly shop: string; readonly apiVersion: string; readonly triggeredAt: string; readonly test?: true; readonly payload: Readonly<Record<string, unknown>> } | { readonly sequence: number; readonly id: string; readonly deliveryId: string; readonly state: "cancelled" | "erased" | "expired"; readonly reason: string | null })[]; readonly last: number } };
  /** PATCH /apps/v1/webhooks/:id: Pause a webhook, make it active again, or change its settings; a new topic or address also ends a pause. */
  changeAppWebhook: { input: { params: { id: string | number }; body: { readonly status?: "active" | "paused"; readonly topic?: string; readonly address?: string | null; readonly sequence?: boolean | null; readonly mode?: "push" | "pull" | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null } }; answer: { readonly webhook: AppWebhookEntry } };
  /** DELETE /apps/v1/webhooks/:id: Unsubscribe; what is pending is cancelled. */
  deleteAppWebhook: { input: { params: { id: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /apps/v1/webhooks/:id/pause: Hold what is owed and what comes. */
  pauseAppWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: AppWebhookEntry } };
  /** POST /apps/v1/webhooks/:id/resume: Send again, beginning with what was held. */
  resumeAppWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: AppWebhookEntry } };
  /** POST /apps/v1/webhooks/:id/test: Send a test event with the topic's sample to this webhook alone. */
  testAppWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: AppWebhookEntry; readonly delivery: { readonly id: string; readonly eventId: string } } };
  /** POST /apps/v1/filters/test: Try filter, changed and fields out on a payload or a topic's sample, in the app's version. */
  testAppFilter: { input: { body: { readonly topic?: string; readonly payload?: Readonly<Record<string, unknown>>; readonly eventChanged?: readonly (string)[]; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null } }; answer: { readonly test: { readonly matches: boolean; readonly reason: "matched" | "not_changed" | "filter_not_matched" | "filter_failed"; readonly detail: string | null; readonly apiVersion: string; readonly payload: Readonly<Record<string, unknown>> | null } } };
  /** GET /apps/v1/endpoints: List the app's endpoints, and how they are doing. */
  listAppEndpoints: { input: { query?: { clientId?: string | number; host?: string | number; state?: "failing" | "suspended" | "open" | "held"; limit?: string | number; pageToken?: string | number } }; answer: { readonly endpoints: readonly (AppEndpointEntry)[] }; entry: AppEndpointEntry };
  /** GET /apps/v1/endpoints/:id: An endpoint with its backlog. */
  getAppEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: AppEndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** POST /apps/v1/endpoints/:id/probe: Try an endpoint whose breaker is open now, with the next delivery that is due. */
  probeAppEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: AppEndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** POST /apps/v1/endpoints/:id/resume: Resume all webhooks that were suspended because the endpoint failed. */
  resumeAppEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: AppEndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** GET /apps/v1/deliveries: List the app's deliveries on all its shops, what is pending first. */
  listAppDeliveries: { input: { query?: { state?: "pending" | "delivered" | "dead" | "cancelled"; shop?: string | number; clientId?: string | number; webhookId?: number | string; endpointId?: string | number; topic?: string | number; eventId?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly deliveries: readonly (DeliveryEntry)[] }; entry: DeliveryEntry };
  /** GET /apps/v1/deliveries/:id: A delivery with its attempts, oldest first. */
  getAppDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: FullDeliveryEntry } };
  /** GET /apps/v1/deliveries/:id/payload: What a delivery carries, byte for byte as it would be sent now. */
  getAppDeliveryPayload: { input: { params: { id: string | number } }; answer: { readonly payload: Readonly<Record<string, unknown>> | null } };
  /** POST /apps/v1/deliveries/:id/replay: Send a delivery again, as a new round. */
  replayAppDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** GET /apps/v1/blocked-keys: List the app's order keys that a dead letter blocks, with what waits behind it. */
  listAppBlockedKeys: { input: { query?: { shop?: string | number; webhookId?: number | string; limit?: string | number; pageToken?: string | number } }; answer: { readonly blockedKeys: readonly (BlockedKeyEntry)[] }; entry: BlockedKeyEntry };
  /** POST /apps/v1/deliveries/:id/skip: Pass over a dead letter that blocks its order key: the key goes on with what was accepted next. */
  skipAppDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** POST /apps/v1/replays: Send again every final delivery of the app that fits, oldest first, at a rate; dead ones unless the filter says otherwise. */
  createAppReplay: { input: { body: { readonly filter: { readonly state?: "dead" | "cancelled" | "delivered"; readonly shop?: string; readonly clientId?: string; readonly webhookId?: number | string; readonly endpointId?: string; readonly topic?: string; readonly eventId?: string; readonly createTimeMin?: string; readonly createTimeMax?: string }; readonly dryRun?: boolean; readonly ratePerSecond?: number } }; answer: { readonly replay: ReplayEntry } };
  /** GET /apps/v1/replays: List the replays made with app-wide access, newest first. */
  listAppReplays: { input: { query?: { limit?: string | number; pageToken?: string | number } }; answer: { readonly replays: readonly (ReplayEntry)[] }; entry: ReplayEntry };
  /** GET /apps/v1/replays/:id: A replay with its progress. */
  getAppReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /apps/v1/replays/:id/pause: Pause a replay. */
  pauseAppReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /apps/v1/replays/:id/resume: Go on with a paused replay. */
  resumeAppReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /apps/v1/replays/:id/cancel: End a replay; what was sent again stays so. */
  cancelAppReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** GET /apps/v1/events/:id/decisions: Why each webhook of the app with the event's topic on its shop was owed it or not, by the configuration of then. */
  getAppDecisions: { input: { params: { id: string | number } }; answer: { readonly decisions: readonly (DecisionEntry)[] } };
  /** GET /apps/v1/stats: Counts and latency of the app over time, and what is pending of it now. */
  getAppStats: { input: { query?: { from?: string | number; to?: string | number; step?: string | number; shop?: string | number; topic?: string | number } }; answer: { readonly series: readonly ({ readonly at: string; readonly published: number; readonly delivered: number; readonly failed: number; readonly dead: number; readonly cancelled: number; readonly p50Ms: number | null; readonly p99Ms: number | null })[]; readonly now: { readonly pending: number; readonly held: number; readonly oldestPendingAt: string | null } } };
  /** GET /apps/v1/topics: All topics with schemas and samples. */
  listAppTopics: { input: {  }; answer: { readonly topics: readonly (TopicEntry)[] } };
  /** POST /platform/v1/shops: Create a shop. */
  createShop: { input: { body: { readonly domain: string; readonly shopId?: number | string; readonly plan?: "none" | "basic" | "standard" | "advanced" } }; answer: { readonly shop: ShopEntry } };
  /** GET /platform/v1/shops: List shops. */
  listShops: { input: { query?: { limit?: string | number; pageToken?: string | number } }; answer: { readonly shops: readonly (ShopEntry)[] }; entry: ShopEntry };
  /** GET /platform/v1/shops/:domain: Get a shop. */
  getShop: { input: { params: { domain: string | number } }; answer: { readonly shop: ShopEntry } };
  /** PUT /platform/v1/shops/:domain: Create or change a shop. */
  putShop: { input: { params: { domain: string | number }; body: { readonly domain?: string; readonly shopId?: number | string; readonly plan?: "none" | "basic" | "standard" | "advanced" } }; answer: { readonly shop: ShopEntry } };
  /** DELETE /platform/v1/shops/:domain: Delete a shop. */
  deleteShop: { input: { params: { domain: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /platform/v1/apps: Create an app. */
  createApp: { input: { body: { readonly name: string; readonly apiVersion?: "202412" | "202410"; readonly webhooks?: readonly ({ readonly topic: string; readonly address: string; readonly sequence?: boolean | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null })[]; readonly complianceWebhooks?: { readonly "customers/data_request"?: string; readonly "customers/redact"?: string; readonly "shop/redact"?: string }; readonly listed?: boolean; readonly contact?: { readonly email?: string; readonly url?: string }; readonly clientId?: string; readonly clientSecret?: string; readonly signingSecret?: string } }; answer: { readonly app: AppEntry } };
  /** GET /platform/v1/apps: List apps. */
  listApps: { input: { query?: { limit?: string | number; pageToken?: string | number } }; answer: { readonly apps: readonly (AppEntry)[] }; entry: AppEntry };
  /** GET /platform/v1/apps/:clientId: Get an app. */
  getApp: { input: { params: { clientId: string | number } }; answer: { readonly app: AppEntry } };
  /** PUT /platform/v1/apps/:clientId: Create or change an app. */
  putApp: { input: { params: { clientId: string | number }; body: { readonly name?: string; readonly apiVersion?: "202412" | "202410"; readonly webhooks?: readonly ({ readonly topic: string; readonly address: string; readonly sequence?: boolean | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null })[]; readonly complianceWebhooks?: { readonly "customers/data_request"?: string; readonly "customers/redact"?: string; readonly "shop/redact"?: string }; readonly listed?: boolean; readonly contact?: { readonly email?: string; readonly url?: string }; readonly clientId?: string; readonly clientSecret?: string; readonly signingSecret?: string } }; answer: { readonly app: AppEntry } };
  /** DELETE /platform/v1/apps/:clientId: Delete an app. */
  deleteApp: { input: { params: { clientId: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /platform/v1/apps/:clientId/secrets: Replace a secret: stage reveals a new one, use makes it sign beside the old one, revoke ends the old one. */
  rotateSecret: { input: { params: { clientId: string | number }; body: { readonly kind: "client" | "signing" | "ed25519"; readonly step: "stage" | "use" | "revoke"; readonly id?: string; readonly secret?: string } }; answer: { readonly secret: SecretEntry } };
  /** POST /platform/v1/installations: Create an installation. */
  createInstallation: { input: { body: { readonly clientId: string; readonly shop: string; readonly scopes: readonly (string)[]; readonly accessToken?: string } }; answer: { readonly installation: InstallationEntry } };
  /** GET /platform/v1/installations: List installations. */
  listInstallations: { input: { query?: { shop?: string | number; clientId?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly installations: readonly (InstallationEntry)[] }; entry: InstallationEntry };
  /** GET /platform/v1/installations/:clientId/:shop: Get an installation. */
  getInstallation: { input: { params: { clientId: string | number; shop: string | number } }; answer: { readonly installation: InstallationEntry } };
  /** PUT /platform/v1/installations/:clientId/:shop: Create or change an installation. */
  putInstallation: { input: { params: { clientId: string | number; shop: string | number }; body: { readonly clientId?: string; readonly shop?: string; readonly scopes: readonly (string)[]; readonly accessToken?: string } }; answer: { readonly installation: InstallationEntry } };
  /** DELETE /platform/v1/installations/:clientId/:shop: Delete an installation. */
  deleteInstallation: { input: { params: { clientId: string | number; shop: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /platform/v1/events: Publish one event, an array of at most 1,000, or NDJSON. */
  publishEvents: { input: { body: { readonly shop: string; readonly topic: string; readonly clientId?: string; readonly triggeredAt?: string; readonly idempotencyKey?: string; readonly orderKey?: string; readonly changed?: readonly (string)[]; readonly traceparent?: string; readonly payload: Readonly<Record<string, unknown>> } }; answer: { readonly event: { readonly id: string; readonly deliveries: number; readonly duplicate: boolean } } | { readonly events: readonly ({ readonly id: string; readonly deliveries: number; readonly duplicate: boolean } | { readonly error: string; readonly code: string; readonly member?: string; readonly column?: number })[] } };
  /** GET /platform/v1/events/:id: An event with its payload and deliveries. */
  getEvent: { input: { params: { id: string | number } }; answer: { readonly event: EventEntry } };
  /** GET /platform/v1/events/:id/decisions: Why each webhook with the event's topic on its shop was owed it or not, by the configuration of then. */
  getDecisions: { input: { params: { id: string | number }; query?: { clientId?: string | number } }; answer: { readonly decisions: readonly (DecisionEntry)[] } };
  /** POST /platform/v1/filters/test: Try filter, changed and fields out on a payload or a topic's sample. */
  testFilter: { input: { body: { readonly topic?: string; readonly payload?: Readonly<Record<string, unknown>>; readonly eventChanged?: readonly (string)[]; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly apiVersion?: "202412" | "202410" } }; answer: { readonly test: { readonly matches: boolean; readonly reason: "matched" | "not_changed" | "filter_not_matched" | "filter_failed"; readonly detail: string | null; readonly apiVersion: string; readonly payload: Readonly<Record<string, unknown>> | null } } };
  /** GET /platform/v1/deliveries: List deliveries; state=pending needs webhookId, eventId or endpointId. */
  listDeliveries: { input: { query?: { state?: "pending" | "delivered" | "dead" | "cancelled"; shop?: string | number; clientId?: string | number; webhookId?: number | string; endpointId?: string | number; topic?: string | number; eventId?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly deliveries: readonly (DeliveryEntry)[] }; entry: DeliveryEntry };
  /** GET /platform/v1/deliveries/:id: A delivery with its attempts, oldest first. */
  getDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: FullDeliveryEntry } };
  /** POST /platform/v1/deliveries/:id/replay: Send a delivery again, as a new round. */
  replayDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** POST /platform/v1/replays: Send again every final delivery that fits, oldest first, at a rate; dead ones unless the filter says otherwise. */
  createReplay: { input: { body: { readonly filter: { readonly state?: "dead" | "cancelled" | "delivered"; readonly shop?: string; readonly clientId?: string; readonly webhookId?: number | string; readonly endpointId?: string; readonly topic?: string; readonly eventId?: string; readonly createTimeMin?: string; readonly createTimeMax?: string }; readonly dryRun?: boolean; readonly ratePerSecond?: number } }; answer: { readonly replay: ReplayEntry } };
  /** GET /platform/v1/replays: List replays, newest first. */
  listReplays: { input: { query?: { limit?: string | number; pageToken?: string | number } }; answer: { readonly replays: readonly (ReplayEntry)[] }; entry: ReplayEntry };
  /** GET /platform/v1/replays/:id: A replay with its progress. */
  getReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /platform/v1/replays/:id/pause: Pause a replay. */
  pauseReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /platform/v1/replays/:id/resume: Go on with a paused replay. */
  resumeReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** POST /platform/v1/replays/:id/cancel: End a replay; what was sent again stays so. */
  cancelReplay: { input: { params: { id: string | number } }; answer: { readonly replay: ReplayEntry } };
  /** GET /platform/v1/webhooks: List the webhooks of all apps on all shops. */
  listAllWebhooks: { input: { query?: { shop?: string | number; clientId?: string | number; topic?: string | number; status?: "active" | "paused" | "suspended" | "disabled"; endpointId?: string | number; address?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly webhooks: readonly (PlatformWebhookEntry)[] }; entry: PlatformWebhookEntry };
  /** GET /platform/v1/webhooks/:id: Get a webhook. */
  getAnyWebhook: { input: { params: { id: string | number } }; answer: { readonly webhook: PlatformWebhookEntry } };
  /** PATCH /platform/v1/webhooks/:id: Pause a webhook, make it active again, or change its settings; its app may end the pause, but not a hold. */
  changeWebhook: { input: { params: { id: string | number }; body: { readonly status?: "active" | "paused"; readonly sequence?: boolean | null; readonly filter?: string | null; readonly fields?: readonly (string)[] | null; readonly changed?: readonly (string)[] | null; readonly ordered?: boolean | null; readonly onDead?: "block" | "skip" | null; readonly ratePerSecond?: number | null } }; answer: { readonly webhook: PlatformWebhookEntry } };
  /** GET /platform/v1/endpoints: List endpoints, and how they are doing. */
  listEndpoints: { input: { query?: { clientId?: string | number; host?: string | number; state?: "failing" | "suspended" | "open" | "held"; limit?: string | number; pageToken?: string | number } }; answer: { readonly endpoints: readonly (EndpointEntry)[] }; entry: EndpointEntry };
  /** GET /platform/v1/endpoints/:id: An endpoint with its backlog. */
  getEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: EndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** PATCH /platform/v1/endpoints/:id: Limit how often attempts start at an endpoint, whatever its webhooks ask for; null ends it. */
  changeEndpoint: { input: { params: { id: string | number }; body: { readonly ratePerSecond: number | null } }; answer: { readonly endpoint: EndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** POST /platform/v1/endpoints/:id/probe: Try an endpoint whose breaker is open now, with the next delivery that is due. */
  probeEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: EndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** POST /platform/v1/endpoints/:id/resume: Resume all webhooks that were suspended because the endpoint failed. */
  resumeEndpoint: { input: { params: { id: string | number } }; answer: { readonly endpoint: EndpointEntry & { readonly backlog: { readonly pending: number; readonly more: boolean; readonly oldestPendingAt: string | null } } } };
  /** POST /platform/v1/holds: Stop sending to a shop, app, host, topic or everything; what is owed waits. No attempt starts later than 2 s after the answer. */
  createHold: { input: { body: { readonly scope: "shop" | "app" | "host" | "topic" | "all"; readonly subject?: string; readonly reason: string; readonly endsAt?: string } }; answer: { readonly hold: HoldEntry } };
  /** GET /platform/v1/holds: List the holds in force, oldest first. */
  listHolds: { input: { query?: { scope?: "shop" | "app" | "host" | "topic" | "all"; subject?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly holds: readonly (HoldEntry)[] }; entry: HoldEntry };
  /** GET /platform/v1/holds/:id: A hold in force. */
  getHold: { input: { params: { id: string | number } }; answer: { readonly hold: HoldEntry } };
  /** DELETE /platform/v1/holds/:id: End a hold; what it held is sent, slowly at first. */
  releaseHold: { input: { params: { id: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** GET /platform/v1/blocked-keys: List order keys that a dead letter blocks, with what waits behind it. */
  listBlockedKeys: { input: { query?: { shop?: string | number; clientId?: string | number; webhookId?: number | string; limit?: string | number; pageToken?: string | number } }; answer: { readonly blockedKeys: readonly (BlockedKeyEntry)[] }; entry: BlockedKeyEntry };
  /** POST /platform/v1/deliveries/:id/skip: Pass over a dead letter that blocks its order key: the key goes on with what was accepted next. */
  skipDelivery: { input: { params: { id: string | number } }; answer: { readonly delivery: DeliveryEntry } };
  /** GET /platform/v1/topics: All topics with schemas and samples. */
  listTopics: { input: {  }; answer: { readonly topics: readonly (TopicEntry)[] } };
  /** GET /platform/v1/stats: Counts and latency over time, and what is pending now. */
  getStats: { input: { query?: { from?: string | number; to?: string | number; step?: string | number; shop?: string | number; clientId?: string | number; topic?: string | number } }; answer: { readonly series: readonly ({ readonly at: string; readonly published: number; readonly delivered: number; readonly failed: number; readonly dead: number; readonly cancelled: number; readonly p50Ms: number | null; readonly p99Ms: number | null })[]; readonly now: { readonly pending: number; readonly held: number; readonly oldestPendingAt: string | null } } };
  /** GET /platform/v1/audit: Who changed what, newest first. */
  listAudit: { input: { query?: { actor?: string | number; subject?: string | number; action?: string | number; requestId?: string | number; createTimeMin?: string | number; createTimeMax?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly records: readonly (AuditEntry)[] }; entry: AuditEntry };
  /** POST /platform/v1/keys: Make a platform key; shown once. */
  createKey: { input: { body: { readonly name: string; readonly role: "admin" | "publish" | "read" } }; answer: { readonly key: KeyEntry } };
  /** GET /platform/v1/keys: List platform keys. */
  listKeys: { input: { query?: { limit?: string | number; pageToken?: string | number } }; answer: { readonly keys: readonly (KeyEntry)[] }; entry: KeyEntry };
  /** DELETE /platform/v1/keys/:id: Revoke a platform key. */
  revokeKey: { input: { params: { id: string | number } }; answer: Readonly<Record<string, unknown>> };
  /** POST /platform/v1/portal-links: Make a link to the portal for one app, on all its shops or one; it opens once, and ends at expiresAt. */
  createPortalLink: { input: { body: { readonly clientId: string; readonly shop?: string; readonly can: readonly ("read" | "replay" | "edit")[]; readonly minutes: number; readonly frameAncestors?: readonly (string)[] } }; answer: { readonly id: string; readonly url: string; readonly expiresAt: string } };
  /** GET /platform/v1/portal-links: List portal links, newest first; those that ended a day ago may be gone. */
  listPortalLinks: { input: { query?: { clientId?: string | number; limit?: string | number; pageToken?: string | number } }; answer: { readonly portalLinks: readonly (PortalLinkEntry)[] }; entry: PortalLinkEntry };
  /** DELETE /platform/v1/portal-links/:id: End a portal link, and what was opened with it. */
  revokePortalLink: { input: { params: { id: string | number } }; answer: Readonly<Record<string, unknown>> };
}

/** Where each call goes. `entries`: the member of its answer that holds a page's entries. */
export const OPERATIONS: { readonly [Name in keyof Operations]: OperationRow } = {
  createWebhook: {"method":"POST","path":"/api/:version/app/webhooks","api":"app"},
  listWebhooks: {"method":"GET","path":"/api/:version/app/webhooks","api":"app","entries":"webhooks"},
  countWebhooks: {"method":"GET","path":"/api/:version/app/webhooks/count","api":"app"},
  getWebhook: {"method":"GET","path":"/api/:version/app/webhooks/:id","api":"app"},
  updateWebhook: {"method":"PUT","path":"/api/:version/app/webhooks/:id","api":"app"},
  deleteWebhook: {"method":"DELETE","path":"/api/:version/app/webhooks/:id","api":"app"},
  pauseWebhook: {"method":"POST","path":"/api/:version/app/webhooks/:id/pause","api":"app"},
  resumeWebhook: {"method":"POST","path":"/api/:version/app/webhooks/:id/resume","api":"app"},
  testWebhook: {"method":"POST","path":"/api/:version/app/webhooks/:id/test","api":"app"},
  catchUp: {"method":"GET","path":"/api/:version/app/webhooks/:id/events","api":"app"},
  testOwnFilter: {"method":"POST","path":"/api/:version/app/filters/test","api":"app"},
  listOwnDeliveries: {"method":"GET","path":"/api/:version/app/deliveries","api":"app","entries":"deliveries"},
  getOwnDelivery: {"method":"GET","path":"/api/:version/app/deliveries/:id","api":"app"},
  replayOwnDelivery: {"method":"POST","path":"/api/:version/app/deliveries/:id/replay","api":"app"},
  listOwnBlockedKeys: {"method":"GET","path":"/api/:version/app/blocked-keys","api":"app","entries":"blockedKeys"},
  skipOwnDelivery: {"method":"POST","path":"/api/:version/app/deliveries/:id/skip","api":"app"},
  getScopes: {"method":"GET","path":"/api/:version/oauth2/access_scopes","api":"app"},
  uninstall: {"method":"DELETE","path":"/api/:version/oauth2/uninstall","api":"app"},
  createAppToken: {"method":"POST","path":"/apps/v1/token","api":"apps"},
  openPortalLink: {"method":"POST","path":"/apps/v1/portal-links/:id/token","api":"apps"},
  getAppToken: {"method":"GET","path":"/apps/v1/token","api":"apps"},
  revokeAppToken: {"method":"DELETE","path":"/apps/v1/token","api":"apps"},
  getOwnApp: {"method":"GET","path":"/apps/v1/app","api":"apps"},
  rotateAppSecret: {"method":"POST","path":"/apps/v1/secrets","api":"apps"},
  listAppInstallations: {"method":"GET","path":"/apps/v1/installations","api":"apps","entries":"installations"},
  createAppWebhook: {"method":"POST","path":"/apps/v1/webhooks","api":"apps"},
  listAppWebhooks: {"method":"GET","path":"/apps/v1/webhooks","api":"apps","entries":"webhooks"},
  getAppWebhook: {"method":"GET","path":"/apps/v1/webhooks/:id","api":"apps"},
  catchUpAppWebhook: {"method":"GET","path":"/apps/v1/webhooks/:id/events","api":"apps"},
  changeAppWebhook: {"method":"PATCH","path":"/apps/v1/webhooks/:id","api":"apps"},
  deleteAppWebhook: {"method":"DELETE","path":"/apps/v1/webhooks/:id","api":"apps"},
  pauseAppWebhook: {"method":"POST","path":"/apps/v1/webhooks/:id/pause","api":"apps"},
  resumeAppWebhook: {"method":"POST","path":"/apps/v1/webhooks/:id/resume","api":"apps"},
  testAppWebhook: {"method":"POST","path":"/apps/v1/webhooks/:id/test","api":"apps"},
  testAppFilter: {"method":"POST","path":"/apps/v1/filters/test","api":"apps"},
  listAppEndpoints: {"method":"GET","path":"/apps/v1/endpoints","api":"apps","entries":"endpoints"},
  getAppEndpoint: {"method":"GET","path":"/apps/v1/endpoints/:id","api":"apps"},
  probeAppEndpoint: {"method":"POST","path":"/apps/v1/endpoints/:id/probe","api":"apps"},
  resumeAppEndpoint: {"method":"POST","path":"/apps/v1/endpoints/:id/resume","api":"apps"},
  listAppDeliveries: {"method":"GET","path":"/apps/v1/deliveries","api":"apps","entries":"deliveries"},
  getAppDelivery: {"method":"GET","path":"/apps/v1/deliveries/:id","api":"apps"},
  getAppDeliveryPayload: {"method":"GET","path":"/apps/v1/deliveries/:id/payload","api":"apps"},
  replayAppDelivery: {"method":"POST","path":"/apps/v1/deliveries/:id/replay","api":"apps"},
  listAppBlockedKeys: {"method":"GET","path":"/apps/v1/blocked-keys","api":"apps","entries":"blockedKeys"},
  skipAppDelivery: {"method":"POST","path":"/apps/v1/deliveries/:id/skip","api":"apps"},
  createAppReplay: {"method":"POST","path":"/apps/v1/replays","api":"apps"},
  listAppReplays: {"method":"GET","path":"/apps/v1/replays","api":"apps","entries":"replays"},
  getAppReplay: {"method":"GET","path":"/apps/v1/replays/:id","api":"apps"},
  pauseAppReplay: {"method":"POST","path":"/apps/v1/replays/:id/pause","api":"apps"},
  resumeAppReplay: {"method":"POST","path":"/apps/v1/replays/:id/resume","api":"apps"},
  cancelAppReplay: {"method":"POST","path":"/apps/v1/replays/:id/cancel","api":"apps"},
  getAppDecisions: {"method":"GET","path":"/apps/v1/events/:id/decisions","api":"apps"},
  getAppStats: {"method":"GET","path":"/apps/v1/stats","api":"apps"},
  listAppTopics: {"method":"GET","path":"/apps/v1/topics","api":"apps"},
  createShop: {"method":"POST","path":"/platform/v1/shops","api":"platform"},
  listShops: {"method":"GET","path":"/platform/v1/shops","api":"platform","entries":"shops"},
  getShop: {"method":"GET","path":"/platform/v1/shops/:domain","api":"platform"},
  putShop: {"method":"PUT","path":"/platform/v1/shops/:domain","api":"platform"},
  deleteShop: {"method":"DELETE","path":"/platform/v1/shops/:domain","api":"platform"},
  createApp: {"method":"POST","path":"/platform/v1/apps","api":"platform"},
  listApps: {"method":"GET","path":"/platform/v1/apps","api":"platform","entries":"apps"},
  getApp: {"method":"GET","path":"/platform/v1/apps/:clientId","api":"platform"},
  putApp: {"method":"PUT","path":"/platform/v1/apps/:clientId","api":"platform"},
  deleteApp: {"method":"DELETE","path":"/platform/v1/apps/:clientId","api":"platform"},
  rotateSecret: {"method":"POST","path":"/platform/v1/apps/:clientId/secrets","api":"platform"},
  createInstallation: {"method":"POST","path":"/platform/v1/installations","api":"platform"},
  listInstallations: {"method":"GET","path":"/platform/v1/installations","api":"platform","entries":"installations"},
  getInstallation: {"method":"GET","path":"/platform/v1/installations/:clientId/:shop","api":"platform"},
  putInstallation: {"method":"PUT","path":"/platform/v1/installations/:clientId/:shop","api":"platform"},
  deleteInstallation: {"method":"DELETE","path":"/platform/v1/installations/:clientId/:shop","api":"platform"},
  publishEvents: {"method":"POST","path":"/platform/v1/events","api":"platform"},
  getEvent: {"method":"GET","path":"/platform/v1/events/:id","api":"platform"},
  getDecisions: {"method":"GET","path":"/platform/v1/events/:id/decisions","api":"platform"},
  testFilter: {"method":"POST","path":"/platform/v1/filters/test","api":"platform"},
  listDeliveries: {"method":"GET","path":"/platform/v1/deliveries","api":"platform","entries":"deliveries"},
  getDelivery: {"method":"GET","path":"/platform/v1/deliveries/:id","api":"platform"},
  replayDelivery: {"method":"POST","path":"/platform/v1/deliveries/:id/replay","api":"platform"},
  createReplay: {"method":"POST","path":"/platform/v1/replays","api":"platform"},
  listReplays: {"method":"GET","path":"/platform/v1/replays","api":"platform","entries":"replays"},
  getReplay: {"method":"GET","path":"/platform/v1/replays/:id","api":"platform"},
  pauseReplay: {"method":"POST","path":"/platform/v1/replays/:id/pause","api":"platform"},
  resumeReplay: {"method":"POST","path":"/platform/v1/replays/:id/resume","api":"platform"},
  cancelReplay: {"method":"POST","path":"/platform/v1/replays/:id/cancel","api":"platform"},
  listAllWebhooks: {"method":"GET","path":"/platform/v1/webhooks","api":"platform","entries":"webhooks"},
  getAnyWebhook: {"method":"GET","path":"/platform/v1/webhooks/:id","api":"platform"},
  changeWebhook: {"method":"PATCH","path":"/platform/v1/webhooks/:id","api":"platform"},
  listEndpoints: {"method":"GET","path":"/platform/v1/endpoints","api":"platform","entries":"endpoints"},
  getEndpoint: {"method":"GET","path":"/platform/v1/endpoints/:id","api":"platform"},
  changeEndpoint: {"method":"PATCH","path":"/platform/v1/endpoints/:id","api":"platform"},
  probeEndpoint: {"method":"POST","path":"/platform/v1/endpoints/:id/probe","api":"platform"},
  resumeEndpoint: {"method":"POST","path":"/platform/v1/endpoints/:id/resume","api":"platform"},
  createHold: {"method":"POST","path":"/platform/v1/holds","api":"platform"},
  listHolds: {"method":"GET","path":"/platform/v1/holds","api":"platform","entries":"holds"},
  getHold: {"method":"GET","path":"/platform/v1/holds/:id","api":"platform"},
  releaseHold: {"method":"DELETE","path":"/platform/v1/holds/:id","api":"platform"},
  listBlockedKeys: {"method":"GET","path":"/platform/v1/blocked-keys","api":"platform","entries":"blockedKeys"},
  skipDelivery: {"method":"POST","path":"/platform/v1/deliveries/:id/skip","api":"platform"},
  listTopics: {"method":"GET","path":"/platform/v1/topics","api":"platform"},
  getStats: {"method":"GET","path":"/platform/v1/stats","api":"platform"},
  listAudit: {"method":"GET","path":"/platform/v1/audit","api":"platform","entries":"records"},
  createKey: {"method":"POST","path":"/platform/v1/keys","api":"platform"},
  listKeys: {"method":"GET","path":"/platform/v1/keys","api":"platform","entries":"keys"},
  revokeKey: {"method":"DELETE","path":"/platform/v1/keys/:id","api":"platform"},
  createPortalLink: {"method":"POST","path":"/platform/v1/portal-links","api":"platform"},
  listPortalLinks: {"method":"GET","path":"/platform/v1/portal-links","api":"platform","entries":"portalLinks"},
  revokePortalLink: {"method":"DELETE","path":"/platform/v1/portal-links/:id","api":"platform"},
};
