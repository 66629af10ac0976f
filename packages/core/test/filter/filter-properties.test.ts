import { explainMiss, parseFilter, parsePath, printFilter, printPath, type FilterExpression } from "@genhook/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileFilter } from "../../src/filter/compile-filter.ts";
import { compareDecimals, readDecimal } from "../../src/filter/decimal.ts";
import { JsonNode } from "../../src/json/json-node.ts";
import { EVENT_FILTER_STEPS_MAX, FILTER_STEPS_MAX } from "../../src/limits.ts";
import { filter, path, payload } from "./expressions.ts";
import { oracle } from "./oracle.ts";

const RUNS = { numRuns: 2_000 };

function read(source: string): FilterExpression {
  const parsed = parseFilter(source, null);
  if (!parsed.ok) throw new Error(`${source}: column ${parsed.problem.column}: ${parsed.problem.message}`);
  return parsed.value;
}

function evaluate(source: string, json: string, budget = { steps: EVENT_FILTER_STEPS_MAX }): string {
  return compileFilter(read(source))(new JsonNode(json), budget);
}

test("what is printed is read as the same filter", () => {
  fc.assert(
    fc.property(filter, (each) => {
      expect(read(printFilter(each))).toEqual(each);
    }),
    RUNS,
  );
});

test("a path that is printed is read as the same path", () => {
  fc.assert(
    fc.property(path, (each) => {
      expect(parsePath(printPath(each), null)).toEqual({ ok: true, value: each });
    }),
    RUNS,
  );
});

test("a filter means what the plain evaluation over the parsed payload says, read from its text and printed again", () => {
  let matches = 0;
  fc.assert(
    fc.property(filter, payload, (each, json) => {
      const expected = oracle(each, json);
      if (expected) matches += 1;
      expect(evaluate(printFilter(each), json), `${printFilter(each)} on ${json}`).toBe(expected ? "matched" : "not_matched");
    }),
    { numRuns: 5_000 },
  );
  // Otherwise the payloads would have nothing to do with the filters.
  expect(matches).toBeGreaterThan(500);
});

test("the laws of logic hold, missing values or not", () => {
  fc.assert(
    fc.property(filter, filter, payload, (a, b, json) => {
      const says = (each: FilterExpression): string => evaluate(printFilter(each), json);
      const not = (part: FilterExpression): FilterExpression => ({ kind: "not", part });
      expect(says(not(not(a)))).toBe(says(a));
      expect(says(not({ kind: "and", parts: [a, b] }))).toBe(says({ kind: "or", parts: [not(a), not(b)] }));
      expect(says({ kind: "or", parts: [a, not(a)] })).toBe("matched");
    }),
  );
});

test("whatever comes, reading answers: a filter, or a problem with a column inside the text or just behind it", () => {
  const fragments = fc.constantFrom(
    "order",
    ".",
    "id",
    "=",
    "!=",
    "<",
    "(",
    ")",
    "[",
    "]",
    "*",
    "and",
    "or",
    "not",
    "in",
    "exists",
    '"',
    "'",
    "\\",
    "1",
    "-",
    ",",
    "starts_with",
    " ",
    "\0",
    "😀",
  );
  const sources = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fragments, { maxLength: 40 }).map((each) => each.join(" ")),
    fc.array(fragments, { maxLength: 40 }).map((each) => each.join("")),
  );
  fc.assert(
    fc.property(sources, fc.constantFrom(null, "order"), (source, root) => {
      const parsed = parseFilter(source, root);
      if (parsed.ok) {
        expect(read(printFilter(parsed.value))).toEqual(parsed.value);
        return;
      }
      expect(parsed.problem.column).toBeGreaterThanOrEqual(1);
      expect(parsed.problem.column).toBeLessThanOrEqual(Array.from(source).length + 1);
      expect(parsed.problem.message).toMatch(/\S/);
    }),
    { numRuns: 5_000 },
  );
});

test("hostile lengths and depths are refused, not survived by luck", () => {
  for (const source of [
    "(".repeat(1_999),
    "not ".repeat(400),
    `${"(".repeat(900)}a = 1${")".repeat(900)}`,
    `a in (${"1,".repeat(900)}1)`,
    "a=1 or ".repeat(250),
    `a${".b".repeat(900)} = 1`,
    `a = "${"x".repeat(3_000)}"`,
  ]) {
    expect(parseFilter(source, null).ok).toBe(false);
  }
});

test("a filter that would look at too much is not decided, after no more than its steps", () => {
  const list = `[${"0,".repeat(400)}0]`;
  const json = `{"a":[${`${list},`.repeat(400)}${list}]}`;
  const budget = { steps: EVENT_FILTER_STEPS_MAX };
  expect(evaluate("a[*][*] = 1", json, budget)).toBe("too_costly");
  expect(budget.steps).toBe(EVENT_FILTER_STEPS_MAX - FILTER_STEPS_MAX);
  expect(evaluate("a[*][*] = 0", json, budget)).toBe("matched");
  expect(evaluate("a[400][400] = 0", json, budget)).toBe("matched");
  expect(evaluate("a = 1", json, { steps: 0 })).toBe("too_costly");
  const long = `{"a":[${"0,".repeat(FILTER_STEPS_MAX + 5)}1]}`;
  expect(evaluate(`a[${FILTER_STEPS_MAX + 5}] = 1`, long)).toBe("too_costly");
  expect(evaluate(`a[${FILTER_STEPS_MAX + 5}] = 1`, '{"a":[1]}')).toBe("not_matched");
});

test("every miss is explained by a test of the filter, whatever the payload", () => {
  fc.assert(
    fc.property(filter, payload, (each, json) => {
      const root = new JsonNode(json);
      fc.pre(compileFilter(each)(root, { steps: EVENT_FILTER_STEPS_MAX }) === "not_matched");
      expect(explainMiss(each, root)).toMatch(/ (holds|does not hold): /);
    }),
  );
});

test("decimals are ordered exactly, without floating point", () => {
  const parts = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.nat({ max: 30 }));
  const write = ([isNegative, digits, scale]: readonly [boolean, bigint, number]): string => `${isNegative ? "-" : ""}${digits}e-${scale}`;
  const value = ([isNegative, digits, scale]: readonly [boolean, bigint, number]): bigint =>
    (isNegative ? -digits : digits) * 10n ** BigInt(30 - scale);
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const [x, y] = [readDecimal(write(a)), readDecimal(write(b))];
      if (x === null || y === null) throw new Error("not read");
      const [p, q] = [value(a), value(b)];
      expect(Math.sign(compareDecimals(x, y))).toBe(p < q ? -1 : p > q ? 1 : 0);
    }),
    RUNS,
  );
  for (const text of [
    "",
    "-",
    "+1",
    "01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "1 ",
    " 1",
    "1_000",
    "NaN",
    "Infinity",
    "1e9999999999",
    `1${"0".repeat(400)}`,
  ]) {
    expect(readDecimal(text), text).toBeNull();
  }
});
