/** Markup that is safe to put in as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Part[];

/** Markup with values put in: text is escaped, markup stands, lists are joined, null is nothing. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, string, index) => text + string + render(parts[index] ?? null), ""));
}

function render(part: Part): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.text;
  return typeof part === "string" || typeof part === "number" ? escapeText(String(part)) : part.map(render).join("");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** Text with `code` in it. */
export function prose(text: string): Markup {
  return new Markup(escapeText(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>"));
}

/** Names as code, with words between them. */
export function codes(names: readonly string[], between: string): Markup {
  return markup`${names.map((name, index) => markup`${index === 0 ? "" : between}<code>${name}</code>`)}`;
}
