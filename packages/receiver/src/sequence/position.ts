/** Numbers from `from` to `to`, both included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** Numbers that have not come although a higher one has. */
export interface Gap extends NumberRange {
  /** When the higher number came: wall time, ms. Deliveries overtake each other, so a young gap is no loss yet. */
  readonly noticedAt: number;
}

/** What a detector has seen of one webhook: every number from `first` to `highest` except those in `gaps` (ascending, apart from each other). */
export interface Position {
  readonly first: number;
  readonly highest: number;
  readonly gaps: readonly Gap[];
}

/** `gap`: numbers before this one are missing now. `late`: it fills a gap. `duplicate`: it was seen. `early`: it is before the first that was seen. */
export type Finding = { readonly kind: "next" | "late" | "duplicate" | "early" } | { readonly kind: "gap"; readonly missing: NumberRange };

/** Gaps that one webhook can have; with more, the two nearest are joined: what lies between is fetched again and dropped as a duplicate. */
export const GAPS_MAX = 1_000;

/** What a number says, given what was seen, and what was seen then. */
export function advance(
  position: Position | null,
  sequence: number,
  at: number,
): { readonly position: Position; readonly finding: Finding } {
  if (position === null) return { position: { first: sequence, highest: sequence, gaps: [] }, finding: { kind: "next" } };
  const { first, highest, gaps } = position;
  if (sequence === highest + 1) return { position: { ...position, highest: sequence }, finding: { kind: "next" } };
  if (sequence > highest) {
    const missing = { from: highest + 1, to: sequence - 1 };
    const all = joinNearest([...gaps, { ...missing, noticedAt: at }]);
    return { position: { first, highest: sequence, gaps: all }, finding: { kind: "gap", missing } };
  }
  if (sequence < first) return { position, finding: { kind: "early" } };
  if (!gaps.some((gap) => gap.from <= sequence && sequence <= gap.to)) return { position, finding: { kind: "duplicate" } };
  return { position: { ...position, gaps: without(gaps, { from: sequence, to: sequence }) }, finding: { kind: "late" } };
}

/** Gaps less a range. */
export function without(gaps: readonly Gap[], { from, to }: NumberRange): readonly Gap[] {
  const left = gaps.flatMap((gap) => [
    { ...gap, to: Math.min(gap.to, from - 1) },
    { ...gap, from: Math.max(gap.from, to + 1) },
  ]);
  return joinNearest(left.filter((gap) => gap.from <= gap.to));
}

function joinNearest(gaps: readonly Gap[]): readonly Gap[] {
  if (gaps.length <= GAPS_MAX) return gaps;
  let nearest = 1;
  for (let index = 2; index < gaps.length; index += 1) if (distance(gaps, index) < distance(gaps, nearest)) nearest = index;
  const [before, after] = gaps.slice(nearest - 1, nearest + 1);
  if (before === undefined || after === undefined) return gaps;
  const joined = { from: before.from, to: after.to, noticedAt: Math.min(before.noticedAt, after.noticedAt) };
  return joinNearest([...gaps.slice(0, nearest - 1), joined, ...gaps.slice(nearest + 1)]);
}

function distance(gaps: readonly Gap[], index: number): number {
  return (gaps[index]?.from ?? 0) - (gaps[index - 1]?.to ?? 0);
}

/** Throws `SyntaxError` where the text is none that `formatPosition` wrote. */
export function parsePosition(text: string | null): Position | null {
  if (text === null) return null;
  const value = JSON.parse(text) as [first: number, highest: number, gaps: [from: number, to: number, noticedAt: number][]];
  const [first, highest, gaps] = value;
  return { first, highest, gaps: gaps.map(([from, to, noticedAt]) => ({ from, to, noticedAt })) };
}

export function formatPosition({ first, highest, gaps }: Position): string {
  return JSON.stringify([first, highest, gaps.map(({ from, to, noticedAt }) => [from, to, noticedAt])]);
}
