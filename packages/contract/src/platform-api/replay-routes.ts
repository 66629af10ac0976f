import { Type } from "typebox";
import { Limit, PageToken, TimeQuery } from "../app-api/schemas.ts";
import { REPLAY_RATE_MAX } from "../limits.ts";
import { BODY_ERRORS, many, one, SHAPE_ERRORS, type Route } from "../route.ts";
import { closed } from "../schema-parts.ts";
import { DeliveryListQuery } from "./schemas.ts";

const FinalState = Type.Union([Type.Literal("dead"), Type.Literal("cancelled"), Type.Literal("delivered")], {
  expected: "dead, cancelled or delivered",
});
const { shop, clientId, webhookId, endpointId, topic, eventId } = DeliveryListQuery.properties;

export const ReplayFilter = closed(
  {
    state: Type.Optional(FinalState),
    shop,
    clientId,
    webhookId,
    endpointId,
    topic,
    eventId,
    createTimeMin: Type.Optional(TimeQuery),
    createTimeMax: Type.Optional(TimeQuery),
  },
  { expected: "an object with members of the list of deliveries, such as state, shop and createTimeMin" },
);

export const ReplayCreate = closed({
  filter: ReplayFilter,
  dryRun: Type.Optional(Type.Boolean({ expected: "true or false" })),
  ratePerSecond: Type.Optional(
    Type.Integer({ minimum: 1, maximum: REPLAY_RATE_MAX, expected: `a whole number from 1 to ${REPLAY_RATE_MAX}` }),
  ),
});

const State = Type.Union([Type.Literal("running"), Type.Literal("paused"), Type.Literal("done"), Type.Literal("cancelled")]);
export const ReplayEntry = Type.Object({
  id: Type.String(),
  state: State,
  dryRun: Type.Boolean(),
  filter: ReplayFilter,
  ratePerSecond: Type.Integer(),
  matched: Type.Integer({
    description: "Deliveries that fit; so far, while counted is false. Grows with done where more came to fit behind the count.",
  }),
  counted: Type.Boolean(),
  done: Type.Integer({ description: "Deliveries gone through." }),
  reopened: Type.Integer({ description: "Of those: sent again. The others were pending by then, or may not be sent any more." }),
  madeBy: Type.String(),
  createTime: Type.String(),
  updateTime: Type.String(),
});

const REPLAYS = "/platform/v1/replays";
const api = "platform";
const answer = one("replay", ReplayEntry);

/** Sending many deliveries again (contract section 7). */
export const replayRoutes: readonly Route[] = [
  {
    operation: "createReplay",
    method: "POST",
    path: REPLAYS,
    api,
    summary: "Send again every final delivery that fits, oldest first, at a rate; dead ones unless the filter says otherwise",
    allows: ["admin"],
    body: ReplayCreate,
    status: 202,
    answer,
    errors: [...BODY_ERRORS, "unknown_shop", "unknown_app"],
  },
  {
    operation: "listReplays",
    method: "GET",
    path: REPLAYS,
    api,
    summary: "List replays, newest first",
    allows: ["admin", "read"],
    query: closed({ limit: Type.Optional(Limit), pageToken: Type.Optional(PageToken) }),
    status: 200,
    answer: many("replays", ReplayEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "getReplay",
    method: "GET",
    path: `${REPLAYS}/:id`,
    api,
    summary: "A replay with its progress",
    allows: ["admin", "read"],
    status: 200,
    answer,
    errors: [],
  },
  ...(["pause", "resume", "cancel"] as const).map((step): Route => ({
    operation: `${step}Replay`,
    method: "POST",
    path: `${REPLAYS}/:id/${step}`,
    api,
    summary: { pause: "Pause a replay", resume: "Go on with a paused replay", cancel: "End a replay; what was sent again stays so" }[step],
    allows: ["admin"],
    status: 200,
    answer,
    errors: ["replay_ended"],
  })),
];
