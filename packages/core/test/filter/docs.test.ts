import { readFileSync } from "node:fs";
import { parseFilter, printFilter } from "@genhook/core";
import { seededRandom } from "@genhook/testkit";
import { expect, test } from "vitest";
import {
  FILTER_DEPTH_MAX,
  FILTER_LENGTH_MAX,
  FILTER_NODES_MAX,
  FILTER_STEPS_MAX,
  EVENT_FILTER_STEPS_MAX,
  PATH_PARTS_MAX,
} from "../../src/limits.ts";
import { makeSentence, readGrammar } from "./grammar.ts";

const page = readFileSync(new URL("../../../../docs/filters.md", import.meta.url), "utf8");

test("every filter that docs/filters.md shows can be read", () => {
  const shown = [...page.matchAll(/^```filter\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));
  expect(shown.length).toBeGreaterThan(5);
  for (const line of shown) {
    const parsed = parseFilter(line, "order");
    expect(parsed.ok, `${line}: ${parsed.ok ? "" : parsed.problem.message}`).toBe(true);
    if (parsed.ok) expect(parseFilter(printFilter(parsed.value), "order")).toEqual(parsed);
  }
});

test("the bounds that docs/filters.md gives are those that hold", () => {
  const bounds = [FILTER_LENGTH_MAX, FILTER_DEPTH_MAX, FILTER_NODES_MAX, PATH_PARTS_MAX, FILTER_STEPS_MAX, EVENT_FILTER_STEPS_MAX];
  const section = page.slice(page.indexOf("### Bounds"), page.indexOf("**A filter that cannot"));
  const given = [...section.matchAll(/\| ([\d,]+)(?: characters)? \|$/gm)].map(([, number = ""]) => Number(number.replaceAll(",", "")));
  expect(given).toEqual(bounds);
});

test("every sentence of the grammar in docs/filters.md is a filter, but for what the page says beside it", () => {
  const grammar = readGrammar(/^```ebnf\n(.*?)^```/ms.exec(page)?.[1] ?? "");
  expect([...grammar.keys()]).toEqual("filter both unary exists test compare literal path word place number text escape digits".split(" "));
  const random = seededRandom(11);
  /** An order over what has none, and the bounds. */
  const beside = /compares numbers or texts|as a text, "9" comes|at most/;
  let read = 0;
  for (let n = 0; n < 3_000; n += 1) {
    const sentence = makeSentence(grammar, "filter", random);
    const parsed = parseFilter(sentence, null);
    if (parsed.ok) read += 1;
    else expect(parsed.problem.message, JSON.stringify(sentence)).toMatch(beside);
    if (parsed.ok) expect(parseFilter(printFilter(parsed.value), null)).toEqual(parsed);
  }
  console.log(`the grammar: ${read} of 3000 sentences were read, the others refused for what the page says beside it`);
  expect(read).toBeGreaterThan(1_500);
});
