import { Type } from "typebox";
import { ADDRESS_LENGTH_MAX, CHANGED_PATHS_MAX, FIELDS_MAX, PAGE_LIMIT_MAX, TOPIC_LENGTH_MAX } from "../limits.ts";
import { closed, WebhookRef } from "../schema-parts.ts";

const DIGITS = "^[0-9]{1,16}$";
const Time = Type.String({ maxLength: 64, expected: "an RFC 3339 date and time, such as 2024-12-30T23:59:59Z" });
const TopicName = Type.String({
  minLength: 1,
  maxLength: TOPIC_LENGTH_MAX,
  expected: `a topic's name of at most ${TOPIC_LENGTH_MAX} characters, such as orders/create`,
});
/** Its length and everything else is for the address guard to say, with a code of its own. */
const Address = Type.String({ minLength: 1, expected: `an https: URL of at most ${ADDRESS_LENGTH_MAX} characters` });

export const Limit = Type.String({ pattern: DIGITS, expected: `a whole number from 1 to ${PAGE_LIMIT_MAX}` });
export const PageToken = Type.String({ minLength: 1, maxLength: 1_024, expected: "a page token from a Link header" });
export const TimeQuery = Time;

const paths = (max: number, what: string) =>
  Type.Union([Type.Array(Type.String({ expected: "a payload path as text" }), { minItems: 1, maxItems: max }), Type.Null()], {
    expected: `a list of 1 to ${max} payload paths such as order.lineItems[*].sku, or null ${what}`,
  });

/** What is selected and sent of a topic (docs/filters.md); the language itself is checked where it is understood, with a code of its own. */
export const SELECTION_MEMBERS = {
  filter: Type.Optional(
    Type.Union([Type.String(), Type.Null()], { expected: "a filter such as order.totalPrice > 100, or null for every event" }),
  ),
  fields: Type.Optional(paths(FIELDS_MAX, "to send everything")),
  changed: Type.Optional(paths(CHANGED_PATHS_MAX, "for every change")),
};

export const WebhookCreate = closed(
  { webhook: closed({ topic: TopicName, address: Address, ...SELECTION_MEMBERS }, { expected: "an object with topic and address" }) },
  { expected: "an object with the member webhook" },
);
export const Webhook = Type.Object({
  id: Type.Integer({ description: "A decimal string is accepted wherever an id is read." }),
  topic: Type.String(),
  address: Type.String(),
  createTime: Type.String({ format: "date-time" }),
  updateTime: Type.String({ format: "date-time" }),
  status: Type.Union([Type.Literal("active"), Type.Literal("paused"), Type.Literal("suspended"), Type.Literal("disabled")]),
  statusReason: Type.Union([Type.Literal("endpoint_failing"), Type.Literal("scope_lost"), Type.Literal("gone"), Type.Null()]),
  apiVersion: Type.String(),
  filter: Type.Optional(Type.String({ description: "Only events that it matches are owed." })),
  fields: Type.Optional(Type.Array(Type.String(), { description: "Only these are sent of a payload." })),
  changed: Type.Optional(Type.Array(Type.String(), { description: "Only events that changed one of these are owed." })),
  held: Type.Optional(
    Type.Object(
      { reason: Type.String(), endsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]) },
      { description: "There while the operator has sending stopped: what is owed, and what comes, waits." },
    ),
  ),
});

/** What may be changed of a webhook. */
const WRITABLE = { topic: Type.Optional(TopicName), address: Type.Optional(Address), ...SELECTION_MEMBERS };
/** What only the server sets: may go along in a PUT, so that an entry can be sent back as it was read, and changes nothing. */
export const READ_ONLY_WEBHOOK_MEMBERS: readonly string[] = Object.keys(Webhook.properties).filter(
  (name) => name !== "id" && !Object.hasOwn(WRITABLE, name),
);
const READ_ONLY = Object.fromEntries(
  READ_ONLY_WEBHOOK_MEMBERS.map((name) => [name, Type.Optional(Type.Unknown({ description: "Set by the server; changes nothing." }))]),
);

export const WebhookUpdate = closed(
  {
    webhook: closed(
      { id: Type.Optional(WebhookRef), ...WRITABLE, ...READ_ONLY },
      { minProperties: 1, expected: "an object with topic, address or a setting" },
    ),
  },
  { expected: "an object with the member webhook" },
);

/** Tries out what a webhook would be sent: its settings, and an event made of a payload or of a topic's sample. */
export const FilterTest = closed(
  {
    topic: Type.Optional(TopicName),
    payload: Type.Optional(Type.Object({}, { expected: "a payload: a JSON object" })),
    eventChanged: Type.Optional(
      Type.Array(Type.String(), { maxItems: CHANGED_PATHS_MAX, expected: `a list of at most ${CHANGED_PATHS_MAX} payload paths` }),
    ),
    ...SELECTION_MEMBERS,
  },
  { expected: "an object with topic or payload" },
);
export const FilterTestAnswer = Type.Object({
  test: Type.Object({
    matches: Type.Boolean(),
    reason: Type.Union(["matched", "not_changed", "filter_not_matched", "filter_failed"].map((reason) => Type.Literal(reason))),
    detail: Type.Union([Type.String(), Type.Null()]),
    apiVersion: Type.String(),
    payload: Type.Union([Type.Object({}), Type.Null()], { description: "What would be sent; null where nothing would." }),
  }),
});

export const WebhookAnswer = Type.Object({ webhook: Webhook });
export const TestAnswer = Type.Object({
  webhook: Webhook,
  delivery: Type.Object({ id: Type.String({ description: "GET /app/deliveries/{id} shows what became of it." }), eventId: Type.String() }),
});
export const WebhooksAnswer = Type.Object({ webhooks: Type.Array(Webhook) });
export const CountAnswer = Type.Object({ count: Type.Integer() });
export const ScopesAnswer = Type.Object({ accessScopes: Type.Array(Type.String()) });
export const EmptyAnswer = Type.Object({});

const WEBHOOK_FILTERS = {
  topic: Type.Optional(TopicName),
  address: Type.Optional(Address),
  createTimeMin: Type.Optional(Time),
  createTimeMax: Type.Optional(Time),
  updateTimeMin: Type.Optional(Time),
  updateTimeMax: Type.Optional(Time),
};

export const WebhookListQuery = closed({
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
  sinceId: Type.Optional(WebhookRef),
  ...WEBHOOK_FILTERS,
});
export const WebhookCountQuery = closed(WEBHOOK_FILTERS);
