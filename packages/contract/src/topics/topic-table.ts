import type { ContractError } from "../errors.ts";
import { compile, type Check } from "../validation.ts";
import type { ApiVersion } from "../versions.ts";
import { TOPICS } from "./table.ts";
import type { Topic } from "./topic.ts";

/** All topics of a server, with what is asked of them at run time. */
export interface TopicTable {
  readonly topics: readonly Topic[];
  readonly byName: ReadonlyMap<string, Topic>;
  /** Null when a payload fits its topic's schema; otherwise `payload_mismatch` with the member as `payload.…`. Compiled at the first use. */
  readonly checkPayload: (topic: string, version: ApiVersion, payload: unknown) => ContractError | null;
}

/** The built-in topics, and an operator's own behind them. */
export function makeTopicTable(further: readonly Topic[] = []): TopicTable {
  const topics = [...TOPICS, ...further];
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const checks = new Map<string, Check>();
  return {
    topics,
    byName,
    checkPayload: (topic, version, payload) => {
      const key = `${topic} ${version}`;
      let check = checks.get(key);
      if (check === undefined) {
        const schema = byName.get(topic)?.versions[version]?.schema;
        if (schema === undefined)
          return { code: "unknown_topic", message: `There is no topic "${topic}" in version ${version}.`, member: "topic" };
        checks.set(key, (check = compile(schema, "payload")));
      }
      const error = check(payload);
      return error === null ? null : { ...error, code: "payload_mismatch" };
    },
  };
}

export const BUILT_IN_TOPICS: TopicTable = makeTopicTable();

/** The same over the built-in topics alone. */
export const checkPayload: TopicTable["checkPayload"] = BUILT_IN_TOPICS.checkPayload;
