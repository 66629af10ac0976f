import { FILTER_DEPTH_MAX, FILTER_LENGTH_MAX, FILTER_NODES_MAX, PATH_LENGTH_MAX, PATH_PARTS_MAX } from "../limits.ts";
import { readDecimal } from "./decimal.ts";
import type { Comparison, FilterExpression, FilterTest, Literal } from "./filter-expression.ts";
import { attempt, ProblemFound, type Parsed } from "./filter-problem.ts";
import { RESERVED_WORDS, type PathPart, type PayloadPath } from "./payload-path.ts";
import { tokenize, type Token } from "./tokens.ts";

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(["=", "!=", "<", "<=", ">", ">="]);
const TESTS = "a test (= != < <= > >= in starts_with)";

/**
 * Reads a filter; the grammar stands in docs/filters.md. `root`: the payload's one member, which every path then has to begin with. What
 * can be known to be a mistake without a payload (an order over texts that are numbers, a path that is nowhere) is refused here.
 */
export function parseFilter(source: string, root: string | null): Parsed<FilterExpression> {
  return attempt(source, () => {
    if (source.length > FILTER_LENGTH_MAX) {
      throw new ProblemFound(`a filter has at most ${FILTER_LENGTH_MAX} characters, and this one ${source.length}`, FILTER_LENGTH_MAX);
    }
    return new FilterParser(tokenize(source), root).filter();
  });
}

/** Reads one path, as `fields` and `changed` have it. */
export function parsePath(source: string, root: string | null): Parsed<PayloadPath> {
  return attempt(source, () => {
    if (source.length > PATH_LENGTH_MAX) {
      throw new ProblemFound(`a path has at most ${PATH_LENGTH_MAX} characters, and this one ${source.length}`, PATH_LENGTH_MAX);
    }
    return new FilterParser(tokenize(source), root).onlyPath();
  });
}

/** Recursive descent, one function a rule, one piece of look-ahead. */
class FilterParser {
  readonly #tokens: readonly Token[];
  readonly #root: string | null;
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], root: string | null) {
    this.#tokens = tokens;
    this.#root = root;
  }

  filter(): FilterExpression {
    const filter = this.#either();
    this.#end("and, or, or the end");
    return filter;
  }

  onlyPath(): PayloadPath {
    const path = this.#path();
    this.#end("a dot, a bracket, or the end");
    return path;
  }

  #either(): FilterExpression {
    const parts = [this.#both()];
    while (this.#takeWord("or")) parts.push(this.#both());
    return this.#joined("or", parts);
  }

  #both(): FilterExpression {
    const parts = [this.#unary()];
    while (this.#takeWord("and")) parts.push(this.#unary());
    return this.#joined("and", parts);
  }

  #joined(kind: "and" | "or", parts: readonly FilterExpression[]): FilterExpression {
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    this.#count();
    return { kind, parts };
  }

  #unary(): FilterExpression {
    const token = this.#token;
    if (this.#takeWord("not")) {
      this.#count();
      return { kind: "not", part: this.#deeper(token, () => this.#unary()) };
    }
    if (this.#takeSymbol("(")) {
      const inner = this.#deeper(token, () => this.#either());
      if (!this.#takeSymbol(")")) this.#fail('")", and, or or');
      return inner;
    }
    if (this.#takeWord("exists")) return this.#exists();
    return this.#test();
  }

  #exists(): FilterExpression {
    const isInParentheses = this.#takeSymbol("(");
    const path = this.#path();
    if (isInParentheses && !this.#takeSymbol(")")) this.#fail('")" after the path');
    this.#count();
    return { kind: "exists", path };
  }

  #test(): FilterExpression {
    const path = this.#path();
    this.#count();
    if (this.#isWord("not")) {
      this.#next += 1;
      if (!this.#takeWord("in")) this.#fail("in");
      this.#count();
      return { kind: "not", part: this.#in(path) };
    }
    if (this.#takeWord("in")) return this.#in(path);
    if (this.#takeWord("starts_with")) {
      const token = this.#token;
      if (token.kind !== "text") this.#fail("a text in quotes after starts_with");
      this.#next += 1;
      return { kind: "starts_with", path, prefix: token.value };
    }
    const { kind, value } = this.#token;
    if (kind !== "symbol" || !COMPARISONS.has(value)) this.#fail(`${TESTS} after the path`);
    this.#next += 1;
    const literalToken = this.#token;
    const literal = this.#literal(`after ${value}`);
    const comparison = value as Comparison;
    if (comparison !== "=" && comparison !== "!=") refuseOrder(comparison, literal, literalToken);
    return { kind: "compare", path, comparison, literal };
  }

  #in(path: PayloadPath): FilterTest {
    if (!this.#takeSymbol("(")) this.#fail('"(" after in');
    const literals = [this.#literal("in the list")];
    while (this.#takeSymbol(",")) {
      this.#count();
      literals.push(this.#literal("in the list"));
    }
    if (!this.#takeSymbol(")")) this.#fail('"," or ")" in the list');
    return { kind: "in", path, literals };
  }

  #literal(where: string): Literal {
    const token = this.#token;
    this.#next += 1;
    if (token.kind === "text") return { kind: "text", value: token.value };
    if (token.kind === "number") {
      if (readDecimal(token.value) === null) throw new ProblemFound("the number is too long to be compared", token.at);
      return { kind: "number", text: token.value };
    }
    const word = token.kind === "word" ? token.value.toLowerCase() : "";
    if (word === "true" || word === "false") return { kind: "boolean", value: word === "true" };
    if (word === "null") return { kind: "null" };
    this.#next -= 1;
    return this.#fail(`a number, a text in quotes, true, false or null ${where}`);
  }

  #path(): PayloadPath {
    const first = this.#token;
    const parts: PathPart[] = [];
    if (first.kind === "word" && !RESERVED_WORDS.has(first.value.toLowerCase())) {
      this.#next += 1;
      parts.push({ kind: "member", name: first.value });
    } else if (this.#isSymbol("[") && this.#tokens[this.#next + 1]?.kind === "text") {
      parts.push(this.#bracket());
    } else {
      this.#fail(`a path${this.#root === null ? "" : ` such as ${this.#root}.id`}`);
    }
    for (;;) {
      if (this.#takeSymbol(".")) parts.push(this.#afterDot());
      else if (this.#isSymbol("[")) parts.push(this.#bracket());
      else break;
      if (parts.length > PATH_PARTS_MAX) throw new ProblemFound(`a path has at most ${PATH_PARTS_MAX} parts`, first.at);
    }
    const [root] = parts;
    if (this.#root !== null && (root?.kind !== "member" || root.name !== this.#root)) {
      throw new ProblemFound(`paths begin at the payload's root, which is ${this.#root} here: write ${this.#root}.…`, first.at);
    }
    return parts;
  }

  #afterDot(): PathPart {
    const token = this.#token;
    if (token.kind !== "word") this.#fail("a member's name after the dot");
    this.#next += 1;
    return { kind: "member", name: token.value };
  }

  #bracket(): PathPart {
    this.#next += 1;
    const token = this.#token;
    let part: PathPart;
    if (this.#isSymbol("*")) part = { kind: "each" };
    else if (token.kind === "text") part = { kind: "member", name: token.value };
    else if (token.kind === "number" && String(Math.abs(Math.trunc(Number(token.value)))) === token.value) {
      part = { kind: "index", index: Number(token.value) };
    } else this.#fail('a place from 0, "*" for every element, or a member\'s name in quotes, after "["');
    this.#next += 1;
    if (!this.#takeSymbol("]")) this.#fail('"]"');
    return part;
  }

  #deeper<Value>(token: Token, read: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > FILTER_DEPTH_MAX) throw new ProblemFound(`a filter is nested at most ${FILTER_DEPTH_MAX} deep`, token.at);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > FILTER_NODES_MAX)
      throw new ProblemFound(`a filter has at most ${FILTER_NODES_MAX} tests, entries and connectives`, this.#token.at);
  }

  get #token(): Token {
    // The last token is the end, and nothing is taken behind it.
    return this.#tokens[this.#next] as Token;
  }

  #isWord(word: string): boolean {
    const { kind, value } = this.#token;
    return kind === "word" && value.toLowerCase() === word;
  }

  #isSymbol(symbol: string): boolean {
    const { kind, value } = this.#token;
    return kind === "symbol" && value === symbol;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#next += 1;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#next += 1;
    return true;
  }

  #end(expected: string): void {
    if (this.#token.kind !== "end") this.#fail(expected);
  }

  #fail(expected: string): never {
    const token = this.#token;
    throw new ProblemFound(`${expected} was expected, but ${named(token)}`, token.at);
  }
}

function named(token: Token): string {
  switch (token.kind) {
    case "end":
      return "the text ends here";
    case "text":
      return "a text in quotes stands here";
    case "number":
      return `the number ${token.value.slice(0, 40)} stands here`;
    case "word":
    case "symbol":
      return `"${token.value.slice(0, 40)}" stands here`;
  }
}

function refuseOrder(comparison: Comparison, literal: Literal, token: Token): void {
  if (literal.kind === "boolean" || literal.kind === "null") {
    throw new ProblemFound(
      `${comparison} compares numbers or texts; for ${literal.kind === "null" ? "null" : literal.value} use = or !=`,
      token.at,
    );
  }
  if (literal.kind === "text" && readDecimal(literal.value) !== null) {
    throw new ProblemFound(
      `as a text, "9" comes after "10"; to compare numbers leave the quotes away: ${literal.value.slice(0, 40)}`,
      token.at,
    );
  }
}
