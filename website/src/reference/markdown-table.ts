/** A Markdown table; nothing where there are no rows. Cells are Markdown already. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(columns), `| ${columns.map(() => "---").join(" | ")} |`, ...rows.map(line), ""];
}

/** Text as Markdown shows it: what would be markup outside of code is escaped. */
export function proseText(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll("<", "&lt;").replaceAll("{{", "{&#8203;{").replaceAll("*", "\\*")))
    .join("");
}

/** What unfolds, on GitHub and on the site. */
export function folded(summary: string, content: readonly string[]): readonly string[] {
  return content.length === 0 ? [] : [`<details><summary>${summary}</summary>`, "", ...content, "</details>", ""];
}

export function fenced(language: string, code: string): readonly string[] {
  return ["```" + language, code, "```", ""];
}
