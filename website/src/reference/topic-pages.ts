import { API_VERSIONS, CURRENT_VERSION, receivers, TOPICS, type Topic } from "@genhook/contract";
import { slugOf } from "../slug.ts";
import { fenced, folded, markdownTable, proseText } from "./markdown-table.ts";
import { memberTable } from "./member-table.ts";

export interface TopicGroup {
  readonly domain: string;
  /** In `docs/topics`. */
  readonly file: string;
  readonly topics: readonly Topic[];
}

export function topicGroups(): readonly TopicGroup[] {
  const domains = [...new Set(TOPICS.map((topic) => topic.domain))];
  return domains.map((domain) => ({
    domain,
    file: `${slugOf(domain)}.md`,
    topics: TOPICS.filter((topic) => topic.domain === domain),
  }));
}

const MADE = "<!-- Made from packages/contract/src/topics by `npm run golden:update`. -->";

/** The pages of `docs/topics`, by file name. */
export function topicPages(): ReadonlyMap<string, string> {
  const groups = topicGroups();
  return new Map([["README.md", catalogue(groups)], ...groups.map((group): [string, string] => [group.file, domainPage(group)])]);
}

function catalogue(groups: readonly TopicGroup[]): string {
  const rows = groups.flatMap(({ file, topics }) =>
    topics.map((topic) => [
      `[\`${topic.name}\`](${file}#${slugOf(topic.name)})`,
      proseText(topic.title),
      audienceOf(topic),
      scopesOf(topic),
    ]),
  );
  return [
    MADE,
    "",
    "# Topics",
    "",
    `Everything that can be subscribed to: ${TOPICS.length} topics in ${groups.length} groups. Each has a JSON Schema per version of its payload, and one whole sample. \`genhook topics show`,
    "orders/create` prints one; `GET /platform/v1/topics` serves all, with those that the operator added ([operating](../operating.md)).",
    "",
    ...markdownTable(["topic", "", "who receives it", "with a scope"], rows),
    "A payload is checked against its schema when it is published. Schemas name what is confirmed of Genstore's payloads; other members pass unchecked and unchanged.",
    "Ids and numbers come as numbers or as decimal text, booleans also as text: the receiver kit's `readId`, `readNumber` and `readFlag` make one form of each.",
    "",
  ].join("\n");
}

function audienceOf({ audience, madeByGenhook }: Topic): string {
  const who = { shop: "subscribed apps", app: "the app concerned", compliance: "every app that is, or lately was, installed" }[audience];
  return madeByGenhook ? `${who}; made by Genhook itself` : who;
}

function scopesOf({ scopes }: Topic): string {
  return scopes.map((scope) => `\`${scope}\``).join(" or ");
}

function domainPage({ domain, topics }: TopicGroup): string {
  return [MADE, "", `# Topics: ${domain}`, "", ...topics.flatMap((topic) => topicSection(topic, topics))].join("\n");
}

function topicSection(topic: Topic, siblings: readonly Topic[]): readonly string[] {
  const { name, description, root, subjects, madeByGenhook } = topic;
  const made = madeByGenhook ? " Genhook makes it itself; it cannot be published." : "";
  const subjectList = subjects.map((path) => `\`${path}\``).join(", ");
  const erased = subjects.length === 0 ? "" : ` It speaks of the customer at ${subjectList}, and is erased with that customer.`;
  return [
    `## ${name}`,
    "",
    `${proseText(description)} ${receivers(topic)}${made}`,
    "",
    `The payload has one member, \`${root}\`.${erased}`,
    "",
    ...membersOf(topic, siblings),
    ...folded(`Sample, ${CURRENT_VERSION}`, fenced(`json ${name} payload`, JSON.stringify(topic.sample, null, 2))),
  ];
}

/** A longer table of members is folded. */
const ROWS_OPEN = 20;

/** Topics of one group often have one payload: it is shown with the first of them. */
function membersOf(topic: Topic, siblings: readonly Topic[]): readonly string[] {
  const isSame = (other: Topic): boolean => JSON.stringify(other.versions) === JSON.stringify(topic.versions);
  const first = siblings.find(isSame) ?? topic;
  if (first !== topic) return [`Members as of [${first.name}](#${slugOf(first.name)}).`, ""];
  const [current, ...older] = API_VERSIONS.map((version) => [version, memberTable(topic.versions[version]?.schema)] as const);
  return [
    ...(current === undefined ? [] : current[1].length > ROWS_OPEN ? folded("Members", current[1]) : current[1]),
    ...older.flatMap(([version, rows]) => folded(`Members of the older version ${version}`, rows)),
  ];
}
