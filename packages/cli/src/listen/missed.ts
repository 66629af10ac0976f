/** Numbers of a webhook, both ends included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Beyond it neighbours become one, with what was taken between them: it comes again under the same `webhook-id`. */
const STRETCHES_MAX = 500;
const SHOWN_MAX = 6;

/** Notes a number that the local server did not take; numbers come in order, or again. */
export function addMissed(missed: readonly Stretch[], number: number): readonly Stretch[] {
  if (missed.some(({ from, to }) => from <= number && number <= to)) return missed;
  const last = missed.at(-1);
  if (last === undefined || (last.to < number - 1 && missed.length < STRETCHES_MAX)) return [...missed, { from: number, to: number }];
  return [...missed.slice(0, -1), { from: last.from, to: number }];
}

export function removeMissed(missed: readonly Stretch[], number: number): readonly Stretch[] {
  return missed.flatMap((stretch) => {
    const { from, to } = stretch;
    if (number < from || number > to) return [stretch];
    return [
      { from, to: number - 1 },
      { from: number + 1, to },
    ].filter((left) => left.from <= left.to);
  });
}

/** What is left of it from a number on: before it retention has passed. */
export function cutMissed(missed: readonly Stretch[], oldest: number): readonly Stretch[] {
  return missed.filter(({ to }) => to >= oldest).map(({ from, to }) => ({ from: Math.max(from, oldest), to }));
}

export function countMissed(missed: readonly Stretch[]): number {
  return missed.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** `#3, #6 to #9 and 12 more`. */
export function showMissed(missed: readonly Stretch[]): string {
  const shown = missed.slice(0, SHOWN_MAX).map(({ from, to }) => (from === to ? `#${from}` : `#${from} to #${to}`));
  const more = countMissed(missed.slice(SHOWN_MAX));
  return `${shown.join(", ")}${more === 0 ? "" : ` and ${more.toLocaleString("en")} more`}`;
}
