import { Type } from "typebox";
import {
  ADDRESS_LENGTH_MAX,
  CATCH_UP_WAIT_MAX_MS,
  CHANGED_PATHS_MAX,
  ENDPOINT_RATE_MAX,
  ENDPOINT_RATE_MIN,
  FIELDS_MAX,
  PAGE_LIMIT_MAX,
  TOPIC_LENGTH_MAX,
} from "../limits.ts";
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

/** How events reach the app (docs/sequence.md). */
export const SEQUENCE_MEMBER = {
  sequence: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], { expected: "true to number the webhook's deliveries, false or null not to" }),
  ),
};
export const WAY_MEMBERS = {
  ...SEQUENCE_MEMBER,
  mode: Type.Optional(
    Type.Union([Type.Literal("push"), Type.Literal("pull"), Type.Null()], {
      expected: "pull to fetch events instead of being sent them, push or null to be sent them",
    }),
  ),
};
/** Null is what the answer shows in pull mode; whether one is needed follows from the mode. */
const AddressOrNull = Type.Optional(
  Type.Union([Address, Type.Null()], { expected: `an https: URL of at most ${ADDRESS_LENGTH_MAX} characters` }),
);
/** Order of what is sent (docs/ordered.md); what goes with what is checked where it is understood. */
const ORDER_MEMBERS = {
  ordered: Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { expected: "true, or null for no order" })),
  onDead: Type.Optional(
    Type.Union([Type.Literal("block"), Type.Literal("skip"), Type.Null()], { expected: "block or skip, or null for block" }),
  ),
};

/** How often attempts may start (docs/rates.md). */
export const Rate = Type.Union([Type.Number({ minimum: ENDPOINT_RATE_MIN, maximum: ENDPOINT_RATE_MAX }), Type.Null()], {
  expected: `a number from ${ENDPOINT_RATE_MIN} to ${ENDPOINT_RATE_MAX}: attempts per second; or null for no limit`,
});
/** What may be set of a webhook beside its topic, its address and how its events reach the app. */
export const SETTING_MEMBERS = { ...SELECTION_MEMBERS, ...ORDER_MEMBERS, ratePerSecond: Type.Optional(Rate) };

export const WebhookCreate = closed(
  {
    webhook: closed(
      { topic: TopicName, address: AddressOrNull, ...WAY_MEMBERS, ...SETTING_MEMBERS },
      { expected: "an object with topic and address" },
    ),
  },
  { expected: "an object with the member webhook" },
);
/** Settings of a webhook as they are shown: those that are set. */
export const SETTINGS = {
  sequence: Type.Optional(Type.Boolean({ description: "Its deliveries are numbered without gaps." })),
  filter: Type.Optional(Type.String({ description: "Only events that it matches are owed." })),
  fields: Type.Optional(Type.Array(Type.String(), { description: "Only these are sent of a payload." })),
  changed: Type.Optional(Type.Array(Type.String(), { description: "Only events that changed one of these are owed." })),
  ordered: Type.Optional(
    Type.Boolean({
      description:
        "Events with the same order key come one after the other, in the order of acceptance, over all ordered webhooks at this endpoint.",
    }),
  ),
  onDead: Type.Optional(
    Type.Union([Type.Literal("block"), Type.Literal("skip")], { description: "What becomes of an order key behind a dead letter." }),
  ),
  ratePerSecond: Type.Optional(
    Type.Number({
      description:
        "Attempts that may start per second at its endpoint, which takes the lowest that one of its webhooks or the operator says.",
    }),
  ),
};

export const Webhook = Type.Object({
  id: Type.Integer({ description: "A decimal string is accepted wherever an id is read." }),
  topic: Type.String(),
  address: Type.Union([Type.String(), Type.Null()], { description: "Null in pull mode: nothing is sent." }),
  createTime: Type.String({ format: "date-time" }),
  updateTime: Type.String({ format: "date-time" }),
  status: Type.Union([Type.Literal("active"), Type.Literal("paused"), Type.Literal("suspended"), Type.Literal("disabled")]),
  statusReason: Type.Union([Type.Literal("endpoint_failing"), Type.Literal("scope_lost"), Type.Literal("gone"), Type.Null()]),
  apiVersion: Type.String(),
  mode: Type.Optional(Type.Literal("pull", { description: "Nothing is sent: events are fetched by their numbers." })),
  ...SETTINGS,
  held: Type.Optional(
    Type.Object(
      { reason: Type.String(), endsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]) },
      { description: "There while the operator has sending stopped: what is owed, and what comes, waits." },
    ),
  ),
});

/** What may be changed of a webhook. */
const WRITABLE = { topic: Type.Optional(TopicName), address: AddressOrNull, ...WAY_MEMBERS, ...SETTING_MEMBERS };
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

/** What is read of a numbered webhook from a number on. */
export const CatchUpQuery = closed({
  after: Type.Optional(Type.String({ pattern: DIGITS, expected: "a number: the last one that is known, or 0 for the beginning" })),
  limit: Type.Optional(Limit),
  wait: Type.Optional(
    Type.String({
      pattern: "^[0-9]{1,9}(ms|s|m)$",
      expected: `how long to wait for an event, at most ${CATCH_UP_WAIT_MAX_MS / 1_000}s, such as 30s`,
    }),
  ),
});
const Sequence = Type.Integer({ minimum: 1, description: "The number that X-Genstore-Sequence carries." });
const NUMBERED_MEMBERS = {
  sequence: Sequence,
  id: Type.String({ description: "The event's id." }),
  deliveryId: Type.String({ description: "What webhook-id carries: the deduplication key." }),
};
export const CatchUpAnswer = Type.Object({
  events: Type.Array(
    Type.Union([
      Type.Object({
        ...NUMBERED_MEMBERS,
        state: Type.Literal("available"),
        topic: Type.String(),
        shop: Type.String(),
        apiVersion: Type.String({ description: "The version of this payload." }),
        triggeredAt: Type.String({ format: "date-time" }),
        test: Type.Optional(Type.Literal(true)),
        payload: Type.Object({}, { description: "As it is sent, byte for byte." }),
      }),
      Type.Object({
        ...NUMBERED_MEMBERS,
        state: Type.Union([Type.Literal("cancelled"), Type.Literal("erased"), Type.Literal("expired")], {
          description:
            "The number stays, the payload is gone or not to be had: cancelled before it was delivered, erased, or past retention.",
        }),
        reason: Type.Union([Type.String(), Type.Null()], { description: "Why it was cancelled." }),
      }),
    ]),
    { description: "In the order of their numbers, none left out." },
  ),
  last: Type.Integer({
    description: "The highest number that was given so far; 0 for none. There is more while it is above the last one here.",
  }),
});

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
