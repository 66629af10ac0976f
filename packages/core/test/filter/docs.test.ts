import { readFileSync } from "node:fs";
import { parseFilter, printFilter } from "@genhook/core";
import { expect, test } from "vitest";
import {
  FILTER_DEPTH_MAX,
  FILTER_LENGTH_MAX,
  FILTER_NODES_MAX,
  FILTER_STEPS_MAX,
  EVENT_FILTER_STEPS_MAX,
  PATH_PARTS_MAX,
} from "../../src/limits.ts";

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
