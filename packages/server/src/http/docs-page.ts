interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: unknown; readonly example?: unknown }>> };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: unknown }>>;
}

type Document = Readonly<Record<string, unknown>>;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
code, pre { font: 0.875em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .7rem; background: color-mix(in srgb, currentColor 7%, transparent); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
nav a { margin-right: 1rem; }`;

/** The API document as one page of its own: no script, nothing loaded from elsewhere. */
export function renderDocs(document: Document): string {
  const { title, version, description } = document["info"] as Record<string, string>;
  const groups = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document["paths"] as Record<string, Record<string, Operation>>)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), renderOperation(method.toUpperCase(), path, operation)]);
    }
  }
  const topics = Object.entries(document["webhooks"] as Record<string, { post: Operation }>).map(([name, { post }]) =>
    renderOperation("POST", name, post),
  );
  groups.set("topics", topics);
  const sections = [...groups].map(
    ([tag, operations]) => `<h2 id="${escape(tag)}">${escape(TITLES[tag] ?? tag)}</h2>${operations.join("")}`,
  );
  const links = [...groups.keys()].map((tag) => `<a href="#${escape(tag)}">${escape(TITLES[tag] ?? tag)}</a>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title ?? "")} API</title><style>${STYLE}</style></head><body>
<h1>${escape(title ?? "")} <small>${escape(version ?? "")}</small></h1><p>${escape(description ?? "")}
The same as a document for tools: <a href="/openapi.json">openapi.json</a>.</p><nav>${links}</nav>${sections.join("")}</body></html>`;
}

const TITLES: Readonly<Record<string, string>> = {
  app: "App API",
  platform: "Platform API",
  open: "Without credentials",
  topics: "What endpoints receive",
};

function renderOperation(method: string, path: string, operation: Operation): string {
  const parts: string[] = [];
  if (operation.description !== undefined) parts.push(`<p>${escape(operation.description)}</p>`);
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    const rows = parameters.map(
      (each) =>
        `<tr><td><code>${escape(each.name)}</code></td><td>${escape(each.in)}</td><td><code>${escape(short(each.schema))}</code></td></tr>`,
    );
    parts.push(`<table><tr><th>Parameter</th><th>In</th><th>Schema</th></tr>${rows.join("")}</table>`);
  }
  for (const [type, { schema, example }] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push(`<p>Body, <code>${escape(type)}</code></p>`);
    if (example !== undefined) parts.push(`<pre>${escape(JSON.stringify(example, null, 2))}</pre>`);
    if (schema !== undefined)
      parts.push(`<details><summary>Schema</summary><pre>${escape(JSON.stringify(schema, null, 2))}</pre></details>`);
  }
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, answer]) =>
      `<tr><td><code>${escape(status)}</code></td><td>${escape(answer.description ?? "As everywhere.").replaceAll("\n\n", "<br>")}</td></tr>`,
  );
  parts.push(`<table><tr><th>Status</th><th>Meaning</th></tr>${answers.join("")}</table>`);
  const name = operation.summary ?? "";
  return `<details><summary><span class="method">${method}</span> <code>${escape(path)}</code> ${escape(name)}</summary>${parts.join("")}</details>`;
}

function short(schema: unknown): string {
  const { expected, type, pattern } = (schema ?? {}) as Record<string, string | undefined>;
  return expected ?? pattern ?? type ?? "";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
