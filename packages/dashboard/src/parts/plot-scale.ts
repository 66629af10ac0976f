/** A value's place: x and y in 0..1, y from the top. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const STEPS = [1, 2, 2.5, 5, 10] as const;
/** Lines across the plot, the ground line not counted. */
const LINES = 4;

/** Round values from 0 up to or above the largest, evenly spaced. Whole numbers where the values are. */
export function ticksFor(max: number): readonly number[] {
  if (max <= 0) return [0, 1];
  const raw = max / LINES;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, (STEPS.find((each) => each * power >= raw) ?? 10) * power);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** Places of a series, in runs: a missing value ends one. */
export function runsOf(values: readonly (number | null)[], top: number): readonly (readonly Place[])[] {
  const runs: Place[][] = [];
  let run: Place[] | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      run = null;
      continue;
    }
    if (run === null) runs.push((run = []));
    run.push({ x: values.length < 2 ? 0.5 : index / (values.length - 1), y: 1 - value / top });
  }
  return runs;
}

/** As an SVG path over `width` × `height`. */
export function pathOf(runs: readonly (readonly Place[])[], width: number, height: number): string {
  return runs
    .map((run) => {
      const points = run.map(({ x, y }) => `${round(x * width)} ${round(y * height)}`);
      // A point alone is a short stroke: it would not be seen otherwise.
      return points.length === 1 ? `M${points[0]}h4` : `M${points.join("L")}`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
