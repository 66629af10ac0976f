import { partitionName, type DayTable } from "../postgres/day.ts";
import { canConvert, convert, type MovedValue } from "./moved-values.ts";

/** A column of either side, as its catalogue has it. */
export interface TargetColumn {
  readonly name: string;
  readonly type: string;
}

export interface SourceTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Its primary key in order; `rowid` where it has another one. */
  readonly key: readonly string[];
}

/** One table of the file and where its rows go. */
export interface MovedTable {
  readonly source: SourceTable;
  readonly target: string;
  /** For people: days are told together. */
  readonly title: string;
  readonly columns: readonly TargetColumn[];
  /** The row as the target has it, column by column. */
  readonly read: (row: Readonly<Record<string, unknown>>) => MovedValue[];
  /** The target has a row already that is replaced. */
  readonly isReplaced: boolean;
}

/** Where the two schemas differ by more than the types of columns. */
interface Difference {
  /** Columns of the file that the database does without. */
  readonly leftOut?: readonly string[];
  /** Columns of the database that fill themselves. */
  readonly filled?: readonly string[];
  /** Columns of the database that are made of the file's row. */
  readonly made?: Readonly<Record<string, (row: Readonly<Record<string, unknown>>) => MovedValue>>;
  readonly isReplaced?: boolean;
}

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  directory: { leftOut: ["only"], filled: ["single"], isReplaced: true },
  // PostgreSQL's text has no U+0000, and a publisher's may.
  event: { made: { order_key: (row) => (typeof row["order_key"] === "string" ? JSON.stringify(row["order_key"]) : null) } },
  // The sums over everything, an app and a topic are made of them.
  stat: { made: { is_summed: () => false } },
};

const DAY_TABLE = /^(?<table>event|event_subject|attempt)_(?<day>\d+)$/;

/** Tables that belong to running processes, and sums that are made of other rows. */
const NOT_MOVED: ReadonlySet<string> = new Set(["node", "shard_lease", "rate_bucket", "genhook_schema", "stat_sum"]);

export function isMoved(target: string): boolean {
  return !NOT_MOVED.has(target);
}

/** The day of a table that has one. */
export function dayOfTable(name: string): number | null {
  const day = DAY_TABLE.exec(name)?.groups?.["day"];
  return day === undefined ? null : Number(day);
}

/**
 * What becomes of a table: from both catalogues, so that a column which one schema gets and the other does not, or whose type has no
 * counterpart, is found by the first test that plans, and never left behind.
 */
export function planTable(source: SourceTable, columnsOf: (target: string) => readonly TargetColumn[] | undefined): MovedTable {
  const dayed = DAY_TABLE.exec(source.name)?.groups;
  const title = dayed?.["table"] ?? source.name;
  const day = dayOfTable(source.name);
  const target = day === null ? title : partitionName(title as DayTable, day);
  const difference = DIFFERENCES[title] ?? {};
  const filled = new Set(difference.filled);
  const columns = columnsOf(title)?.filter(({ name }) => !filled.has(name));
  if (columns === undefined) throw new TypeError(`the database has no table ${title}`);
  const left = new Set(source.columns);
  const readers = columns.map(({ name, type }): ((row: Readonly<Record<string, unknown>>) => MovedValue) => {
    left.delete(name);
    const made = difference.made?.[name];
    if (made !== undefined) return made;
    if (name === "day" && day !== null) return () => day;
    if (!source.columns.includes(name) || !canConvert(type)) throw new TypeError(`nothing in the file becomes ${title}.${name} (${type})`);
    return (row) => convert(type, row[name]);
  });
  for (const name of difference.leftOut ?? []) left.delete(name);
  if (left.size > 0) throw new TypeError(`${title} has no place for ${[...left].join(", ")} of the file`);
  return { source, target, title, columns, read: (row) => readers.map((read) => read(row)), isReplaced: difference.isReplaced === true };
}
