import { ProblemFound } from "./filter-problem.ts";
import { isDigit, isWordPart, isWordStart } from "./payload-path.ts";

/** A piece of a filter. `value` is the word, the decoded text, the number as written, or the symbol. */
export interface Token {
  readonly kind: "word" | "text" | "number" | "symbol" | "end";
  readonly value: string;
  readonly at: number;
}

const SYMBOLS = ["!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "*"];
/** What other languages write, and what is written here. */
const FOREIGN: readonly (readonly [string, string])[] = [
  ["==", "="],
  ["<>", "!="],
  ["=~", "starts_with"],
  ["&&", "and"],
  ["||", "or"],
];
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Cuts a filter into its pieces; the last one is `end`. Throws `ProblemFound`. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d) {
      at += 1;
      continue;
    }
    const [token, end] = readToken(source, at, code);
    tokens.push(token);
    at = end;
  }
  tokens.push({ kind: "end", value: "", at: source.length });
  return tokens;
}

function readToken(source: string, at: number, code: number): readonly [Token, number] {
  if (isWordStart(code)) {
    let end = at + 1;
    while (isWordPart(source.charCodeAt(end))) end += 1;
    return [{ kind: "word", value: source.slice(at, end), at }, end];
  }
  if (code === 0x22 || code === 0x27) return readText(source, at);
  if (isDigit(code) || (code === 0x2d && isDigit(source.charCodeAt(at + 1)))) return readNumber(source, at);
  for (const [foreign, ours] of FOREIGN) {
    if (source.startsWith(foreign, at)) throw new ProblemFound(`"${foreign}" is not known here; write ${ours}`, at);
  }
  const symbol = SYMBOLS.find((each) => source.startsWith(each, at));
  if (symbol !== undefined) return [{ kind: "symbol", value: symbol, at }, at + symbol.length];
  if (code === 0x21) throw new ProblemFound('"!" is not known here; write not, or != to compare', at);
  throw new ProblemFound(`${nameCharacter(source, at)} has no meaning here`, at);
}

/** A text in double or single quotes, with the escapes of JSON and those of both quotes. */
function readText(source: string, start: number): readonly [Token, number] {
  const quote = source.charAt(start);
  let value = "";
  let at = start + 1;
  for (;;) {
    const character = source.charAt(at);
    if (character === "") throw new ProblemFound(`the text that begins here has no closing ${quote}`, start);
    if (character === quote) return [{ kind: "text", value, at: start }, at + 1];
    if (character.charCodeAt(0) < 0x20) throw new ProblemFound("a text may not go over a line; write \\n, or \\t for a tab", at);
    if (character !== "\\") {
      value += character;
      at += 1;
      continue;
    }
    const [decoded, end] = readEscape(source, at);
    value += decoded;
    at = end;
  }
}

function readEscape(source: string, at: number): readonly [string, number] {
  const character = source.charAt(at + 1);
  if (character !== "" && "\"'\\/".includes(character)) return [character, at + 2];
  const plain = ESCAPES[character];
  if (plain !== undefined) return [plain, at + 2];
  if (character !== "u") throw new ProblemFound("after a backslash one of \" ' \\ / b f n r t u was expected", at);
  let code = 0;
  for (let digit = at + 2; digit < at + 6; digit += 1) {
    const value = "0123456789abcdef".indexOf(source.charAt(digit).toLowerCase());
    if (source.charAt(digit) === "" || value < 0) throw new ProblemFound("four hex digits were expected after \\u", at);
    code = code * 16 + value;
  }
  return [String.fromCharCode(code), at + 6];
}

function readNumber(source: string, start: number): readonly [Token, number] {
  const digits = (from: number): number => {
    let at = from;
    while (isDigit(source.charCodeAt(at))) at += 1;
    return at;
  };
  const whole = source.charCodeAt(start) === 0x2d ? start + 1 : start;
  let end = digits(whole);
  if (end > whole + 1 && source[whole] === "0")
    throw new ProblemFound("a number does not begin with 0; write an id with leading zeros as text", start);
  if (source[end] === "." && isDigit(source.charCodeAt(end + 1))) end = digits(end + 1);
  if (source[end] === "e" || source[end] === "E") {
    const sign = source[end + 1] === "-" || source[end + 1] === "+" ? end + 2 : end + 1;
    const exponent = digits(sign);
    if (exponent === sign) throw new ProblemFound("digits were expected in the number's exponent", sign);
    end = exponent;
  }
  if (isWordPart(source.charCodeAt(end))) throw new ProblemFound("a number ends before a letter; put texts in quotes", end);
  return [{ kind: "number", value: source.slice(start, end), at: start }, end];
}

function nameCharacter(source: string, at: number): string {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  return character.trim() === "" || character.charCodeAt(0) < 0x20 ? "this character" : `"${character}"`;
}
