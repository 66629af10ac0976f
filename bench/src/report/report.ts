import { aimsTable } from "./aims.ts";
import { CHARTS } from "./charts.ts";
import { BENCHES, type Results } from "./results.ts";

/** The page that the table stands in, between two marks. */
export const REPORT_PAGE = "docs/performance.md";
const BEGIN = "<!-- npm run bench:report writes from here -->";
const END = "<!-- to here -->";

/** Files by their path: a drawing of each kind that something was measured for, and the page with its table. */
export function reportOf(results: Results, page: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, draw] of Object.entries(CHARTS)) {
    const drawing = draw(results);
    if (drawing !== null) files.set(`docs/performance/${name}.svg`, drawing);
  }
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${REPORT_PAGE} has no place for the table`);
  const table = `\n\n${aimsTable(results)}\n\n${conditionsOf(results)}\n\n`;
  return files.set(REPORT_PAGE, page.slice(0, begin + BEGIN.length) + table + page.slice(end));
}

function conditionsOf(results: Results): string {
  const each = BENCHES.flatMap((bench) => {
    const result = results[bench];
    if (result === undefined) return [];
    const { at, cores, load, rounds, events } = result;
    return [
      `\`${bench}\` on ${at}, ${cores} cores, load average ${load.from.toFixed(0)} to ${load.to.toFixed(0)}, ${rounds} rounds of ${events.toLocaleString("en")}`,
    ];
  });
  return `Conditions: ${each.join("; ")}.`;
}
