import { markup, prose, type Markup } from "./markup.ts";
import { schemaRows, type SchemaRow } from "./schema-rows.ts";

/** An example with a button that copies it; the script shows the button. */
export function codeBlock(text: string, label: string): Markup {
  const copy = markup`<button type="button" class="copy" hidden>Copy</button>`;
  return markup`<figure class="code"><figcaption>${label}${copy}</figcaption><pre tabindex="0"><code>${text}</code></pre></figure>`;
}

export function jsonBlock(value: unknown, label: string): Markup {
  return codeBlock(JSON.stringify(value, null, 2), label);
}

/** A table; without a head where `columns` is empty. */
export function table(caption: string | null, columns: readonly string[], rows: readonly Markup[]): Markup {
  const head = markup`<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>`;
  const title = caption === null ? null : markup`<caption>${caption}</caption>`;
  return markup`<table>${title}${columns.length === 0 ? null : head}<tbody>${rows}</tbody></table>`;
}

/** The members of a schema as a table; nothing where it names none. */
export function memberTable(schema: unknown, caption: string): Markup | null {
  const rows = schemaRows(schema);
  return rows.length === 0 ? null : table(caption, ["Member", "What", ""], rows.map(memberRow));
}

function memberRow({ path, type, isRequired, description }: SchemaRow): Markup {
  return markup`<tr><td><code>${path}</code>${isRequired ? note("required") : null}</td><td>${type}</td><td>${prose(description)}</td></tr>`;
}

/** A word in small beside a name. */
export function note(text: string): Markup {
  return markup` <span class="note">${text}</span>`;
}

/** What unfolds: a call or a topic, found by its words and led to by its id. */
export function entry(id: string, words: string, summary: Markup, body: Markup): Markup {
  const head = markup`<summary>${summary}</summary>`;
  return markup`<details class="entry" id="${id}" data-search="${words}">${head}<div class="body">${body}</div></details>\n`;
}

/** An id for a link, made of any name. */
export function anchorOf(kind: string, name: string): string {
  return `${kind}-${name.replaceAll(/[^A-Za-z0-9_-]/g, "-")}`;
}
