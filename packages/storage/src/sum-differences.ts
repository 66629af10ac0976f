import { DAY_MS, type SumDifference } from "@genhook/core";
import { number, text } from "./columns.ts";

const COUNTED = ["published", "delivered", "failed", "dead", "cancelled", "timed"] as const;

/**
 * By how much the sums over everything, an app and a topic differ from the rows that they are made of; one row a scope and day where they do.
 * `timed`: how many deliveries a row's latency classes have. `summed`: which rows have been put into the sums.
 */
export function sumDifferences({ timed, summed }: { readonly timed: string; readonly summed: string }): string {
  const counts = (sign: "" | "-"): string => [...COUNTED.slice(0, -1), timed].map((count) => `${sign}${count}`).join(", ");
  const made = [["''"], ["'topic ' || topic"], ["'app ' || app", "app <> 0"]].map(
    ([scope, condition = "1 = 1"]) => `SELECT ${scope}, at / ${DAY_MS}, ${counts("-")} FROM stat WHERE ${summed} AND ${condition}`,
  );
  return `WITH side (scope, day, ${COUNTED.join(", ")}) AS (
      SELECT scope, at / ${DAY_MS}, ${counts("")} FROM stat_sum UNION ALL ${made.join(" UNION ALL ")})
    SELECT scope, day, ${COUNTED.map((name) => `CAST(sum(${name}) AS bigint) AS ${name}`).join(", ")} FROM side GROUP BY scope, day
    HAVING ${COUNTED.map((name) => `sum(${name}) <> 0`).join(" OR ")} ORDER BY scope, day`;
}

export function toSumDifference(row: Readonly<Record<string, unknown>>): SumDifference {
  const more = Object.fromEntries(COUNTED.map((name) => [name, number(row[name])])) as SumDifference["more"];
  return { scope: text(row["scope"]), day: number(row["day"]), more };
}
