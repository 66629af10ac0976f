import { API_VERSIONS, CURRENT_VERSION, receivers, type Topic } from "@genhook/contract";
import { shellWord } from "./curl.ts";
import { codes, markup, prose, type Markup } from "./markup.ts";
import { anchorOf, codeBlock, entry, jsonBlock, memberTable } from "./parts.ts";

/** One topic: who receives it, a whole payload, and what every version of it has. */
export function topicSection(topic: Topic): Markup {
  const { name, title, description, domain, scopes } = topic;
  const tables = API_VERSIONS.map((version) => memberTable(topic.versions[version]?.schema, `Members, ${version}; others pass unchecked`));
  const subscribe = topic.audience === "compliance" ? null : codeBlock(subscribeCommand(topic), "Subscribe");
  return entry(
    anchorOf("topic", name),
    [name, title, description, domain, ...scopes].join(" "),
    markup`<code class="path">${name}</code> <span class="says">${title}</span>`,
    markup`${words(topic)}${subscribe}${jsonBlock(topic.sample, `Sample, ${CURRENT_VERSION}`)}${tables}`,
  );
}

function words(topic: Topic): Markup {
  const { description, root, subjects, madeByGenhook } = topic;
  const made = madeByGenhook ? " Genhook makes it itself; it cannot be published." : "";
  const erased =
    subjects.length === 0 ? null : markup` It speaks of the customer at ${codes(subjects, ", ")}, and is erased with that customer.`;
  return markup`<p>${description} ${prose(receivers(topic))}${made}</p><p>The payload has one member, <code>${root}</code>.${erased}</p>`;
}

function subscribeCommand({ name }: Topic): string {
  const body = JSON.stringify({ webhook: { topic: name, address: "https://app.example.com/hooks" } });
  return [
    `curl -X POST 'https://suns-shop.genmystore.com/api/${CURRENT_VERSION}/app/webhooks'`,
    '-H "X-Genstore-Access-Token: $TOKEN"',
    "-H 'Content-Type: application/json'",
    `-d ${shellWord(body)}`,
  ].join(" \\\n  ");
}
