import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { INVARIANTS } from "./breaches.ts";
import { findPlanted } from "./find-planted.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";

/** All of them are looked for by `npm run simulate -- --planted`; here those that are found soonest, which shows that bugs are still planted. */
const QUICK = new Set([
  "the attempt that was made is not counted",
  "an operator's hold is not looked at",
  "more is sent than a webhook has asked for",
]);

test.each(PLANTED_BUGS.filter(({ name }) => QUICK.has(name)))(
  "simulation finds a planted bug: $name",
  { timeout: 120_000 },
  async (bug) => {
    expect((await findPlanted(bug))?.invariant).toBe(bug.invariant);
  },
);

test("each invariant finds a planted bug", () => {
  expect(new Set(PLANTED_BUGS.map(({ invariant }) => invariant))).toEqual(new Set(Object.keys(INVARIANTS)));
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});

test.each(PLANTED_BUGS)("the place of a planted bug is found, once: $name", ({ file, correct }) => {
  expect(readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8").split(correct)).toHaveLength(2);
});
