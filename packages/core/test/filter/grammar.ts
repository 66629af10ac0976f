/** An EBNF in the style of ISO 14977, read from a page, and sentences made from it: so the grammar that people read is the one that holds. */
type Expression =
  | { readonly kind: "terminal"; readonly text: string }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Expression[] }
  | { readonly kind: "repeat" | "option"; readonly part: Expression };

export type Grammar = ReadonlyMap<string, Expression>;

/** What the page leaves to words. */
const CHARACTERS: Readonly<Record<string, string>> = {
  letter: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digit: "0123456789",
  digit1: "123456789",
  hex: "0123456789abcdefABCDEF",
  character: "abc XYZ 019 äß€ .,;:()[]{}*=<>!&|%#@~^",
};
/** Pieces of these stand without space. */
const LEXICAL: ReadonlySet<string> = new Set(["word", "number", "text", "escape", "digits", "place"]);

/** Rules that lead back to themselves: sentences must end. */
const RECURSIVE: ReadonlySet<string> = new Set(["filter", "both", "unary"]);

export function readGrammar(source: string): Grammar {
  const grammar = new Map<string, Expression>();
  for (const [, name = "", body = ""] of source.matchAll(/(\w+)\s*=((?:\s|\w+|"[^"]*"|'[^']*'|[{}[\]()|,])*?);/g)) {
    const tokens = body.match(/"[^"]*"|'[^']*'|\w+|[{}[\]()|,]/g) ?? [];
    grammar.set(name, readChoice(tokens.values(), { next: undefined }));
  }
  grammar.set("digits", { kind: "sequence", parts: [rule("digit"), { kind: "repeat", part: rule("digit") }] });
  return grammar;
}

/** One sentence. `random` answers from 0 to just below 1; the deeper, the shorter. */
export function makeSentence(grammar: Grammar, name: string, random: () => number, depth = 0): string {
  const characters = CHARACTERS[name];
  if (characters !== undefined) return Array.from(characters)[Math.floor(random() * Array.from(characters).length)] ?? "";
  const expression = grammar.get(name);
  if (expression === undefined) throw new Error(`the grammar has no ${name}`);
  const glue = LEXICAL.has(name) ? null : (["", " ", "  ", "\n", "\t"][Math.floor(random() * 5)] ?? "");
  const make = (each: Expression, at: number): string => {
    switch (each.kind) {
      case "terminal":
        return each.text;
      case "rule":
        return makeSentence(grammar, each.name, random, RECURSIVE.has(each.name) ? at + 1 : 0);
      case "option":
        return random() < 0.5 && at < 12 ? make(each.part, at + 1) : "";
      case "repeat": {
        const count = at < 12 ? Math.floor(random() * 3) : 0;
        return join(
          Array.from({ length: count }, () => make(each.part, at + 1)),
          glue,
        );
      }
      case "choice": {
        // Deep down the last one, which is the plainest, is taken.
        const index = at < 12 ? Math.floor(random() * each.parts.length) : each.parts.length - 1;
        const chosen = each.parts[index];
        return chosen === undefined ? "" : make(chosen, at + 1);
      }
      case "sequence":
        return join(
          each.parts.map((part) => make(part, at + 1)),
          glue,
        );
    }
  };
  return make(expression, depth);
}

/** Pieces of one word stand together (null); of others, two that would run into one are kept apart. */
function join(pieces: readonly string[], glue: string | null): string {
  return pieces.reduce((text, piece) => {
    if (piece === "" || text === "" || glue === null) return text + piece;
    const runsInto = /[A-Za-z0-9_]$/.test(text) && /^[A-Za-z0-9_]/.test(piece);
    return text + (runsInto && glue === "" ? " " : glue) + piece;
  }, "");
}

interface Ahead {
  next: string | undefined;
}

function rule(name: string): Expression {
  return { kind: "rule", name };
}

function readChoice(tokens: Iterator<string>, ahead: Ahead): Expression {
  ahead.next ??= tokens.next().value;
  const parts = [readSequence(tokens, ahead)];
  while (ahead.next === "|") {
    ahead.next = tokens.next().value;
    parts.push(readSequence(tokens, ahead));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: "choice", parts };
}

function readSequence(tokens: Iterator<string>, ahead: Ahead): Expression {
  const parts = [readPiece(tokens, ahead)];
  while (ahead.next === ",") {
    ahead.next = tokens.next().value;
    parts.push(readPiece(tokens, ahead));
  }
  return { kind: "sequence", parts };
}

function readPiece(tokens: Iterator<string>, ahead: Ahead): Expression {
  const token = ahead.next;
  if (token === undefined) throw new Error("the grammar ends in the middle of a rule");
  ahead.next = undefined;
  let piece: Expression;
  if (token === "{" || token === "[" || token === "(") {
    const part = readChoice(tokens, ahead);
    piece = token === "(" ? part : { kind: token === "{" ? "repeat" : "option", part };
    ahead.next = undefined;
  } else if (token.startsWith('"') || token.startsWith("'")) piece = { kind: "terminal", text: token.slice(1, -1) };
  else piece = rule(token);
  ahead.next = tokens.next().value;
  return piece;
}
