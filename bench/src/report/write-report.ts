/**
 * Draws `docs/performance/*.svg` and fills the table of aims in `docs/performance.md`, from what `--json` has printed into `bench/results`:
 * `npm run bench:report`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REPORT_PAGE, reportOf } from "./report.ts";
import { readResults } from "./results.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
mkdirSync(join(repository, "docs/performance"), { recursive: true });
for (const [file, content] of reportOf(readResults(), readFileSync(join(repository, REPORT_PAGE), "utf8"))) {
  writeFileSync(join(repository, file), content);
}
