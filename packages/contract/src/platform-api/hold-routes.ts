import { Type } from "typebox";
import { EmptyAnswer, Limit, PageToken } from "../app-api/schemas.ts";
import { HOLD_REASON_LENGTH_MAX } from "../limits.ts";
import { BODY_ERRORS, many, one, SHAPE_ERRORS, type Route } from "../route.ts";
import { closed } from "../schema-parts.ts";

const Scope = Type.Union([Type.Literal("shop"), Type.Literal("app"), Type.Literal("host"), Type.Literal("topic"), Type.Literal("all")], {
  expected: "shop, app, host, topic or all",
});
const Subject = Type.String({
  minLength: 1,
  maxLength: 253,
  expected: "a shop's domain, a client id, a host's name or a topic, as the scope says",
});

export const HoldCreate = closed({
  scope: Scope,
  subject: Type.Optional(Subject),
  reason: Type.String({
    minLength: 1,
    maxLength: HOLD_REASON_LENGTH_MAX,
    expected: `why, in 1 to ${HOLD_REASON_LENGTH_MAX} characters; operators read it, tenants do not`,
  }),
  endsAt: Type.Optional(Type.String({ maxLength: 64, expected: "an RFC 3339 date and time with an offset" })),
});

export const HoldFilters = closed({
  scope: Type.Optional(Scope),
  subject: Type.Optional(Subject),
  limit: Type.Optional(Limit),
  pageToken: Type.Optional(PageToken),
});

export const HoldEntry = Type.Object({
  id: Type.String(),
  scope: Scope,
  subject: Type.Union([Type.String(), Type.Null()], { description: "Null for all." }),
  reason: Type.String(),
  madeBy: Type.String(),
  createTime: Type.String({ format: "date-time" }),
  endsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
});

const HOLDS = "/platform/v1/holds";
const api = "platform";
const answer = one("hold", HoldEntry);

/** Sending stopped by an operator (contract section 7). */
export const holdRoutes: readonly Route[] = [
  {
    operation: "createHold",
    method: "POST",
    path: HOLDS,
    api,
    summary:
      "Stop sending to a shop, app, host, topic or everything; what is owed waits. No attempt starts later than 2 s after the answer",
    allows: ["admin"],
    body: HoldCreate,
    status: 201,
    answer,
    errors: [...BODY_ERRORS, "unknown_shop", "unknown_app", "unknown_topic", "too_many_holds"],
  },
  {
    operation: "listHolds",
    method: "GET",
    path: HOLDS,
    api,
    summary: "List the holds in force, oldest first",
    allows: ["admin", "read"],
    query: HoldFilters,
    status: 200,
    answer: many("holds", HoldEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "getHold",
    method: "GET",
    path: `${HOLDS}/:id`,
    api,
    summary: "A hold in force",
    allows: ["admin", "read"],
    status: 200,
    answer,
    errors: [],
  },
  {
    operation: "releaseHold",
    method: "DELETE",
    path: `${HOLDS}/:id`,
    api,
    summary: "End a hold; what it held is sent, slowly at first",
    allows: ["admin"],
    status: 200,
    answer: EmptyAnswer,
    errors: [],
  },
];
