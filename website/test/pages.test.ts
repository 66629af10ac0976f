import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectPages, sitePath } from "../src/collect-pages.ts";
import { CONTENTS, pagesOf } from "../src/contents.ts";
import { contentsPage } from "../src/contents-page.ts";
import { anchorsOf, headingsOf, linksOf } from "../src/read-markdown.ts";
import { callPages } from "../src/reference/call-pages.ts";
import { topicPages } from "../src/reference/topic-pages.ts";
import { destinationOf, markdownFiles, readPage, REPOSITORY } from "../src/repository.ts";

const FILES = markdownFiles();

function expectGolden(file: string, content: string): void {
  const path = join(REPOSITORY, file);
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, content);
  expect(readFileSync(path, "utf8") === content, `${file} is out of date: npm run golden:update`).toBe(true);
}

/** A folder whose pages are all made; `others` are made elsewhere. */
function expectGoldenFolder(folder: string, pages: ReadonlyMap<string, string>, others: readonly string[]): void {
  mkdirSync(join(REPOSITORY, folder), { recursive: true });
  for (const [name, content] of pages) expectGolden(`${folder}/${name}`, content);
  const left = readdirSync(join(REPOSITORY, folder)).filter((name) => name.endsWith(".md") && !pages.has(name) && !others.includes(name));
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined) for (const name of left) rmSync(join(REPOSITORY, folder, name));
  else expect(left, `pages in ${folder} of what is gone: npm run golden:update`).toEqual([]);
}

test("docs/topics is made from the topic table", () => expectGoldenFolder("docs/topics", topicPages(), []));
test("docs/api is made from the route table", () => expectGoldenFolder("docs/api", callPages(), ["credentials.md"]));
test("docs/README.md is made from the table of contents", () => expectGolden("docs/README.md", contentsPage()));

test("every page of docs/ stands in the table of contents, and every entry of it is a page", () => {
  const named = pagesOf(CONTENTS).map(({ file }) => file);
  expect(new Set(named).size).toBe(named.length);
  const pages = FILES.filter((file) => file.startsWith("docs/") && !file.startsWith("docs/adr/") && file !== "docs/README.md");
  expect(
    pages.filter((file) => !named.includes(file)),
    "name them in website/src/contents.ts",
  ).toEqual([]);
  expect(named.filter((file) => file !== "docs/adr/README.md" && !existsSync(join(REPOSITORY, file)))).toEqual([]);
});

test("no two pages of the site have one address", () => {
  const paths = pagesOf(CONTENTS).map(({ file }) => sitePath(file));
  expect(new Set(paths).size).toBe(paths.length);
});

test("every link of every page leads somewhere, to a heading that is there", () => {
  const anchors = new Map(FILES.map((file) => [file, anchorsOf(readPage(file))]));
  let count = 0;
  const broken = FILES.flatMap((file) =>
    linksOf(readPage(file)).flatMap(({ target, line }) => {
      const found = destinationOf(file, target);
      if (found.kind === "elsewhere") return [];
      count += 1;
      const isBroken = found.kind === "missing" || (found.anchor !== null && anchors.get(found.path)?.has(found.anchor) !== true);
      return isBroken ? [`${file}:${line} ${target}`] : [];
    }),
  );
  expect(broken).toEqual([]);
  expect(count).toBeGreaterThan(300);
});

test("on the site a link leads to a page or a file of the site", () => {
  const { files } = collectPages();
  const broken: string[] = [];
  for (const [path, content] of files) {
    if (typeof content !== "string" || !path.endsWith(".md")) continue;
    for (const { target } of linksOf(content)) {
      if (/^[a-z]+:/.test(target) || target.startsWith("#")) continue;
      const { pathname } = new URL(target, `https://site/${path}`);
      if (!files.has(pathname.slice(1)) && !files.has(`public${pathname}`)) broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("the home page leads to pages and headings that are there", () => {
  const { files } = collectPages();
  const links = [...readPage("website/home.md").matchAll(/link: \/([^\s#]*)(?:#(\S+))?/g)];
  expect(links.length).toBeGreaterThan(5);
  for (const [link, path = "", anchor] of links) {
    const page = files.get(`${path}.md`);
    expect(typeof page, link).toBe("string");
    if (anchor !== undefined) expect(headingsOf(String(page)).map((heading) => heading.anchor)).toContain(anchor);
  }
});

test("each page has one title, and levels of headings follow one another", () => {
  const odd = FILES.filter((file) => file.startsWith("docs/") || pagesOf(CONTENTS).some((page) => page.file === file)).flatMap((file) => {
    const levels = headingsOf(readPage(file)).map(({ level }) => level);
    const jumps = levels.some((level, index) => level > (levels[index - 1] ?? 0) + 1);
    return levels.filter((level) => level === 1).length !== 1 || jumps ? [file] : [];
  });
  expect(odd).toEqual([]);
});
