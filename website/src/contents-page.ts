import { posix } from "node:path";
import { CONTENTS } from "./contents.ts";
import { markdownTable } from "./reference/markdown-table.ts";

/** `docs/README.md`: the table of contents for who reads the repository. */
export function contentsPage(): string {
  const parts = CONTENTS.flatMap(({ title, pages }) => [
    `## ${title}`,
    "",
    ...markdownTable(
      ["page", ""],
      pages.map(({ file, title: name, says = "" }) => [`[${name}](${linkTo(file)})`, says]),
    ),
  ]);
  return [
    "# Documentation",
    "",
    "Made from `website/src/contents.ts` by `npm run golden:update`. `npm run docs` makes a site of it, with a search that works offline.",
    "",
    ...parts,
  ].join("\n");
}

function linkTo(file: string): string {
  return posix.relative("docs", file === "docs/adr/README.md" ? "docs/adr" : file);
}
