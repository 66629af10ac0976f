import { Type } from "typebox";
import { SETTING_MEMBERS, WAY_MEMBERS, Webhook, WebhookCreate } from "../app-api/schemas.ts";
import { FRAME_ANCESTORS_MAX, LINK_MINUTES_MAX, TOPIC_LENGTH_MAX } from "../limits.ts";
import { AppEntry, ClientId, ShopDomain, StatsQuery } from "../platform-api/schemas.ts";
import { EndpointEntry, WebhookPatch } from "../platform-api/webhook-routes.ts";
import { closed } from "../schema-parts.ts";

const Moment = Type.String({ format: "date-time" });
const OptionalMoment = Type.Union([Moment, Type.Null()]);

/** What who comes in may do. */
export const ALLOWANCES = ["read", "replay", "edit"] as const;
const Can = Type.Array(
  Type.Union(
    ALLOWANCES.map((each) => Type.Literal(each)),
    { expected: "read, replay or edit" },
  ),
  { minItems: 1, expected: "a list of read, replay and edit" },
);
const Shop = Type.Union([Type.String(), Type.Null()], { description: "Null: all shops of the app." });

export const TokenCreate = closed({
  clientId: ClientId,
  clientSecret: Type.String({ minLength: 1, maxLength: 255, expected: "the app's client secret" }),
});
export const LinkOpening = closed({ code: Type.String({ minLength: 1, maxLength: 255, expected: "the code of the link" }) });

const ACCESS_MEMBERS = { clientId: Type.String(), shop: Shop, can: Can, expiresAt: Moment };
/** A token, without what it is except where it is made. */
export const TokenEntry = Type.Object({
  token: Type.Optional(Type.String({ description: "Shown once: in the answer that made it." })),
  ...ACCESS_MEMBERS,
});

const FrameAncestor = Type.String({
  // A policy is made of it: nothing that would end a source, or a directive, can stand in an origin.
  pattern: "^https?://(\\*\\.)?([A-Za-z0-9-]{1,63}\\.)*[A-Za-z0-9-]{1,63}(:[0-9]{1,5})?$",
  maxLength: 300,
  expected: "an origin such as https://partners.example.com",
});
export const PortalLinkCreate = closed({
  clientId: ClientId,
  shop: Type.Optional(ShopDomain),
  can: Can,
  minutes: Type.Integer({ minimum: 1, maximum: LINK_MINUTES_MAX, expected: `a whole number from 1 to ${LINK_MINUTES_MAX}` }),
  frameAncestors: Type.Optional(
    Type.Array(FrameAncestor, { maxItems: FRAME_ANCESTORS_MAX, expected: `a list of at most ${FRAME_ANCESTORS_MAX} origins` }),
  ),
});
export const PortalLinkEntry = Type.Object({
  id: Type.String(),
  ...ACCESS_MEMBERS,
  frameAncestors: Type.Array(Type.String()),
  state: Type.Union([Type.Literal("unopened"), Type.Literal("open"), Type.Literal("ended"), Type.Literal("revoked")]),
  madeBy: Type.String(),
  createTime: Moment,
  openTime: OptionalMoment,
  revokedTime: OptionalMoment,
});

const { declaration: _declaration, clientSecret: _client, signingSecret: _signing, ...APP_MEMBERS } = AppEntry.properties;
export const OwnAppEntry = Type.Object(APP_MEMBERS);

const TenantHold = Type.Union([Type.Object({ reason: Type.String(), endsAt: OptionalMoment }), Type.Null()], {
  description: "There while the operator has sending stopped: what is owed, and what comes, waits.",
});
const { held: _held, ...WEBHOOK_MEMBERS } = Webhook.properties;
export const AppWebhookEntry = Type.Object({
  ...WEBHOOK_MEMBERS,
  uuid: Type.String(),
  shop: Type.Union([Type.String(), Type.Null()], { description: "Null where the address belongs to the app itself." }),
  clientId: Type.String(),
  endpointId: Type.Union([Type.String(), Type.Null()], { description: "Null in pull mode." }),
  declared: Type.Boolean({ description: "Made from the app's declaration." }),
  held: TenantHold,
});
export const AppWebhookCreate = closed(
  {
    webhook: closed(
      { shop: ShopDomain, ...WebhookCreate.properties.webhook.properties },
      { expected: "an object with shop, topic and address" },
    ),
  },
  { expected: "an object with the member webhook" },
);
export const AppWebhookPatch = closed(
  {
    status: WebhookPatch.properties.status,
    topic: Type.Optional(
      Type.String({ minLength: 1, maxLength: TOPIC_LENGTH_MAX, expected: `a topic's name of at most ${TOPIC_LENGTH_MAX} characters` }),
    ),
    address: WebhookCreate.properties.webhook.properties.address,
    ...WAY_MEMBERS,
    ...SETTING_MEMBERS,
  },
  { minProperties: 1, expected: "an object with status, topic, address or a setting" },
);

const { held: _endpointHeld, ...ENDPOINT_MEMBERS } = EndpointEntry.properties;
export const AppEndpointEntry = Type.Object({ ...ENDPOINT_MEMBERS, held: TenantHold });

const { clientId: _clientId, ...STATS_MEMBERS } = StatsQuery.properties;
export const AppStatsQuery = closed(STATS_MEMBERS);

export const PayloadAnswer = Type.Object({
  payload: Type.Union([Type.Object({}), Type.Null()], {
    description: "In the app's version and down to the webhook's fields; null where it was erased, or the app may not receive it any more.",
  }),
});
