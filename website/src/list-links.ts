import { linksOf } from "./read-markdown.ts";
import { markdownFiles, readPage } from "./repository.ts";

// Every link that leads out of the repository, with the pages that have it. They are listed and not followed: a test must not depend on others' servers.

const pagesOfLink = new Map<string, Set<string>>();
for (const file of markdownFiles()) {
  for (const { target } of linksOf(readPage(file))) {
    if (/^https?:/.test(target)) pagesOfLink.set(target, (pagesOfLink.get(target) ?? new Set()).add(file));
  }
}
for (const [link, pages] of [...pagesOfLink].sort(([a], [b]) => a.localeCompare(b))) console.log(`${link}  (${[...pages].join(", ")})`);
console.log(`${pagesOfLink.size} links lead elsewhere`);
