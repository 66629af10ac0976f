import { DELIVERY_HEADER_NOTES } from "../delivery-header-notes.ts";
import type { Topic } from "../topics/topic.ts";
import { CURRENT_VERSION } from "../versions.ts";
import { schemaOf, type Json } from "./components.ts";

/** What an endpoint receives for a topic, as `webhooks` of the document describes it. */
export function webhookOf(topic: Topic): Json {
  const schema = topic.versions[CURRENT_VERSION]?.schema;
  return {
    operationId: `receive ${topic.name}`,
    summary: topic.title,
    description: `${topic.description} ${receivers(topic)}`,
    tags: [topic.domain],
    security: [],
    parameters: DELIVERY_HEADER_NOTES.map(({ name, description, example, isAlways }) => ({
      name,
      in: "header",
      required: isAlways,
      description,
      schema: { type: "string" },
      example: name === "X-Genstore-Topic" ? topic.name : example,
    })),
    requestBody: {
      required: true,
      content: { "application/json": { ...(schema === undefined ? {} : { schema: schemaOf(schema) }), example: topic.sample } },
    },
    responses: {
      "2XX": { description: "Taken. The body is read, and not looked at." },
      "410": { description: "Nobody is here any more: the delivery ends, and the webhook is disabled." },
      "429": { description: "Too much: tried again, not before Retry-After, and the whole endpoint rests until then. 503 likewise." },
      default: { description: "Tried again, at most eight times in all; a redirect too, which is not followed." },
    },
  };
}

/** Who receives a topic, in words. */
export function receivers({ audience, scopes }: Topic): string {
  switch (audience) {
    case "shop":
      return scopes.length === 0
        ? "Every subscribed app receives it."
        : `Every subscribed app with the scope ${scopes.map((scope) => `\`${scope}\``).join(" or ")} receives it.`;
    case "app":
      return "Only the app that it is about receives it.";
    case "compliance":
      return "Every app that is, or lately was, installed receives it, at the address that is set with the app.";
  }
}
