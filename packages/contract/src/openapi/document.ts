import { API_HEADERS } from "../headers.ts";
import type { Route } from "../route.ts";
import { ROUTES } from "../routes.ts";
import { BUILT_IN_TOPICS } from "../topics/topic-table.ts";
import type { Topic } from "../topics/topic.ts";
import { namedSchemas, type Json } from "./components.ts";
import { commonResponses, ERROR_SCHEMA, HEADER_COMPONENTS, operationOf } from "./operation.ts";
import { webhookOf } from "./topic-webhook.ts";

export interface DocumentOptions {
  readonly version: string;
  /** Where the server is reached, when known. */
  readonly serverUrl?: string;
  /** The built-in ones unless given. */
  readonly topics?: readonly Topic[];
}

const TAGS: Readonly<Record<Route["api"], string>> = {
  app: `What app developers call, on their shop's own domain, with an installation's token in ${API_HEADERS.accessToken}.`,
  apps: "What app developers call over all shops of their app, with a token that client id and secret, or a portal link, are exchanged for.",
  platform: "What operators call, with a platform key.",
  open: "What asks for no credentials.",
};

/** The OpenAPI 3.1 document of the APIs, made from the route table; topics stand under `webhooks`. */
export function buildOpenApi(options: DocumentOptions): Json {
  const topics = options.topics ?? BUILT_IN_TOPICS.topics;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const domains = [...new Set(topics.map((topic) => topic.domain))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Genhook",
      version: options.version,
      description: "Webhooks for Genstore: the App API, app-wide access, the platform API, and what endpoints receive.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    ...(options.serverUrl === undefined ? {} : { servers: [{ url: options.serverUrl }] }),
    tags: [
      ...Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      ...domains.map((name) => ({ name, description: `What endpoints receive: ${name}.` })),
    ],
    paths,
    webhooks: Object.fromEntries(topics.map((topic) => [topic.name, { post: webhookOf(topic) }])),
    components: {
      securitySchemes: {
        accessToken: {
          type: "apiKey",
          in: "header",
          name: API_HEADERS.accessToken,
          description: "An installation's token. The names behind it are scopes, any one of which is enough.",
        },
        appToken: {
          type: "http",
          scheme: "bearer",
          description: "A token of app-wide access. The names behind it are allowances, any one of which is enough.",
        },
        platformKey: {
          type: "http",
          scheme: "bearer",
          description: "A platform key. The names behind it are roles, any one of which is enough.",
        },
      },
      headers: HEADER_COMPONENTS,
      responses: commonResponses(),
      schemas: { ...namedSchemas(), Error: ERROR_SCHEMA },
    },
  };
}
