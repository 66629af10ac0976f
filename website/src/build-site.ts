import { join } from "node:path";
import { build } from "vitepress";
import { collectPages, writeCollection } from "./collect-pages.ts";
import { REPOSITORY } from "./repository.ts";

const website = join(REPOSITORY, "website");
const collection = collectPages();
writeCollection(collection, join(website, "pages"));
await build(website);
const pageCount = [...collection.files.keys()].filter((path) => path.endsWith(".md")).length;
console.log(`${pageCount} pages are in website/dist; npm run docs:serve shows them`);
