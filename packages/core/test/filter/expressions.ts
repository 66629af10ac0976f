import type { Comparison, FilterExpression, FilterTest, Literal, PathPart, PayloadPath } from "@genhook/core";
import fc from "fast-check";

/** Arbitrary filters and payloads that often have something to do with each other. */
const NAMES = ["id", "a", "b", "list", "and", "in", "odd name", "ä", ""];
const VALUES = ["0", "1", "-1", "1.0", "10", "9223372036854775807", "9223372036854775808", "0.1", "1e1", "1E400", "100000000000000000000"];
const TEXTS = ["", "x", "xy", 'quote"', "it's", "back\\slash", "\n", "\ud800", "true", "null", "1", "01", "€"];

const name = fc.constantFrom(...NAMES);
const part: fc.Arbitrary<PathPart> = fc.oneof(
  { weight: 4, arbitrary: name.map((each): PathPart => ({ kind: "member", name: each })) },
  fc.constantFrom(0, 1, 2).map((index): PathPart => ({ kind: "index", index })),
  fc.constant<PathPart>({ kind: "each" }),
);

export const path: fc.Arbitrary<PayloadPath> = fc
  .tuple(name, fc.array(part, { maxLength: 3 }))
  .map(([root, rest]): PayloadPath => [{ kind: "member", name: root }, ...rest]);

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: "binary", maxLength: 4 }));
export const literal: fc.Arbitrary<Literal> = fc.oneof(
  fc.constantFrom(...VALUES).map((each): Literal => ({ kind: "number", text: each })),
  text.map((value): Literal => ({ kind: "text", value })),
  fc.boolean().map((value): Literal => ({ kind: "boolean", value })),
  fc.constant<Literal>({ kind: "null" }),
);

/** Of the right type: the language refuses an order over booleans, null, and texts that are numbers. */
const ordered: fc.Arbitrary<Literal> = fc.oneof(
  fc.constantFrom(...VALUES).map((each): Literal => ({ kind: "number", text: each })),
  fc.constantFrom("", "x", "xy", "2024-12-30T23:59:59Z", "€", "true").map((value): Literal => ({ kind: "text", value })),
);

const test: fc.Arbitrary<FilterTest> = fc.oneof(
  fc
    .tuple(path, fc.constantFrom<Comparison>("=", "!="), literal)
    .map(([at, comparison, to]): FilterTest => ({ kind: "compare", path: at, comparison, literal: to })),
  fc
    .tuple(path, fc.constantFrom<Comparison>("<", "<=", ">", ">="), ordered)
    .map(([at, comparison, to]): FilterTest => ({ kind: "compare", path: at, comparison, literal: to })),
  fc
    .tuple(path, fc.array(literal, { minLength: 1, maxLength: 4 }))
    .map(([at, literals]): FilterTest => ({ kind: "in", path: at, literals })),
  fc.tuple(path, text).map(([at, prefix]): FilterTest => ({ kind: "starts_with", path: at, prefix })),
  path.map((at): FilterTest => ({ kind: "exists", path: at })),
);

export const filter: fc.Arbitrary<FilterExpression> = fc.letrec<{ any: FilterExpression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    test,
    tie("any").map((each): FilterExpression => ({ kind: "not", part: each })),
    fc
      .tuple(fc.constantFrom<"and" | "or">("and", "or"), fc.array(tie("any"), { minLength: 2, maxLength: 3 }))
      .map(([kind, parts]): FilterExpression => ({ kind, parts })),
  ),
})).any;

/** JSON texts, written with white space, escapes, members that repeat, and numbers of any size. */
export const payload: fc.Arbitrary<string> = fc
  .letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(...VALUES, "true", "false", "null", '"\\u0031"', '"tru\\u0065"', "1.00", "0e5", "-0"),
      text.map((each) => JSON.stringify(each)),
      fc.array(tie("value"), { maxLength: 3 }).map((values) => `[ ${values.join(" , ")} ]`),
      object(tie("value")),
    ),
  }))
  .value.chain((value) => object(fc.constant(value)));

function object(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const member = fc
    .tuple(name, fc.boolean(), value)
    .map(([each, isEscaped, to]) => `${isEscaped ? escaped(each) : JSON.stringify(each)}:${to}`);
  return fc.array(member, { maxLength: 4 }).map((members) => `{\n${members.join(",\t")}}`);
}

function escaped(each: string): string {
  return `"${Array.from(each, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
}
