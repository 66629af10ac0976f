import type { TopicEntry } from "@genhook/contract/client";
import { CliError } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
import { pairs } from "../output/table.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { explainError } from "./explain-error.ts";
import { openSession, printJson, type CommonFlags } from "./session.ts";

export interface ShowTopicFlags extends CommonFlags {
  readonly sample?: boolean;
  readonly schema?: boolean;
}

/** `genhook topics show`: one topic with its sample; `--sample` and `--schema` print one of them alone, to be piped on. */
export async function showTopic(name: string, flags: ShowTopicFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform"]);
  let topics: readonly TopicEntry[];
  try {
    ({ topics } = await session.client.call("listTopics"));
  } catch (error) {
    throw explainError(error, session);
  }
  const topic = topics.find((each) => each.name === name);
  if (topic === undefined) {
    const names = topics.map((each) => each.name);
    throw new CliError("notFound", "unknown_topic", `There is no topic "${name}".`, [
      didYouMean(name, names) ?? "genhook topics shows all of them.",
    ]);
  }
  const [newest] = Object.keys(topic.versions).sort().reverse();
  const schema = (topic.versions as Readonly<Record<string, { readonly schema: unknown }>>)[newest ?? ""]?.schema;
  if (flags.sample === true) return printJson(terminal, topic.sample);
  if (flags.schema === true) return printJson(terminal, schema);
  if (flags.json === true) return printJson(terminal, topic);
  const head = pairs(terminal, [
    ["topic", topic.name],
    ["title", topic.title],
    ["audience", topic.audience],
    ["scopes", topic.scopes.length === 0 ? "none needed" : topic.scopes.join(" or ")],
    ["versions", Object.keys(topic.versions).join(", ")],
    ["customers", topic.subjects.length === 0 ? "–" : topic.subjects.join(", ")],
  ]);
  for (const line of [...head, "", topic.description, "", paint(terminal, "dim", "sample"), JSON.stringify(topic.sample, null, 2)])
    printLine(terminal, line);
}
