import { Type } from "typebox";
import { ADDRESS_LENGTH_MAX, PAGE_LIMIT_MAX, TOPIC_LENGTH_MAX } from "../limits.ts";
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

export const WebhookCreate = closed(
  { webhook: closed({ topic: TopicName, address: Address }, { expected: "an object with topic and address" }) },
  { expected: "an object with the member webhook" },
);
export const WebhookUpdate = closed(
  {
    webhook: closed(
      { id: Type.Optional(WebhookRef), topic: Type.Optional(TopicName), address: Type.Optional(Address) },
      { minProperties: 1, expected: "an object with topic or address" },
    ),
  },
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
