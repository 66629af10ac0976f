import { stripVTControlCharacters } from "node:util";

/** Characters that take two columns: East Asian wide and full width, emoji. Coarse, but never breaks an id or a URL. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u;
const MARK = /^\p{Mark}$/u;
const ELLIPSIS = "…";

/**
 * Text of others, made harmless: addresses, names and answers come from tenants, and an escape sequence in one of them would otherwise be
 * carried out by the operator's terminal.
 */
// oxlint-disable no-control-regex -- they are what is looked for
export function harmless(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, (character) =>
    character === "\r" ? "" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
// oxlint-enable no-control-regex

/** The same on one line. */
export function oneLine(text: string): string {
  const lines = text.split(/\r?\n/);
  return harmless((lines.length === 1 ? text : lines.map((line) => line.trim()).join(" ")).replaceAll("\t", " "));
}

/** Columns that a text takes in a terminal; colours take none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += columnsOf(character);
  return width;
}

/** The text cut to so many columns, with an ellipsis where it was longer. For text without colours. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    const columns = columnsOf(character);
    if (used + columns > width - 1) break;
    kept += character;
    used += columns;
  }
  return kept + ELLIPSIS;
}

export function pad(text: string, width: number, toRight: boolean = false): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return toRight ? space + text : text + space;
}

/** Breaks prose at spaces, so that no line is longer than `width` where that is possible. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}

function columnsOf(character: string): number {
  if (MARK.test(character) || character === "\u200D" || character === "\uFE0F") return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** `1 delivery`, `2 deliveries`. */
export function count(n: number, one: string, many: string = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}
