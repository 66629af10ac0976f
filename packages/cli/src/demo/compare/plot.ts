import { rateText } from "../../output/progress.ts";
import { formatSpan } from "../../output/time.ts";
import type { Compared } from "./compare-view.ts";
import { quantile, type Tally } from "./tally.ts";

const WIDTH = 860;
const PANEL = { left: 78, right: 150, height: 210 };
const TOP = 94;
const GAP = 64;
const COLOURS = { polling: "#c2410c", webhooks: "#0f766e" } as const;
/** What each colour becomes on a dark screen. */
const DARK: Readonly<Record<string, string>> = {
  "#ffffff": "#1b1b1f",
  "#0f172a": "#e4e7ed",
  "#475569": "#a5aebb",
  "#e2e8f0": "#3b4150",
  [COLOURS.polling]: "#fb923c",
  [COLOURS.webhooks]: "#5eead4",
};
const AGE_MIN_MS = 1;

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly isDashed: boolean;
  /** One value a second; null where nothing was learnt in it. */
  readonly values: readonly (number | null)[];
}

/** The comparison as an SVG: age of news (logarithmic) and changes never seen, second by second. */
export function plotComparison(compared: Compared): string {
  const seconds = Math.max(compared.polling.seconds.length, compared.webhooks.seconds.length, 1);
  const ages = (Object.keys(COLOURS) as (keyof typeof COLOURS)[]).flatMap((name): Line[] => {
    const at = (share: number): (number | null)[] => compared[name].seconds.map(({ ages: each }) => quantile(each, share));
    return [
      { name: `${name} p50`, colour: COLOURS[name], isDashed: false, values: at(0.5) },
      { name: `${name} p99`, colour: COLOURS[name], isDashed: true, values: at(0.99) },
    ];
  });
  const missed = (Object.keys(COLOURS) as (keyof typeof COLOURS)[]).map((name): Line => {
    let sum = 0;
    return { name, colour: COLOURS[name], isDashed: false, values: compared[name].seconds.map((each) => (sum += each.missed)) };
  });
  const height = TOP + 2 * PANEL.height + GAP + 56;
  const second = TOP + PANEL.height + GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<style>@media (prefers-color-scheme: dark) { ${darkRules()} }</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(24, 30, "How old news of an order is when the app learns of it", { size: 17, weight: 600 }),
    ...subtitle(compared).map((line, index) => text(24, 52 + 18 * index, line, { colour: "#475569" })),
    ...panel(TOP, ages, seconds, logAxis(ages), "age"),
    text(24, second - 18, "Changes that were overwritten before they were looked at, so far", { weight: 600 }),
    ...panel(second, missed, seconds, countAxis(missed), "changes"),
    text(PANEL.left, height - 12, "seconds since the start", { colour: "#475569" }),
    "</svg>",
    "",
  ].join("\n");
}

function darkRules(): string {
  return Object.entries(DARK)
    .map(([light, dark]) => `[fill="${light}"] { fill: ${dark}; } [stroke="${light}"] { stroke: ${dark}; }`)
    .join(" ");
}

function subtitle({ polling, webhooks, orders, changes, rate }: Compared): readonly string[] {
  const side = (name: string, tally: Tally): string =>
    `${name}: ${tally.calls.toLocaleString("en")} calls, p50 ${shortAge(tally.age(0.5))}, p99 ${shortAge(tally.age(0.99))}, ${tally.missed.toLocaleString("en")} changes missed`;
  return [
    `${rateText(rate)} orders a second: ${orders.toLocaleString("en")} orders, ${changes.toLocaleString("en")} changes (placed, paid, fulfilled)`,
    `${side("polling", polling)} · ${side("webhooks", webhooks)}`,
  ];
}

function shortAge(ageMs: number | null): string {
  return ageMs === null ? "none" : ageMs < 10 ? `${ageMs.toFixed(1)} ms` : formatSpan(ageMs);
}

interface Axis {
  /** 0 at the bottom, 1 at the top. */
  readonly place: (value: number) => number;
  readonly ticks: readonly (readonly [value: number, label: string])[];
}

function logAxis(lines: readonly Line[]): Axis {
  const top = Math.max(10, ...lines.flatMap((line) => line.values.filter((value) => value !== null)));
  const decades = Math.ceil(Math.log10(top / AGE_MIN_MS));
  const ticks = Array.from({ length: decades + 1 }, (_, index): readonly [number, string] => {
    const value = AGE_MIN_MS * 10 ** index;
    return [value, value < 1_000 ? `${value} ms` : `${value / 1_000} s`];
  });
  return { place: (value) => Math.max(0, Math.log10(Math.max(value, AGE_MIN_MS) / AGE_MIN_MS) / decades), ticks };
}

function countAxis(lines: readonly Line[]): Axis {
  const top = Math.max(1, ...lines.flatMap((line) => line.values.filter((value) => value !== null)));
  const step = niceStep(top / 4);
  const end = Math.ceil(top / step) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index): readonly [number, string] => [
    index * step,
    (index * step).toLocaleString("en"),
  ]);
  return { place: (value) => value / end, ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
}

function panel(top: number, lines: readonly Line[], seconds: number, axis: Axis, unit: string): string[] {
  const right = WIDTH - PANEL.right;
  const x = (second: number): number => PANEL.left + (second / Math.max(1, seconds - 1)) * (right - PANEL.left);
  const y = (value: number): number => top + PANEL.height * (1 - axis.place(value));
  const grid = axis.ticks.flatMap(([value, label]) => [
    `<line x1="${PANEL.left}" x2="${right}" y1="${f(y(value))}" y2="${f(y(value))}" stroke="#e2e8f0"/>`,
    text(PANEL.left - 8, y(value) + 4, label, { colour: "#475569", anchor: "end" }),
  ]);
  const every = niceStep(seconds / 8);
  const times = Array.from({ length: Math.floor((seconds - 1) / every) + 1 }, (_, index) =>
    text(x(index * every), top + PANEL.height + 18, String(index * every), { colour: "#475569", anchor: "middle" }),
  );
  const paths = lines.map(({ values, colour, isDashed }) => {
    const points = values.flatMap((value, second) => (value === null ? [] : [`${f(x(second))},${f(y(value))}`]));
    return `<polyline fill="none" stroke="${colour}" stroke-width="${isDashed ? 1.4 : 2.2}"${isDashed ? ' stroke-dasharray="4 3"' : ""} points="${points.join(" ")}"/>`;
  });
  return [`<g role="img" aria-label="${unit}">`, ...grid, ...times, ...paths, ...labels(lines, right + 8, y), "</g>"];
}

/** Names stand at the ends of their lines, moved apart where they would meet. */
function labels(lines: readonly Line[], x: number, y: (value: number) => number): string[] {
  let before = Number.NEGATIVE_INFINITY;
  return lines
    .map((line) => ({ line, at: y(line.values.findLast((value) => value !== null) ?? 0) }))
    .sort((a, b) => a.at - b.at || Number(b.line.isDashed) - Number(a.line.isDashed))
    .map(({ line, at }) => {
      before = Math.max(at + 4, before + 15);
      return text(x, before, line.name, { colour: line.colour, weight: 600 });
    });
}

function text(
  x: number,
  y: number,
  content: string,
  style: { readonly size?: number; readonly weight?: number; readonly colour?: string; readonly anchor?: "end" | "middle" } = {},
): string {
  const { size, weight, colour = "#0f172a", anchor } = style;
  const attributes = [
    `x="${f(x)}" y="${f(y)}" fill="${colour}"`,
    ...(size === undefined ? [] : [`font-size="${size}"`]),
    ...(weight === undefined ? [] : [`font-weight="${weight}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${attributes.join(" ")}>${content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}

function f(value: number): string {
  return value.toFixed(1);
}
