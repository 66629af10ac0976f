import { paint, type Terminal } from "./terminal.ts";
import { cut, oneLine, pad, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Stands at the right, as numbers do. */
  readonly isNumber?: boolean;
  /**
   * May be cut to fit the terminal, down to so many columns before others are left out for it (those furthest right first); others are never
   * cut.
   */
  readonly cutTo?: number;
  /** Stays however narrow the terminal is. */
  readonly isKey?: boolean;
  readonly colour?: (row: Row) => "red" | "green" | "yellow" | "dim" | null;
}

const GAP = "  ";
/** What is cut is cut to this where there is nothing left to leave out. */
const CUT_MIN = 12;

/** A table whose widths are settled by the first rows that it is given: later pages stand under the same headings. */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #terminal: Pick<Terminal, "width" | "hasColour">;
  #settled: { readonly columns: readonly Column<Row>[]; readonly widths: readonly number[] } | null = null;

  constructor(columns: readonly Column<Row>[], terminal: Pick<Terminal, "width" | "hasColour">) {
    this.#columns = columns;
    this.#terminal = terminal;
  }

  /** The next lines; the first time with the headings above them. */
  lines(rows: readonly Row[]): string[] {
    const isFirst = this.#settled === null;
    const { columns, widths } = (this.#settled ??= settle(this.#columns, rows, this.#terminal.width));
    const lines = rows.map((row) =>
      columns
        .map((column, index) => {
          const width = widths[index] ?? 0;
          const isLast = index === columns.length - 1 && column.isNumber !== true;
          const text = cutTo(column, oneLine(column.text(row)), width);
          const colour = column.colour?.(row) ?? null;
          return pad(colour === null ? text : paint(this.#terminal, colour, text), isLast ? 0 : width, column.isNumber);
        })
        .join(GAP)
        .trimEnd(),
    );
    if (!isFirst) return lines;
    const titles = columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.isNumber)).join(GAP);
    return [paint(this.#terminal, "dim", titles.trimEnd()), ...lines];
  }
}

/** Which columns are shown, and how wide: all at full width where there is room; otherwise flexible ones shrink, then the rightmost go. */
function settle<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): { readonly columns: readonly Column<Row>[]; readonly widths: readonly number[] } {
  let shown = [...columns];
  for (;;) {
    const widths = shown.map((column) => Math.max(widthOf(column.title), ...rows.map((row) => widthOf(oneLine(column.text(row))))));
    const excess = total(widths) - width;
    if (excess <= 0) return { columns: shown, widths };
    const shrunk = shrink(shown, widths, excess, (column) => column.cutTo ?? Number.POSITIVE_INFINITY);
    if (shrunk !== null) return { columns: shown, widths: shrunk };
    const drop = shown.findLastIndex((column) => column.isKey !== true);
    if (drop < 0 || shown.length === 1) {
      return {
        columns: shown,
        widths: shrink(shown, widths, excess, (column) => (column.cutTo === undefined ? Number.POSITIVE_INFINITY : CUT_MIN)) ?? widths,
      };
    }
    shown = shown.filter((_, index) => index !== drop);
  }
}

/** Takes the excess from the widest columns that have more than their least width; null where they cannot give as much. */
function shrink<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  excess: number,
  leastOf: (column: Column<Row>) => number,
): readonly number[] | null {
  const shrunk = [...widths];
  for (let left = excess; left > 0; left -= 1) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const mayShrink = (shrunk[index] ?? 0) > leastOf(column);
      if (mayShrink && (widest < 0 || (shrunk[index] ?? 0) > (shrunk[widest] ?? 0))) widest = index;
    }
    if (widest < 0) return null;
    shrunk[widest] = (shrunk[widest] ?? 0) - 1;
  }
  return shrunk;
}

function cutTo<Row>(column: Column<Row>, text: string, width: number): string {
  return column.cutTo === undefined ? text : cut(text, width);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1);
}

/** `name  value` lines, aligned. */
export function pairs(terminal: Pick<Terminal, "hasColour">, entries: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => widthOf(name)));
  return entries.map(([name, value]) => `${paint(terminal, "dim", pad(name, width))}${GAP}${value}`.trimEnd());
}
