import { API_VERSIONS, errorCodesOf, ERRORS, EXAMPLES, pathParameters, ROUTES, type Route } from "@genhook/contract";
import { curlOf } from "@genhook/server/docs/curl";
import { schemaRows } from "@genhook/server/docs/schema-rows";
import { apiCommands, parametersOf } from "genhook/api-commands";
import { slugOf } from "../slug.ts";
import { fenced, folded, markdownTable, proseText } from "./markdown-table.ts";
import { memberTable } from "./member-table.ts";

/** Calls that share the first word of their path behind the API's prefix, on one page. */
export interface CallGroup {
  readonly api: Route["api"];
  readonly title: string;
  /** In `docs/api`. */
  readonly file: string;
  readonly routes: readonly Route[];
}

const API_TITLES: Readonly<Record<Route["api"], string>> = {
  app: "App API",
  apps: "App-wide access",
  platform: "Platform API",
  open: "Without credentials",
};
/** Those whose calls are few, or are much like others that have pages of their own. */
const ON_ONE_PAGE: ReadonlySet<Route["api"]> = new Set(["open", "apps"]);
const ORIGIN = "http://127.0.0.1:8080";

export function callGroups(): readonly CallGroup[] {
  const groups = new Map<string, Route[]>();
  for (const route of ROUTES) {
    const name = ON_ONE_PAGE.has(route.api) ? route.api : `${route.api}-${subjectOf(route)}`;
    groups.set(name, [...(groups.get(name) ?? []), route]);
  }
  return [...groups].map(([name, routes]) => {
    const { api } = routes[0] as Route;
    const subject = name.slice(api.length + 1).replaceAll("_", "-");
    return {
      api,
      title: ON_ONE_PAGE.has(api) ? API_TITLES[api] : `${subject.charAt(0).toUpperCase()}${subject.slice(1)}`,
      file: ON_ONE_PAGE.has(api) ? `${api}.md` : `${api}-${subject}.md`,
      routes,
    };
  });
}

/** `webhooks` of `/api/:version/app/webhooks/:id`. */
function subjectOf({ path }: Route): string {
  const words = path.split("/").filter((word) => word !== "" && !word.startsWith(":"));
  const [, second = "", third] = words;
  return words[0] === "api" && second === "app" ? (third ?? second) : words[0] === "api" ? second : (third ?? second);
}

/** The pages of `docs/api`, by file name. */
export function callPages(): ReadonlyMap<string, string> {
  const groups = callGroups();
  return new Map([["README.md", overview(groups)], ...groups.map((group): [string, string] => [group.file, groupPage(group)])]);
}

const MADE = "<!-- Made from packages/contract/src/routes.ts by `npm run golden:update`. -->";

function overview(groups: readonly CallGroup[]): string {
  const parts = (Object.keys(API_TITLES) as Route["api"][]).flatMap((api) => {
    const rows = groups
      .filter((group) => group.api === api)
      .flatMap(({ file, routes }) =>
        routes.map((route) => [
          `\`${route.method}\``,
          `[\`${shownPath(route)}\`](${file}#${anchorOf(route, routes)})`,
          proseText(route.summary),
        ]),
      );
    return [`## ${API_TITLES[api]}`, "", ...INTRODUCTIONS[api], "", ...markdownTable(["", "call", "does"], rows)];
  });
  return [...OPENING, ...parts].join("\n");
}

const OPENING: readonly string[] = [
  MADE,
  "",
  "# API reference",
  "",
  "For tools: [openapi.json](openapi.json) (OpenAPI 3.1) and [asyncapi.json](asyncapi.json) (AsyncAPI 3). A running server shows the same at `/docs`,",
  "with its own topics and its own address, and serves both documents.",
  "",
  '- Errors are `{"error":"for people","code":"for programs"}`; `409` and `422` add `"member"`. Codes do not change: [all of them](../errors.md).',
  "- A call is checked in this order: path and version `404`, method `405`, credentials `401`, bucket `429`, scope or role `403`, size `413`, media type",
  "  `415`, JSON `400`, members `422`, the topic's scope `403`, conflict `409`.",
  "- Lists have `limit` (50, at most 250) and a `Link` header with the neighbouring pages; with `pageToken` only `limit` may go along.",
  "- Ids are read as numbers or decimal text, webhooks also by UUID. Unknown members of a body are refused, so that a misspelt one is noticed.",
  "- What each call answers to every kind of credentials: [credentials](credentials.md). A command for each: [command line](../cli.md#api-commands).",
  "",
];

const INTRODUCTIONS: Readonly<Record<Route["api"], readonly string[]>> = {
  app: [
    `What app developers call, for one shop each: \`https://{shop}.genmystore.com\` with the installation's token in \`X-Genstore-Access-Token\`. \`{version}\` is`,
    `${API_VERSIONS.map((version) => `\`${version}\``).join(" or ")}. Every answer to a token says in \`X-Genstore-Shop-Api-Rate-Limit\` how much of the bucket is used; an empty one answers \`429\` with \`Retry-After\`.`,
  ],
  apps: [
    "What app developers call over all shops of their app: `Authorization: Bearer` and a token that `POST /apps/v1/token` gives for client id and client secret, or a portal link.",
    "What a token may do, `read`, `replay` and `edit`, stands with it. An app's calls share a bucket of 200, 20 a second; an empty one answers `429` with `Retry-After`.",
  ],
  platform: [
    "What the platform and its operators call: `Authorization: Bearer` and a platform key, whose role is `admin`, `publish` or `read`.",
  ],
  open: ["What anyone may ask who reaches the port."],
};

function groupPage({ api, title, routes }: CallGroup): string {
  const heading = ON_ONE_PAGE.has(api) ? title : `${title}: ${API_TITLES[api]}`;
  return [MADE, "", `# ${heading}`, "", ...routes.flatMap((route) => callSection(route, routes))].join("\n");
}

function callSection(route: Route, siblings: readonly Route[]): readonly string[] {
  const example = EXAMPLES[route.operation]?.answer;
  const others = Object.entries(route.otherStatuses ?? {}).map(([status, says]) => ` \`${status}\`: ${proseText(says)}.`);
  const type = route.textType === undefined ? "" : ` with \`${route.textType}\``;
  return [
    `## ${titleOf(route, siblings)}`,
    "",
    `\`${route.method} ${shownPath(route)}\``,
    "",
    `${titleOf(route, siblings) === route.summary ? "" : `${proseText(route.summary)}. `}${allowance(route)}`,
    "",
    ...commandOf(route),
    ...parameterTable(route),
    ...(route.body === undefined ? [] : ["Body:", "", ...memberTable(route.body)]),
    ...fenced("sh", curlOf(route, ORIGIN)),
    `Answers \`${route.status}\`${type}.${others.join("")}`,
    "",
    ...(example === undefined ? [] : fenced(`json ${route.operation} answer`, JSON.stringify(example, null, 2))),
    ...folded("Members of the answer", memberTable(route.answer)),
    ...errorTable(route),
  ];
}

/** The first clause of the summary is enough to find it by; where several calls share one, the summary. */
function titleOf(route: Route, siblings: readonly Route[]): string {
  const clause = (each: Route): string => each.summary.split(/[;:.]/)[0] ?? each.summary;
  const isShared = siblings.some((each) => each !== route && clause(each) === clause(route));
  return isShared ? route.summary : clause(route);
}

function anchorOf(route: Route, siblings: readonly Route[]): string {
  return slugOf(titleOf(route, siblings));
}

/** With `{name}` for parameters, as the document writes it. */
function shownPath({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

const ALLOWANCE_WORDS: Readonly<Record<Route["api"], readonly [whose: string, what: string]>> = {
  app: ["token", "scope"],
  apps: ["token", "allowance"],
  platform: ["key", "role"],
  open: ["", ""],
};

function allowance({ api, allows, isSignIn }: Route): string {
  if (isSignIn === true) return "Takes its credentials in the body.";
  if (api === "open") return "Asks for no credentials.";
  const [whose, what] = ALLOWANCE_WORDS[api];
  if (allows.length === 0) return `Takes any valid ${whose}.`;
  return `Needs the ${what} ${allows.map((each) => `\`${each}\``).join(" or ")}.`;
}

/** The command that makes the call, where there is one. */
function commandOf(route: Route): readonly string[] {
  const command = apiCommands().find(({ platform, app }) => platform?.operation === route.operation || app?.operation === route.operation);
  if (command === undefined) return [];
  const words = ["genhook", command.noun, command.verb, ...parametersOf(route).map((name) => `<${name}>`)];
  return [`Command: \`${words.filter((word) => word !== "").join(" ")}\``, ""];
}

function parameterTable(route: Route): readonly string[] {
  // The version is the same for all, and said once.
  const own = pathParameters(route).filter(({ name }) => name !== "version");
  const inPath = own.map(({ name, description }) => [`\`${name}\``, "path", proseText(description)]);
  const inQuery = schemaRows(route.query).map(({ path, description, type }) => [
    `\`${path}\``,
    "query",
    proseText(description === "" ? type : description),
  ]);
  return markdownTable(["parameter", "in", ""], [...inPath, ...inQuery]);
}

function errorTable(route: Route): readonly string[] {
  const codes = [...errorCodesOf(route)].sort((a, b) => ERRORS[a].status - ERRORS[b].status);
  return folded(
    `Errors (${codes.length})`,
    markdownTable(
      ["status", "code", "meaning"],
      codes.map((code) => [String(ERRORS[code].status), `[\`${code}\`](../errors.md#${code})`, proseText(ERRORS[code].meaning)]),
    ),
  );
}
