import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { PLANTED_BUGS } from "./planted-bugs.ts";

/**
 * `node --import ./plant.ts`: loads one file of the product with a bug planted in it, named by GENHOOK_TEST_PLANT. What is on the disk stays as it
 * is, and the product knows nothing of it. A bug whose place is not found exactly once is no bug but a mistake.
 */
const name = process.env["GENHOOK_TEST_PLANT"] ?? "";
const bug = PLANTED_BUGS.find((each) => each.name === name);
if (bug === undefined) throw new Error(`there is no planted bug "${name}"`);
const target = new URL(`../../../${bug.file}`, import.meta.url).href;

registerHooks({
  load: (url, context, nextLoad) => {
    if (url !== target) return nextLoad(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    const parts = source.split(bug.correct);
    if (parts.length !== 2) throw new Error(`${bug.name}: its place stands ${parts.length - 1} times in ${bug.file}`);
    return { format: "module-typescript", shortCircuit: true, source: parts.join(bug.planted) };
  },
});
