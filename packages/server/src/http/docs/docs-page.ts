import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { API_HEADERS, ATTEMPT_ERRORS, DELIVERY_HEADER_NOTES, ERRORS, ROUTES, type Route, type Topic } from "@genhook/contract";
import { Markup, markup } from "./markup.ts";
import { operationSection } from "./operation-section.ts";
import { anchorOf, note, table } from "./parts.ts";
import { topicSection } from "./topic-section.ts";

export interface DocsOptions {
  readonly version: string;
  /** Where the platform API is reached. */
  readonly origin: string;
  readonly topics: readonly Topic[];
}

/** The page, and the policy that lets it run its own script and style and nothing else. */
export interface DocsPage {
  readonly content: string;
  readonly contentSecurityPolicy: string;
}

const STYLE = readFileSync(new URL("./docs.css", import.meta.url), "utf8");
const SCRIPT = readFileSync(new URL("./docs.js", import.meta.url), "utf8");

/** Everything that can be called and received, on one page that loads nothing from anywhere: made from the same tables as the documents. */
export function renderDocs(options: DocsOptions): DocsPage {
  const sections = [
    introduction(options),
    ...callSections(options),
    receivingSection(),
    ...topicSections(options.topics),
    errorSection(),
    attemptSection(),
  ];
  const search = markup`<div class="search" role="search" hidden><label for="search">Search</label>
<input id="search" type="search" placeholder="orders/create, webhooks, 409" autocomplete="off"><kbd>/</kbd>
<output for="search" aria-live="polite"></output></div>`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Genhook API ${options.version}</title><style>${new Markup(STYLE)}</style></head>
<body><a class="skip" href="#start">To the content</a>
<header><h1>Genhook <small>${options.version}</small></h1>${search}</header>
<nav aria-label="Contents">${sections.map(navigation)}</nav>
<main id="start">${sections.map(({ content }) => content)}</main>
<script>${new Markup(SCRIPT)}</script></body></html>
`;
  return { content: page.text, contentSecurityPolicy: policy() };
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
  readonly entries: readonly { readonly id: string; readonly title: string }[];
}

function section(id: string, title: string, content: Markup, entries: Section["entries"] = []): Section {
  const heading = markup`<h2 id="${id}-title">${title}</h2>`;
  return { id, title, entries, content: markup`<section id="${id}" aria-labelledby="${id}-title">${heading}${content}</section>\n` };
}

function navigation({ id, title, entries }: Section): Markup {
  if (entries.length === 0) return markup`<p><a href="#${id}">${title}</a></p>`;
  const items = entries.map((entry) => markup`<li><a href="#${entry.id}">${entry.title}</a></li>`);
  return markup`<details open><summary><a href="#${id}">${title}</a></summary><ul>${items}</ul></details>`;
}

function introduction({ origin }: DocsOptions): Section {
  return section(
    "begin",
    "Begin here",
    markup`<p><strong>Apps</strong> call the App API at <code>https://{shop}.genmystore.com/api/{version}</code> with their installation's token in
<code>${API_HEADERS.accessToken}</code>. <strong>Operators</strong> call the platform API at <code>${origin}/platform/v1</code> with <code>Authorization: Bearer</code> and a
platform key. The commands below take them from <code>$TOKEN</code> and <code>$KEY</code>.</p>
<ul>
<li>Errors are <code>{"error":"for people","code":"for programs"}</code>; <code>409</code> and <code>422</code> add <code>"member"</code>. Codes do not change: <a href="#errors">all of them</a>.</li>
<li>A call is checked in this order: path and version <code>404</code>, method <code>405</code>, credentials <code>401</code>, bucket <code>429</code>, scope or role <code>403</code>,
size <code>413</code>, media type <code>415</code>, JSON <code>400</code>, members <code>422</code>, the topic's scope <code>403</code>, conflict <code>409</code>.</li>
<li>Lists have <code>limit</code> (50, at most 250) and a <code>Link</code> header with the neighbouring pages; with <code>pageToken</code> only <code>limit</code> may go along.</li>
<li>Every answer to a token has <code>${API_HEADERS.rateLimit}: used/size</code>; an empty bucket answers <code>429</code> with <code>Retry-After</code>.</li>
<li>Ids are read as numbers or decimal text, webhooks also by UUID. Unknown members of a body are refused, so that a misspelt one is noticed.</li>
</ul>
<p>For tools: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1) and <a href="/asyncapi.json">asyncapi.json</a> (AsyncAPI 3).</p>`,
  );
}

const APIS: readonly { readonly api: Route["api"]; readonly title: string; readonly says: string }[] = [
  { api: "app", title: "App API", says: "What app developers call, for one shop each." },
  { api: "apps", title: "App-wide access", says: "What app developers call over all shops of their app." },
  { api: "platform", title: "Platform API", says: "What the platform and its operators call." },
  { api: "open", title: "Without credentials", says: "What anyone may ask." },
];

function callSections({ origin }: DocsOptions): readonly Section[] {
  return APIS.map(({ api, title, says }) => {
    const routes = ROUTES.filter((route) => route.api === api);
    // The first clause is enough to find it by.
    const entries = routes.map(({ operation, summary }) => ({
      id: anchorOf("call", operation),
      title: summary.split(/[;:]/)[0] ?? summary,
    }));
    return section(`api-${api}`, title, markup`<p>${says}</p>${routes.map((route) => operationSection(route, origin))}`, entries);
  });
}

function receivingSection(): Section {
  const rows = DELIVERY_HEADER_NOTES.map(({ name, description, example, isAlways }) => {
    const cell = markup`<td><code>${name}</code>${isAlways ? null : note("where it applies")}</td>`;
    return markup`<tr data-search="${name} ${description}">${cell}<td>${description}</td><td><code class="value">${example}</code></td></tr>`;
  });
  return section(
    "receiving",
    "What endpoints receive",
    markup`<p>A <code>POST</code> with the payload's bytes as they were published. Any <code>2xx</code> within five seconds takes it; everything else is tried again, at most
eight times in all. Verify the raw bytes, deduplicate by <code>webhook-id</code>, and do not rely on order.</p>${table("Headers", ["Header", "What", "Example"], rows)}`,
  );
}

function topicSections(topics: readonly Topic[]): readonly Section[] {
  return [...new Set(topics.map((topic) => topic.domain))].map((domain) => {
    const own = topics.filter((topic) => topic.domain === domain);
    const entries = own.map(({ name }) => ({ id: anchorOf("topic", name), title: name }));
    return section(anchorOf("domain", domain), `Topics: ${domain}`, markup`${own.map(topicSection)}`, entries);
  });
}

function errorSection(): Section {
  const rows = Object.entries(ERRORS).map(([code, { status, meaning, remedy }]) => {
    const words = [code, status, meaning, remedy].join(" ");
    const cells = markup`<td>${status}</td><td><code>${code}</code></td><td>${meaning}</td><td>${remedy}</td>`;
    return markup`<tr id="${anchorOf("error", code)}" data-search="${words}">${cells}</tr>`;
  });
  return section("errors", "Error codes", table(null, ["Status", "Code", "Meaning", "What to do"], rows));
}

function attemptSection(): Section {
  const rows = Object.entries(ATTEMPT_ERRORS).map(
    ([word, meaning]) => markup`<tr data-search="${word} ${meaning}"><td><code>${word}</code></td><td>${meaning}</td></tr>`,
  );
  const says = markup`<p><code>error</code> of an attempt and <code>lastError</code> of a delivery, where no usable answer came.</p>`;
  return section("attempt-errors", "Why an attempt failed", markup`${says}${table(null, [], rows)}`);
}

function policy(): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
