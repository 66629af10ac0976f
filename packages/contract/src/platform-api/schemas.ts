import { Type } from "typebox";
import { FilterTest, Limit, PageToken, SEQUENCE_MEMBER, SETTING_MEMBERS, SETTINGS, TimeQuery } from "../app-api/schemas.ts";
import {
  ADDRESS_LENGTH_MAX,
  CHANGED_PATHS_MAX,
  DECLARED_WEBHOOKS_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  NAME_LENGTH_MAX,
  ORDER_KEY_LENGTH_MAX,
  SCOPES_MAX,
  TOPIC_LENGTH_MAX,
} from "../limits.ts";
import { closed, Id, Uuid, WebhookRef } from "../schema-parts.ts";
import { TRACEPARENT } from "../traceparent.ts";
import { API_VERSIONS } from "../versions.ts";

/** Why a webhook was owed an event, held it, or was not owed it. */
export const DECISION_REASONS = [
  "matched",
  "filter_failed",
  "paused",
  "suspended",
  "filter_not_matched",
  "not_changed",
  "scope_missing",
  "scope_lost",
  "disabled",
  "not_installed",
  "subscribed_later",
  "other_app",
  "test_event",
  "erased",
] as const;

/** A shop's domain: host-name labels, at least two. */
const DOMAIN = "^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$";

export const ShopDomain = Type.String({ pattern: DOMAIN, expected: "a shop's domain in lower case, such as my-shop.genmystore.com" });
export const ClientId = Type.String({ pattern: "^[0-9a-fA-F]{32}$", expected: "a client id: 32 hex digits" });
const TopicName = Type.String({
  minLength: 1,
  maxLength: TOPIC_LENGTH_MAX,
  expected: `a topic's name of at most ${TOPIC_LENGTH_MAX} characters, such as orders/create`,
});
/** Its length and everything else is for the address guard to say, with a code of its own. */
const Address = Type.String({ minLength: 1, expected: `an https: URL of at most ${ADDRESS_LENGTH_MAX} characters` });
const Secret = Type.String({ pattern: "^[\\x21-\\x7e]{16,255}$", expected: "16 to 255 printable ASCII characters" });
const SIGNING_SECRET = "^whsec_[A-Za-z0-9+/]{32,88}={0,2}$";
export const SIGNING_SECRET_PATTERN = new RegExp(SIGNING_SECRET);
const SigningSecret = Type.String({ pattern: SIGNING_SECRET, expected: "whsec_ followed by 24 to 64 bytes in base64" });
const Token = Type.String({ pattern: "^[\\x21-\\x7e]{16,255}$", expected: "16 to 255 printable ASCII characters" });
const Name = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, expected: `text of 1 to ${NAME_LENGTH_MAX} characters` });
const Plan = Type.Union([Type.Literal("none"), Type.Literal("basic"), Type.Literal("standard"), Type.Literal("advanced")], {
  expected: "none, basic, standard or advanced",
});
const Version = Type.Union(
  API_VERSIONS.map((version) => Type.Literal(version)),
  { expected: `one of ${API_VERSIONS.join(", ")}` },
);
const Scope = Type.String({ pattern: "^[a-z][a-z0-9_]{2,63}$", expected: "a scope such as read_orders" });
const Scopes = Type.Array(Scope, { maxItems: SCOPES_MAX, expected: `a list of at most ${SCOPES_MAX} scopes` });
const DeclaredWebhook = closed(
  { topic: TopicName, address: Address, ...SEQUENCE_MEMBER, ...SETTING_MEMBERS },
  { expected: "an object with topic and address" },
);
const ComplianceWebhooks = closed(
  { "customers/data_request": Type.Optional(Address), "customers/redact": Type.Optional(Address), "shop/redact": Type.Optional(Address) },
  { expected: "an object: compliance topic → address" },
);
const Contact = closed(
  {
    email: Type.Optional(Type.String({ pattern: "^[^@\\s]{1,64}@[^@\\s]{1,190}$", expected: "an e-mail address" })),
    url: Type.Optional(Address),
  },
  { expected: "an object with email or url" },
);
export const Role = Type.Union([Type.Literal("admin"), Type.Literal("publish"), Type.Literal("read")], {
  expected: "admin, publish or read",
});

export const ShopCreate = closed({ domain: ShopDomain, shopId: Type.Optional(Id), plan: Type.Optional(Plan) });
export const ShopPut = closed({ domain: Type.Optional(ShopDomain), shopId: Type.Optional(Id), plan: Type.Optional(Plan) });

const APP_MEMBERS = {
  apiVersion: Type.Optional(Version),
  webhooks: Type.Optional(
    Type.Array(DeclaredWebhook, { maxItems: DECLARED_WEBHOOKS_MAX, expected: `a list of at most ${DECLARED_WEBHOOKS_MAX} webhooks` }),
  ),
  complianceWebhooks: Type.Optional(ComplianceWebhooks),
  listed: Type.Optional(Type.Boolean({ expected: "true or false" })),
  contact: Type.Optional(Contact),
  clientId: Type.Optional(ClientId),
  clientSecret: Type.Optional(Secret),
  signingSecret: Type.Optional(SigningSecret),
};
export const AppCreate = closed({ name: Name, ...APP_MEMBERS });
export const AppPut = closed({ name: Type.Optional(Name), ...APP_MEMBERS });

const SecretKind = Type.Union([Type.Literal("client"), Type.Literal("signing"), Type.Literal("ed25519")], {
  expected: "client, signing or ed25519",
});
const SecretState = Type.Union([Type.Literal("staged"), Type.Literal("live"), Type.Literal("retiring"), Type.Literal("revoked")]);
export const SecretRotation = closed({
  kind: SecretKind,
  step: Type.Union([Type.Literal("stage"), Type.Literal("use"), Type.Literal("revoke")], { expected: "stage, use or revoke" }),
  id: Type.Optional(Type.String({ minLength: 1, maxLength: 64, expected: "a secret's id, as GET on the app shows it" })),
  secret: Type.Optional(Secret),
});

export const InstallationCreate = closed({ clientId: ClientId, shop: ShopDomain, scopes: Scopes, accessToken: Type.Optional(Token) });
export const InstallationPut = closed({
  clientId: Type.Optional(ClientId),
  shop: Type.Optional(ShopDomain),
  scopes: Scopes,
  accessToken: Type.Optional(Token),
});

/** A publish without its payload, which is checked against its topic's schema and kept as bytes. */
export const EventEnvelope = closed(
  {
    shop: ShopDomain,
    topic: TopicName,
    clientId: Type.Optional(ClientId),
    triggeredAt: Type.Optional(Type.String({ maxLength: 64, expected: "an RFC 3339 date and time with an offset" })),
    idempotencyKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: IDEMPOTENCY_KEY_LENGTH_MAX,
        expected: `text of 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters`,
      }),
    ),
    orderKey: Type.Optional(
      Type.String({ minLength: 1, maxLength: ORDER_KEY_LENGTH_MAX, expected: `text of 1 to ${ORDER_KEY_LENGTH_MAX} characters` }),
    ),
    changed: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
        maxItems: CHANGED_PATHS_MAX,
        expected: `a list of at most ${CHANGED_PATHS_MAX} payload paths`,
      }),
    ),
    traceparent: Type.Optional(
      Type.String({
        pattern: TRACEPARENT.source,
        expected: "W3C Trace Context such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        description: "The trace that the event belongs to, for this item alone; the header of the same name is for the whole request.",
      }),
    ),
  },
  { expected: "an object with shop, topic and payload" },
);

/** The same for the document: with its payload. */
export const EventCreate = closed({ ...EventEnvelope.properties, payload: Type.Object({}) });

/** As an app tries it out, with the version of an app that would receive it. */
export const PlatformFilterTest = closed({ ...FilterTest.properties, apiVersion: Type.Optional(Version) });

export const DecisionQuery = closed({ clientId: Type.Optional(ClientId) });
export const DecisionEntry = Type.Object({
  webhookId: Type.Integer(),
  clientId: Type.String(),
  address: Type.String(),
  decision: Type.Union([Type.Literal("owed"), Type.Literal("held"), Type.Literal("not_owed")]),
  reason: Type.Union(DECISION_REASONS.map((reason) => Type.Literal(reason))),
  detail: Type.Union([Type.String(), Type.Null()], { description: "For people; may change." }),
  deliveryId: Type.Union([Type.String(), Type.Null()]),
});

export const KeyCreate = closed({ name: Name, role: Role });

const State = Type.Union([Type.Literal("pending"), Type.Literal("delivered"), Type.Literal("dead"), Type.Literal("cancelled")], {
  expected: "pending, delivered, dead or cancelled",
});
const DeliveryId = Type.String({ pattern: "^dlv_[0-9a-f]{32}_[1-9][0-9]{0,15}$", expected: "a delivery's id" });

export const DeliveryListQuery = closed({
  state: Type.Optional(State),
  shop: Type.Optional(ShopDomain),
  clientId: Type.Optional(ClientId),
  webhookId: Type.Optional(WebhookRef),
  endpointId: Type.Optional(Type.String({ pattern: "^ep_[0-9a-f]{24}$", expected: "an endpoint's id" })),
  topic: Type.Optional(TopicName),
  eventId: Type.Optional(Uuid),
  createTimeMin: Type.Optional(TimeQuery),
  createTimeMax: Type.Optional(TimeQuery),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});
export const PageQuery = closed({ limit: Type.Optional(Limit), pageToken: Type.Optional(PageToken) });
export const InstallationListQuery = closed({
  shop: Type.Optional(ShopDomain),
  clientId: Type.Optional(ClientId),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});
const AuditText = (what: string) => Type.String({ minLength: 1, maxLength: 400, expected: what });
export const AuditListQuery = closed({
  actor: Type.Optional(AuditText("what the actor begins with, such as key or app followed by its id")),
  subject: Type.Optional(AuditText("what the subject begins with, such as app followed by a client id")),
  action: Type.Optional(AuditText("an operation's name, such as putApp")),
  requestId: Type.Optional(AuditText("a request's id")),
  createTimeMin: Type.Optional(TimeQuery),
  createTimeMax: Type.Optional(TimeQuery),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});
export const StatsQuery = closed({
  from: Type.Optional(TimeQuery),
  to: Type.Optional(TimeQuery),
  step: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,5}(m|h|d)$", expected: "a step such as 1m, 1h or 1d" })),
  shop: Type.Optional(ShopDomain),
  clientId: Type.Optional(ClientId),
  topic: Type.Optional(TopicName),
});

export const ShopEntry = Type.Object({
  domain: Type.String(),
  shopId: Type.String({ description: "Decimal text of a 64-bit number." }),
  plan: Plan,
  createTime: Type.String(),
  updateTime: Type.String(),
});
const SECRET_MEMBERS = {
  id: Type.String(),
  kind: SecretKind,
  state: SecretState,
  publicKey: Type.Optional(Type.String({ description: "whpk_ and base64, for ed25519." })),
  createTime: Type.String(),
};
export const SecretEntry = Type.Object({
  ...SECRET_MEMBERS,
  secret: Type.Optional(Type.String({ description: "Shown once: in the answer to stage." })),
});
export const PublicKeyEntry = Type.Object({
  kty: Type.Literal("OKP"),
  crv: Type.Literal("Ed25519"),
  alg: Type.Literal("EdDSA"),
  use: Type.Literal("sig"),
  kid: Type.String(),
  x: Type.String(),
  publicKey: Type.String({ description: "The same as Standard Webhooks writes it: whpk_ and base64." }),
  state: SecretState,
  createTime: Type.String(),
});
export const AppEntry = Type.Object({
  clientId: Type.String(),
  clientSecret: Type.Optional(Type.String({ description: "Shown once: in the answer that made it." })),
  signingSecret: Type.Optional(Type.String({ description: "Shown once: in the answer that made it." })),
  name: Type.String(),
  apiVersion: Type.String(),
  webhooks: Type.Array(Type.Object({ topic: Type.String(), address: Type.String(), ...SETTINGS })),
  complianceWebhooks: Type.Object({}),
  listed: Type.Boolean(),
  contact: Type.Object({ email: Type.Optional(Type.String()), url: Type.Optional(Type.String()) }),
  declaration: Type.Object(
    {
      version: Type.Integer({ description: "Grows by one with each change of webhooks." }),
      changeTime: Type.String(),
      installations: Type.Integer(),
      done: Type.Integer({ description: "Installations that have what is declared now; the others follow by themselves." }),
      missing: Type.Integer({
        description:
          "Declared webhooks that could not be given: no room, an address that is refused, or settings that contradict what the app has set itself.",
      }),
    },
    { description: "How far the declared webhooks have reached the app's installations." },
  ),
  secrets: Type.Array(Type.Object(SECRET_MEMBERS), { description: "All there are, without what they are." }),
  createTime: Type.String(),
  updateTime: Type.String(),
});
export const InstallationEntry = Type.Object({
  clientId: Type.String(),
  shop: Type.String(),
  scopes: Type.Array(Type.String()),
  accessToken: Type.Optional(Type.String({ description: "Shown once: in the answer that made it." })),
  installedAt: Type.String(),
});
export const KeyEntry = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  key: Type.Optional(Type.String({ description: "Shown once." })),
  createTime: Type.String(),
  revokedTime: Type.Union([Type.String(), Type.Null()]),
});
const Audited = Type.Union([Type.Object({}), Type.Null()], {
  description: "As the API shows the entry, without secrets; null where there is none.",
});
export const AuditEntry = Type.Object({
  id: Type.Integer(),
  actor: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  before: Audited,
  after: Audited,
  requestId: Type.Union([Type.String(), Type.Null()]),
  createTime: Type.String(),
});
const Published = Type.Object({ id: Type.String(), deliveries: Type.Integer(), duplicate: Type.Boolean() });
const ItemError = Type.Object({
  error: Type.String(),
  code: Type.String(),
  member: Type.Optional(Type.String()),
  column: Type.Optional(Type.Integer()),
});
export const PublishedAnswer = Type.Union([
  Type.Object({ event: Published }),
  Type.Object({ events: Type.Array(Type.Union([Published, ItemError])) }),
]);

const Nullable = <Schema extends Parameters<typeof Type.Array>[0]>(schema: Schema) => Type.Union([schema, Type.Null()]);
export const DeliveryEntry = Type.Object({
  id: DeliveryId,
  eventId: Type.String(),
  webhookId: Type.Integer(),
  endpointId: Type.String({ description: "Empty in pull mode." }),
  shop: Type.String(),
  clientId: Type.String(),
  topic: Type.String(),
  address: Type.String({ description: "Empty in pull mode." }),
  state: State,
  reason: Nullable(Type.String({ description: "waiting_for_key while it waits for an earlier one of its order key." })),
  waitsFor: Type.Optional(Type.String({ description: "Of one delivery that waits in its order: the delivery that it waits for." })),
  round: Type.Integer(),
  attemptCount: Type.Integer(),
  nextAttemptAt: Nullable(Type.String()),
  lastStatus: Nullable(Type.Integer()),
  lastError: Nullable(Type.String()),
  test: Type.Boolean({ description: "A test that an app asked for, not something that happened in the shop." }),
  createTime: Nullable(Type.String()),
  updateTime: Type.String(),
});
export const AttemptEntry = Type.Object({
  n: Type.Integer(),
  round: Type.Integer(),
  at: Type.String(),
  address: Type.String(),
  durationMs: Type.Integer(),
  status: Type.Optional(Type.Integer()),
  error: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String({ description: "For operators: what exactly happened." })),
  requestHeaders: Nullable(Type.Object({}, { description: "Computed again to be shown; null where the app or the event is no more." })),
  responseHeaders: Nullable(Type.Object({}, { description: "Null where none were kept." })),
  responseBody: Nullable(Type.String()),
});
export const FullDeliveryEntry = Type.Object({
  ...DeliveryEntry.properties,
  sequence: Nullable(Type.Integer({ description: "Its number, where it has one: X-Genstore-Sequence." })),
  attempts: Type.Array(AttemptEntry, { description: "Oldest first." }),
});
export const EventEntry = Type.Object({
  id: Type.String(),
  shop: Type.String(),
  topic: Type.String(),
  clientId: Nullable(Type.String({ description: "The one app that it is for; null for topics of the shop." })),
  apiVersion: Type.String(),
  triggeredAt: Type.String(),
  createTime: Type.String(),
  orderKey: Nullable(Type.String()),
  traceparent: Nullable(Type.String({ description: "The trace that the event belongs to, where somebody traces." })),
  changed: Nullable(Type.Array(Type.String())),
  test: Type.Boolean(),
  erased: Type.Boolean({ description: "The payload was erased on account of a redact event; it is null." }),
  payload: Nullable(Type.Object({})),
  deliveries: Type.Array(DeliveryEntry),
});
export const TopicEntry = Type.Object({
  name: Type.String(),
  domain: Type.String(),
  title: Type.String(),
  description: Type.String(),
  audience: Type.String(),
  scopes: Type.Array(Type.String()),
  root: Type.String(),
  subjects: Type.Array(Type.String()),
  madeByGenhook: Type.Boolean({ description: "Cannot be published." }),
  versions: Type.Object({}, { description: "API version → its JSON Schema." }),
  sample: Type.Object({}),
});
export const StatsAnswer = Type.Object({
  series: Type.Array(
    Type.Object({
      at: Type.String(),
      published: Type.Integer(),
      delivered: Type.Integer(),
      failed: Type.Integer(),
      dead: Type.Integer(),
      cancelled: Type.Integer(),
      p50Ms: Nullable(Type.Number()),
      p99Ms: Nullable(Type.Number()),
    }),
  ),
  now: Type.Object({ pending: Type.Integer(), held: Type.Integer(), oldestPendingAt: Nullable(Type.String()) }),
});
