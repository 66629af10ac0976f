import { API_VERSIONS, type Topic } from "@genhook/contract";
import type { Handler } from "./directory-api.ts";

/** All topics with schemas and samples, the operator's own among them. */
export function topicHandlers(topics: readonly Topic[]): Readonly<Record<"listTopics", Handler>> {
  const views = topics.map(topicView);
  return { listTopics: () => Promise.resolve({ body: { topics: views } }) };
}

function topicView(topic: Topic): Readonly<Record<string, unknown>> {
  const { name, domain, title, description, audience, scopes, root, subjects, madeByGenhook, sample } = topic;
  const versions = Object.fromEntries(
    API_VERSIONS.flatMap((version) => (topic.versions[version] === undefined ? [] : [[version, topic.versions[version]]])),
  );
  return { name, domain, title, description, audience, scopes, root, subjects, madeByGenhook, versions, sample };
}
