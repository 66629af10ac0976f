import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { CONTENTS, pagesOf, type Page, type Section } from "./contents.ts";
import { rewriteLinks, titleOf } from "./read-markdown.ts";
import { destinationOf, markdownFiles, readPage, REPOSITORY } from "./repository.ts";

/** What the site is built from: pages with links that fit the site, and the files that they lead to. */
export interface Collection {
  readonly sections: readonly Section[];
  /** By path within the site. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}

/** Where a file of the repository stands on the site: `docs/` is its root, what lies elsewhere is named by its folder. */
export function sitePath(file: string): string {
  const path = file
    .replace(/^docs\//, "")
    .replace(/^packages\//, "")
    .replace(/(^|\/)README\.md$/, "$1index.md");
  return path === "index.md" ? path : path.toLowerCase();
}

/** The table of contents, with pages that it does not name at its end: nothing that was written stays unseen. */
export function sectionsWithAll(): readonly Section[] {
  const named = new Set(pagesOf(CONTENTS).map(({ file }) => file));
  const others = markdownFiles("docs").filter((file) => !named.has(file) && file !== "docs/README.md" && !file.startsWith("docs/adr/"));
  if (others.length === 0) return CONTENTS;
  return [...CONTENTS, { title: "More", pages: others.map((file): Page => ({ file, title: titleOf(readPage(file)) })) }];
}

/** How a page is made is for who changes it. */
const HOW_MADE = /^Made (?:from|by) [^\n]*golden:update`[^.\n]*\.\n\n/m;

/** What VitePress is told of a page whose tables need room; it stands in no file of the repository, where GitHub would show it. */
const WIDE = "---\naside: false\npageClass: wide\n---\n\n";

export function collectPages(): Collection {
  const sections = sectionsWithAll();
  const decisions = markdownFiles("docs/adr").filter((file) => file !== "docs/adr/README.md");
  const pages = [...pagesOf(sections).map(({ file }) => file), ...decisions, "website/home.md"];
  const onSite = new Set(pages);
  const wide = new Set(pagesOf(sections).flatMap(({ file, isWide }) => (isWide === true ? [file] : [])));
  const files = new Map<string, string | Uint8Array>();
  for (const file of pages) {
    const path = file === "website/home.md" ? "index.md" : sitePath(file);
    const content = file === "docs/adr/README.md" ? decisionList(decisions) : readPage(file);
    const page = rewriteLinks(content.replace(HOW_MADE, ""), (target) => siteLink(file, path, target, onSite, files));
    files.set(path, wide.has(file) ? `${WIDE}${page}` : page);
  }
  for (const name of ["openapi.json", "asyncapi.json"]) files.set(`public/api/${name}`, readFileSync(join(REPOSITORY, "docs/api", name)));
  for (const name of ["delivery-light.png", "delivery-dark.png"])
    files.set(`public/${name}`, readFileSync(join(REPOSITORY, "docs/images", name)));
  files.set("public/icon.svg", readFileSync(join(REPOSITORY, "packages/dashboard/src/icon.svg")));
  return { sections, files };
}

/** A link as the site needs it: to the page, to a copy of the file, or, for a folder, to the page about it. */
function siteLink(
  from: string,
  path: string,
  target: string,
  onSite: ReadonlySet<string>,
  files: Map<string, string | Uint8Array>,
): string {
  const destination = destinationOf(from, target);
  if (destination.kind === "elsewhere" || destination.kind === "missing") return target;
  const file = destination.kind === "folder" ? `${destination.path}/README.md` : destination.path;
  const anchor = destination.anchor === null ? "" : `#${destination.anchor}`;
  if (file === "docs/README.md") return relative(path, "index.md");
  if (onSite.has(file)) return `${relative(path, sitePath(file))}${anchor}`;
  if (destination.kind === "folder") return copyFolder(destination.path, files);
  if (/\.(svg|png|webp)$/.test(file)) {
    const copy = sitePath(file);
    files.set(copy, readFileSync(join(REPOSITORY, file)));
    return relative(path, copy);
  }
  return copyFile(file, files);
}

function relative(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

/** A file that is no page, as it is; as text where a browser would not know what to do with it. */
function copyFile(file: string, files: Map<string, string | Uint8Array>): string {
  const copy = /\.(json|yml|yaml|txt)$/.test(file) ? file : `${file}.txt`;
  files.set(`public/files/${copy}`, readFileSync(join(REPOSITORY, file)));
  return `/files/${copy}`;
}

/** A folder's files, one after the other, on a page of their own. */
function copyFolder(folder: string, files: Map<string, string | Uint8Array>): string {
  const name = `files/${folder.replaceAll("/", "-")}`;
  const parts = readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(REPOSITORY.length + 1), entry.name))
    .sort()
    .flatMap((file) => [`## ${file.slice(folder.length + 1)}`, "", `\`\`\`${languageOf(file)}`, readPage(file).trimEnd(), "```", ""]);
  files.set(`${name}.md`, [`# ${folder}/`, "", "The files of this folder, as they stand in the repository.", "", ...parts].join("\n"));
  return `/${name}.md`;
}

function languageOf(file: string): string {
  if (file.endsWith("Dockerfile")) return "docker";
  return { yml: "yaml", yaml: "yaml", conf: "nginx", service: "ini", json: "json" }[file.split(".").at(-1) ?? ""] ?? "txt";
}

function decisionList(files: readonly string[]): string {
  const entries = files.map((file) => `- [${titleOf(readPage(file))}](${posix.basename(file)})`);
  return ["# Decisions", "", "What was decided, why, and what was rejected.", "", ...entries, ""].join("\n");
}

/** Writes what was collected into a folder of its own, and nothing else into it. */
export function writeCollection({ files }: Collection, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
