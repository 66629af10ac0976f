import type { Route } from "../route.ts";
import { API_VERSIONS, CURRENT_VERSION } from "../versions.ts";
import * as story from "../examples/story.ts";

export interface PathParameter {
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example: string;
}

const CLIENT_ID = {
  description: "An app's client id.",
  schema: { type: "string", pattern: "^[0-9a-fA-F]{32}$" },
  example: story.CLIENT_ID,
};
const UUID = { type: "string", format: "uuid" };

/** What stands in a path, by the segment before it (`webhooks/:id`) or by its own name. */
const PARAMETERS: Readonly<Record<string, PathParameter>> = {
  version: {
    description: "API version.",
    schema: { type: "string", enum: API_VERSIONS },
    example: CURRENT_VERSION,
  },
  clientId: CLIENT_ID,
  domain: { description: "A shop's domain.", schema: { type: "string" }, example: story.SHOP },
  shop: { description: "A shop's domain.", schema: { type: "string" }, example: story.SHOP },
  "webhooks/:id": {
    description: "A webhook's id: the number or its decimal text, or its UUID.",
    schema: { type: "string" },
    example: String(story.WEBHOOK_ID),
  },
  "deliveries/:id": { description: "A delivery's id, as webhook-id carries it.", schema: { type: "string" }, example: story.DELIVERY_ID },
  "events/:id": { description: "An event's id.", schema: UUID, example: story.EVENT_ID },
  "replays/:id": { description: "A replay's id.", schema: UUID, example: story.REPLAY_ENTRY.id },
  "endpoints/:id": {
    description: "An endpoint's id, as webhooks and deliveries name it.",
    schema: { type: "string", pattern: "^ep_[0-9a-f]{24}$" },
    example: story.ENDPOINT_ENTRY.id,
  },
  "links/:id": { description: "A portal link's id, as its address has it.", schema: UUID, example: story.LINK_ENTRY.id },
  "holds/:id": { description: "A hold's id.", schema: UUID, example: story.HOLD_ENTRY.id },
  "keys/:id": { description: "A platform key's id, as the list shows it.", schema: { type: "string" }, example: story.KEY_ENTRY.id },
};

/** The parameters of a route's path, in order. Throws where one is not described, so that a new route cannot leave it out. */
export function pathParameters(route: Route): readonly (PathParameter & { readonly name: string })[] {
  return [...route.path.matchAll(/(?<=(\w+)\/):(\w+)/g)].map(([, before = "", name = ""]) => {
    const parameter = PARAMETERS[`${before}/:${name}`] ?? PARAMETERS[name];
    if (parameter === undefined) throw new Error(`the parameter ${name} of ${route.path} is not described in openapi/parameters.ts`);
    return { name, ...parameter };
  });
}
