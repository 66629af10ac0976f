import { errorCodesOf, ERRORS, EXAMPLES, pathParameters, type Route } from "@genhook/contract";
import { curlOf } from "./curl.ts";
import { codes, markup, prose, type Markup } from "./markup.ts";
import { anchorOf, codeBlock, entry, jsonBlock, memberTable, note, table } from "./parts.ts";
import { schemaRows } from "./schema-rows.ts";

/** One call: what it takes, what it answers, what can go wrong, and a command that makes it. */
export function operationSection(route: Route, origin: string): Markup {
  const { operation, method, path, summary, allows } = route;
  const verb = markup`<span class="method ${method.toLowerCase()}">${method}</span>`;
  return entry(
    anchorOf("call", operation),
    [method, path, summary, operation, ...allows].join(" "),
    markup`${verb} <code class="path">${path}</code> <span class="says">${summary}</span>`,
    markup`${allowance(route)}${parameterTable(route)}${codeBlock(curlOf(route, origin), "Example")}${bodyOf(route)}${answerOf(route)}${errorTable(route)}`,
  );
}

function allowance({ api, allows }: Route): Markup {
  if (api === "open") return markup`<p>Asks for no credentials.</p>`;
  if (allows.length === 0) return markup`<p>Takes any valid ${api === "app" ? "token" : "key"}.</p>`;
  return markup`<p>Needs the ${api === "app" ? "scope" : "role"} ${codes(allows, " or ")}.</p>`;
}

function parameterTable(route: Route): Markup | null {
  const inPath = pathParameters(route).map(
    ({ name, description }) => markup`<tr><td><code>${name}</code>${note("path")}</td><td>${description}</td></tr>`,
  );
  const inQuery = schemaRows(route.query).map(
    ({ path, description, type }) =>
      markup`<tr><td><code>${path}</code></td><td>${description === "" ? type : prose(description)}</td></tr>`,
  );
  const rows = [...inPath, ...inQuery];
  return rows.length === 0 ? null : table("Parameters", [], rows);
}

function bodyOf(route: Route): Markup | null {
  return route.body === undefined ? null : memberTable(route.body, "Body");
}

function answerOf(route: Route): Markup {
  const example = EXAMPLES[route.operation]?.answer;
  const others = Object.entries(route.otherStatuses ?? {}).map(([status, says]) => markup` <code>${status}</code> ${says}.`);
  const type = route.textType === undefined ? null : markup` with <code>${route.textType}</code>`;
  const shown = example === undefined ? null : jsonBlock(example, "Answer");
  return markup`<p>Answers <code>${route.status}</code>${type}.${others}</p>${shown}${memberTable(route.answer, "Members of the answer")}`;
}

function errorTable(route: Route): Markup {
  const rows = [...errorCodesOf(route)]
    .sort((a, b) => ERRORS[a].status - ERRORS[b].status)
    .map((code) => {
      const link = markup`<a href="#${anchorOf("error", code)}"><code>${code}</code></a>`;
      return markup`<tr><td>${ERRORS[code].status}</td><td>${link}</td><td>${ERRORS[code].meaning}</td></tr>`;
    });
  return markup`<details class="errors"><summary>Errors (${rows.length})</summary>${table(null, [], rows)}</details>`;
}
