import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What `--json` has printed, one file for each program. */
export const BENCHES = ["main", "against", "postgres", "fairness", "size"] as const;
export type Bench = (typeof BENCHES)[number];

export interface Result {
  /** The day of the measurement. */
  readonly at: string;
  readonly cores: number;
  readonly load: { readonly from: number; readonly to: number };
  readonly rounds: number;
  readonly events: number;
  readonly figures: Readonly<Record<string, unknown>>;
}

export type Results = Readonly<Partial<Record<Bench, Result>>>;

export function readResults(): Results {
  const paths = BENCHES.map((bench) => [bench, fileURLToPath(new URL(`../../results/${bench}.json`, import.meta.url))] as const);
  const there = paths.filter(([, path]) => existsSync(path));
  return Object.fromEntries(there.map(([bench, path]) => [bench, JSON.parse(readFileSync(path, "utf8")) as Result]));
}

/** A number by its place: the figure's name and, where it has several, which; null where it was not measured. */
export function figureOf(results: Results, bench: Bench, name: string, member?: string): number | null {
  const figure = results[bench]?.figures[name];
  const value = member === undefined ? figure : (figure as Readonly<Record<string, unknown>> | null | undefined)?.[member];
  return typeof value === "number" ? value : null;
}
