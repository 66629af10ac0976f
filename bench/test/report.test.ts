import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { barChart } from "../src/report/bar-chart.ts";
import { REPORT_PAGE, reportOf } from "../src/report/report.ts";
import { readResults } from "../src/report/results.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(repository, file), "utf8");

describe("the report of the benchmarks", () => {
  it("is what bench/results says: npm run bench:report", () => {
    for (const [file, content] of reportOf(readResults(), read(REPORT_PAGE))) expect(read(file), file).toBe(content);
  });

  it("shows each drawing on its page", () => {
    const drawings = [...reportOf(readResults(), read(REPORT_PAGE)).keys()].filter((file) => file.endsWith(".svg"));
    expect(drawings.filter((file) => !read(REPORT_PAGE).includes(`](${file.replace("docs/", "")})`))).toEqual([]);
  });

  it("says that what has no figure was not measured", () => {
    const page = reportOf({}, read(REPORT_PAGE)).get(REPORT_PAGE);
    expect(page).toContain("not measured");
    expect(page).not.toContain("| reached |");
  });
});

describe("a bar chart", () => {
  it("draws bars as long as their values say, and escapes what it writes", () => {
    const drawing = barChart({
      title: "a < b",
      description: "one is half of two",
      unit: "pieces",
      groups: [
        { label: "one", bars: [{ label: "one", value: 1, text: "1", tone: "ours" }] },
        { label: "two", bars: [{ label: "two", value: 2, text: "2", tone: "other" }] },
      ],
    });
    const widths = [...drawing.matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(widths[1]).toBe((widths[0] ?? 0) * 2);
    expect(drawing).toContain("a &lt; b");
  });
});
