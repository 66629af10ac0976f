import { DELIVERY_HEADER_NOTES } from "../delivery-header-notes.ts";
import { DELIVERY_HEADERS } from "../headers.ts";
import { schemaOf, type Json } from "../openapi/components.ts";
import type { DocumentOptions } from "../openapi/document.ts";
import { receivers } from "../openapi/topic-webhook.ts";
import { BUILT_IN_TOPICS } from "../topics/topic-table.ts";
import type { Topic } from "../topics/topic.ts";
import { CURRENT_VERSION } from "../versions.ts";

/** The AsyncAPI 3.0 document: every topic as a channel that Genhook sends to, with its headers, payload and sample. */
export function buildAsyncApi(options: Omit<DocumentOptions, "serverUrl">): Json {
  const topics = options.topics ?? BUILT_IN_TOPICS.topics;
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Genhook deliveries",
      version: options.version,
      description: "What Genhook sends to the addresses of webhooks, at least once each; deduplicate by webhook-id.",
      license: { name: "Apache-2.0" },
      tags: [...new Set(topics.map((topic) => topic.domain))].map((name) => ({ name })),
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(topics.map((topic) => [keyOf(topic), channelOf(topic)])),
    operations: Object.fromEntries(topics.map((topic) => [`send.${keyOf(topic)}`, operationOf(topic)])),
    components: {
      messageTraits: { delivery: { headers: headersSchema(), correlationId: { $ref: "#/components/correlationIds/delivery" } } },
      correlationIds: {
        delivery: {
          description: "The delivery's id: the same on every attempt and replay.",
          location: `$message.header#/${DELIVERY_HEADERS.standardId}`,
        },
      },
    },
  };
}

/** Keys of an AsyncAPI document have no slash. */
function keyOf(topic: Topic): string {
  return topic.name.replace("/", ".");
}

function channelOf(topic: Topic): Json {
  const schema = topic.versions[CURRENT_VERSION]?.schema;
  return {
    // Each webhook names its own.
    address: null,
    title: topic.name,
    description: `${topic.description} ${receivers(topic)}`,
    tags: [{ name: topic.domain }],
    messages: {
      [keyOf(topic)]: {
        name: topic.name,
        title: topic.title,
        contentType: "application/json",
        traits: [{ $ref: "#/components/messageTraits/delivery" }],
        ...(schema === undefined ? {} : { payload: schemaOf(schema) }),
        examples: [{ name: "sample", headers: exampleHeaders(topic), payload: topic.sample }],
      },
    },
  };
}

function operationOf(topic: Topic): Json {
  return {
    action: "send",
    channel: { $ref: `#/channels/${keyOf(topic)}` },
    summary: topic.title,
    bindings: { http: { method: "POST", bindingVersion: "0.3.0" } },
    messages: [{ $ref: `#/channels/${keyOf(topic)}/messages/${keyOf(topic)}` }],
  };
}

function headersSchema(): Json {
  return {
    type: "object",
    required: DELIVERY_HEADER_NOTES.filter(({ isAlways }) => isAlways).map(({ name }) => name),
    properties: Object.fromEntries(DELIVERY_HEADER_NOTES.map(({ name, description }) => [name, { type: "string", description }])),
  };
}

function exampleHeaders(topic: Topic): Json {
  const shown = DELIVERY_HEADER_NOTES.filter(({ isAlways }) => isAlways);
  return Object.fromEntries(shown.map(({ name, example }) => [name, name === DELIVERY_HEADERS.topic ? topic.name : example]));
}
