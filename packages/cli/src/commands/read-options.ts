import { readFileSync } from "node:fs";
import { usage } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
import { parseExact } from "../exact-json.ts";
import { readTime } from "../output/time.ts";
import { camelCased, type ApiOption, type OptionKind } from "./api-options.ts";

/** Options as commander hands them out: text, true or false for switches, a list where a flag may stand several times. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** The members that the given options make; throws what is wrong with them. */
export function readOptions(options: readonly ApiOption[], given: Given, now: number): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const option of options) {
    const value = given[camelCased(option.flag)];
    if (value === undefined) continue;
    const isNull = option.isNullable && (value === "null" || (Array.isArray(value) && value.length === 1 && value[0] === "null"));
    members[option.member] = isNull ? null : readValue(option.kind, value, `--${option.flag}`, now);
  }
  return members;
}

/** Says which required members are given in no way. */
export function checkRequired(options: readonly ApiOption[], members: Readonly<Record<string, unknown>>, command: string): void {
  const missing = options.filter((option) => option.isRequired && members[option.member] === undefined);
  if (missing.length === 0) return;
  const flags = missing.map(({ flag, expected }) => `--${flag}${expected === null ? "" : ` (${expected})`}`);
  throw usage(`${command} needs ${flags.join(" and ")}.`);
}

function readValue(kind: OptionKind, value: string | boolean | readonly string[], flag: string, now: number): unknown {
  if (typeof value === "boolean") return value;
  const texts = typeof value === "string" ? [value] : value;
  const last = texts.at(-1) ?? "";
  switch (kind.type) {
    case "text":
    case "choice":
      return last;
    case "switch":
      return last === "true";
    case "time":
      return readTime(last, now, kind.isAhead) ?? failTime(flag, last, kind.isAhead);
    case "number":
      return readNumber(flag, last);
    case "texts":
      return texts.flatMap((text) => text.split(",").map((each) => each.trim())).filter((text) => text !== "");
    case "members":
      return Object.assign({}, ...texts.map((text) => readMembers(kind.members, text, flag, now))) as unknown;
    case "entries":
      return texts.flatMap((text) =>
        text.startsWith("[") ? (readJson(flag, text) as unknown[]) : [readMembers(kind.members, text, flag, now)],
      );
    case "json":
      return readJson(flag, last);
  }
}

/** `topic=orders/create,address=https://…`: a comma ends a value only where another member's name follows it. Or one JSON object. */
function readMembers(members: Readonly<Record<string, OptionKind>>, text: string, flag: string, now: number): unknown {
  if (text.startsWith("{")) return readJson(flag, text);
  const names = Object.keys(members);
  const read: Record<string, unknown> = {};
  const starts = [...text.matchAll(/(?:^|,)([^,=]+)=/g)].filter(([, name]) => names.includes(name ?? ""));
  if (starts[0]?.index !== 0) {
    const [name = text] = text.split("=");
    throw usage(`${flag} must be name=value with one of the names ${names.join(", ")}, not "${text}".`, ...hint(name, names));
  }
  for (const [index, start] of starts.entries()) {
    const [whole, name = ""] = start;
    const value = text.slice(start.index + whole.length, starts[index + 1]?.index ?? text.length);
    read[name] = readValue(members[name] ?? { type: "text" }, value, `${flag} ${name}`, now);
  }
  return read;
}

function hint(name: string, names: readonly string[]): readonly string[] {
  const meant = didYouMean(name, names);
  return meant === null ? [] : [meant];
}

function readNumber(flag: string, text: string): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw usage(`${flag} must be a number, not "${text}".`);
}

function failTime(flag: string, text: string, isAhead: boolean): never {
  const which = isAhead ? "from now" : "so long ago";
  throw usage(`${flag} must be a time: 15m, 2h or 3d (${which}), now, 2025-01-31, or 2025-01-31T12:00:00Z, not "${text}".`);
}

/** JSON, or `@FILE` that holds it. Numbers stay as they are written. */
function readJson(flag: string, text: string): unknown {
  try {
    return parseExact(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text);
  } catch (error) {
    throw usage(`${flag} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
