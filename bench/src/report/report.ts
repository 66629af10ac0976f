import { aimsTable } from "./aims.ts";
import { CHARTS } from "./charts.ts";
import { BENCHES, type Bench, type Results } from "./results.ts";
import { againstTable, deliveryTable } from "./tables.ts";

/** The page that the tables stand in, each between two marks. */
export const REPORT_PAGE = "docs/performance.md";

const TABLES: Readonly<Record<string, (results: Results) => string | null>> = {
  delivery: (results) => withConditions(deliveryTable(results), results, ["main"]),
  aims: (results) => withConditions(aimsTable(results), results, BENCHES),
  against: (results) => withConditions(againstTable(results), results, ["against"]),
};

/** Files by their path: a drawing of each kind that something was measured for, and the page with its tables; a table without figures stays as it is. */
export function reportOf(results: Results, page: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, draw] of Object.entries(CHARTS)) {
    const drawing = draw(results);
    if (drawing !== null) files.set(`docs/performance/${name}.svg`, drawing);
  }
  let written = page;
  for (const [name, make] of Object.entries(TABLES)) written = filled(written, name, make(results));
  return files.set(REPORT_PAGE, written);
}

function filled(page: string, name: string, content: string | null): string {
  const mark = `<!-- npm run bench:report writes the table of ${name} from here -->`;
  const [begin, end] = [page.indexOf(mark), page.indexOf("<!-- to here -->", page.indexOf(mark))];
  if (begin < 0 || end < 0) throw new Error(`${REPORT_PAGE} has no place for the table of ${name}`);
  return content === null ? page : `${page.slice(0, begin + mark.length)}\n\n${content}\n\n${page.slice(end)}`;
}

function withConditions(table: string | null, results: Results, benches: readonly Bench[]): string | null {
  if (table === null) return null;
  const each = benches.flatMap((bench) => {
    const result = results[bench];
    if (result === undefined) return [];
    const { at, cores, load, rounds, events } = result;
    return [
      `\`${bench}\` on ${at}, ${cores} cores, load average ${load.from.toFixed(0)} to ${load.to.toFixed(0)}, ${rounds} rounds of ${events.toLocaleString("en")}`,
    ];
  });
  return `${table}\n\nConditions: ${each.join("; ")}.`;
}
