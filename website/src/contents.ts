import { callGroups } from "./reference/call-pages.ts";
import { titleOf } from "./read-markdown.ts";
import { markdownFiles, readPage } from "./repository.ts";
import { topicGroups } from "./reference/topic-pages.ts";

/** A page: a Markdown file of the repository, and what is found on it. */
export interface Page {
  /** From the repository's root. */
  readonly file: string;
  readonly title: string;
  /** One clause for the table of contents; pages that another one leads to have none. */
  readonly says?: string;
  /** Its tables need the room that other pages leave beside their text. */
  readonly isWide?: true;
  readonly pages?: readonly Page[];
}

export interface Section {
  readonly title: string;
  readonly pages: readonly Page[];
}

const doc = (name: string, title: string, says: string): Page => ({ file: `docs/${name}.md`, title, says });
const wide = (page: Page): Page => ({ ...page, isWide: true });

/** The one table that the site's navigation and docs/README.md are made from. */
export const CONTENTS: readonly Section[] = [
  {
    title: "Begin",
    pages: [
      doc("quick-start", "Five-minute start", "see it, then do it by hand: serve, subscribe, receive, fail, replay"),
      doc("concepts", "Concepts", "events, deliveries, attempts, endpoints, in pictures"),
      doc("polling-vs-webhooks", "Polling beside webhooks", "the same app both ways: calls, freshness, misses"),
      wide(doc("comparison", "Beside others", "Svix, Convoy, Outpost, Hook0, Shopify: what each does, from its own sources")),
      doc("faq", "Questions", "asked often, answered short"),
      doc("glossary", "Glossary", "every word that is used in one sense"),
    ],
  },
  {
    title: "For app developers",
    pages: [
      doc("receiving", "Receiving", "what arrives, how to answer it, what happens when you cannot"),
      doc("verifying", "Verifying signatures", "by hand, in any language, and what to do when one does not fit"),
      { file: "packages/receiver/README.md", title: "Receiver kit", says: "verify, type and process once, on any JavaScript runtime" },
      doc("conformance", "Conformance", "try an endpoint with what it will meet in production"),
      doc("sequence", "Numbers, catching up, pulling", "know what is missing, and fetch it"),
      doc("filters", "Filter, changed, fields", "only the events and the members that you need"),
      doc("ordered", "Ordered delivery", "events of one order key come one after the other"),
      doc("rates", "Rate", "how often attempts may start at an endpoint, and who says so"),
      doc("payload-versions", "Payload versions", "which form of a payload an app gets"),
      doc("app-access", "App-wide access", "what app developers call over all shops of their app"),
      { file: "examples/README.md", title: "Examples", says: "small apps to copy, each with its tests", pages: examplePages() },
      doc("going-live", "Before going live", "two checklists: for apps, and for platforms"),
    ],
  },
  {
    title: "For the platform's code",
    pages: [
      doc("publishing", "Publishing", "say what happened, once, and be sure that it is known"),
      doc("client", "Client", "call Genhook from a platform or an app, publish many events"),
      doc("outbox", "Outbox", "events in the platform's own transaction, and the relay that publishes them"),
      doc("sources", "Sources", "events from NATS JetStream and RabbitMQ"),
    ],
  },
  {
    title: "For operators",
    pages: [
      doc("self-hosting", "Self-hosting", "one process on one file, or many on PostgreSQL"),
      wide(doc("configuration", "Configuration", "every setting of `genhook serve`")),
      doc("operating", "Operating", "what to watch, and what to do"),
      doc("portal", "Portal", "the pages for operators and app developers"),
      doc("scaling", "Scaling", "how far one process goes, and how to go on"),
      wide(doc("performance", "Performance", "what was measured, and with which command")),
      doc("reliability", "Reliability", "what is promised, what is not, and how each is tried"),
      { file: "SECURITY.md", isWide: true, title: "Security", says: "threats, what guards against them, and what tries to break it" },
    ],
  },
  {
    title: "Reference",
    pages: [
      {
        ...reference("docs/topics", "Topics", "every topic with its schema and a sample"),
        pages: topicGroups().map(({ file, domain }) => ({ file: `docs/topics/${file}`, title: domain })),
      },
      {
        ...reference("docs/api", "API", "every call with its members, answers and errors"),
        pages: [
          ...callPagesOf("app", "App API: "),
          ...callPagesOf("apps", ""),
          ...callPagesOf("platform", "Platform: "),
          ...callPagesOf("open", ""),
          { file: "docs/api/credentials.md", title: "Credentials", isWide: true },
        ],
      },
      doc("cli", "Command line", "every command and option"),
      wide(doc("errors", "Errors", "every code, and what to do")),
      doc("state-machine", "State machine", "deliveries, webhooks, endpoints and shards, step by step"),
      wide(doc("endpoint-zoo", "Endpoint zoo", "what each way of answering counts as")),
    ],
  },
  {
    title: "The project",
    pages: [
      doc("architecture", "Architecture", "where everything lives, on one page"),
      { file: "docs/adr/README.md", title: "Decisions", says: "what was decided, and what was rejected" },
      { file: "CONTRIBUTING.md", title: "Contributing", says: "how to work on it" },
      { file: "CHANGELOG.md", title: "Changes", says: "by version" },
      { file: "bench/README.md", title: "Benchmarks", says: "what `npm run bench` measures, and what not" },
      doc("packaging", "Packaging and releasing", "what is published, how, and the changelog's rule"),
      wide(doc("third-party", "Third-party packages", "what an installation contains, with licences")),
    ],
  },
];

function examplePages(): readonly Page[] {
  return markdownFiles("examples")
    .filter((file) => file !== "examples/README.md")
    .map((file) => ({ file, title: titleOf(readPage(file)) }));
}

function reference(folder: string, title: string, says: string): Page {
  return { file: `${folder}/README.md`, title, says };
}

function callPagesOf(api: "app" | "apps" | "platform" | "open", prefix: string): readonly Page[] {
  return callGroups()
    .filter((group) => group.api === api)
    .map(({ file, title }) => ({ file: `docs/api/${file}`, title: `${prefix}${title}` }));
}

/** Every page of a table, the nested ones behind theirs. */
export function pagesOf(sections: readonly Section[]): readonly Page[] {
  return sections.flatMap(({ pages }) => pages.flatMap((page) => [page, ...(page.pages ?? [])]));
}
