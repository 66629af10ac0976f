import { slugOf } from "./slug.ts";

export interface Heading {
  readonly level: number;
  /** As it is read: without backticks, stars and links. */
  readonly text: string;
  readonly anchor: string;
}

export interface Link {
  /** As it is written. */
  readonly target: string;
  /** Where the target stands in the text. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** A fenced block. */
export interface Block {
  /** The first word behind the fence: `ts`, `sh`, `json`; empty where there is none. */
  readonly language: string;
  /** What stands behind it. */
  readonly words: readonly string[];
  readonly code: string;
  /** Of its first line of code. */
  readonly line: number;
}

/** A fence, and everything up to its like at the start of a line. */
const FENCE = /^( *)(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)^ *\2[ \t]*$/gm;
/** A code span: as many backticks before as behind it. */
const SPAN = /(?<!`)(`+)(?!`)((?:[^`]|(?!\1(?!`))`)*?[^`])\1(?!`)/g;
const LINK = /!?\[(?:[^[\]]|\[[^[\]]*\])*\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g;
const ATTRIBUTE = /\s(?:href|src|srcset)="([^"]+)"/g;

/** The text with code of both kinds blanked out, everything else in its place. */
function withoutCode(content: string): string {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ");
  return content.replaceAll(FENCE, blank).replaceAll(SPAN, blank);
}

export function blocksOf(content: string): readonly Block[] {
  return [...content.matchAll(FENCE)].map(({ index, 1: indent = "", 3: info = "", 4: code = "" }) => {
    const [language = "", ...words] = info.trim().split(/\s+/);
    const lines = code.split("\n").map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    return { language, words, code: lines.join("\n"), line: lineAt(content, index) + 1 };
  });
}

/** What stands in backticks outside of blocks, with its line. */
export function spansOf(content: string): readonly { readonly text: string; readonly line: number }[] {
  const prose = content.replaceAll(FENCE, (text) => text.replaceAll(/[^\n]/g, " "));
  return [...prose.matchAll(SPAN)].map(({ index, 2: text = "" }) => ({
    text: text.trim().replaceAll(/\s+/g, " "),
    line: lineAt(content, index),
  }));
}

export function headingsOf(content: string): readonly Heading[] {
  const masked = content.replaceAll(FENCE, (text) => text.replaceAll(/[^\n]/g, " "));
  const seen = new Map<string, number>();
  return [...masked.matchAll(/^(#{1,6}) +(.+?)(?: +#+)?$/gm)].map(([, marks = "", written = ""]) => {
    const text = written
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[`*]/g, "")
      .trim();
    const slug = slugOf(text);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return { level: marks.length, text, anchor: count === 0 ? slug : `${slug}-${count}` };
  });
}

/** What a page calls itself. */
export function titleOf(content: string): string {
  return headingsOf(content)[0]?.text ?? "";
}

/** What a link may lead to within a page: its headings, and what has an id. */
export function anchorsOf(content: string): ReadonlySet<string> {
  const ids = [...withoutCode(content).matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id);
  return new Set([...headingsOf(content).map(({ anchor }) => anchor), ...ids]);
}

/** Links and pictures, also those of HTML; not what stands in code. */
export function linksOf(content: string): readonly Link[] {
  const masked = withoutCode(content);
  return [...masked.matchAll(LINK), ...masked.matchAll(ATTRIBUTE)]
    .map((match) => {
      const target = match[1] ?? "";
      const start = match.index + match[0].lastIndexOf(target);
      return { target, start, end: start + target.length, line: lineAt(content, start) };
    })
    .sort((a, b) => a.start - b.start);
}

/** The text with each link's target replaced. */
export function rewriteLinks(content: string, rewrite: (target: string) => string): string {
  let at = 0;
  let written = "";
  for (const { target, start, end } of linksOf(content)) {
    written += content.slice(at, start) + rewrite(target);
    at = end;
  }
  return written + content.slice(at);
}

function lineAt(content: string, index: number): number {
  return content.slice(0, index).split("\n").length;
}
