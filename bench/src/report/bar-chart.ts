/** One bar; `text` stands behind it. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly tone: "ours" | "other" | "plain";
}

export interface BarChart {
  readonly title: string;
  /** What somebody learns who cannot see it. */
  readonly description: string;
  /** What a bar's length says. */
  readonly unit: string;
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[]; readonly aim?: number }[];
  /** The longest bar ends at the largest value, unless given. */
  readonly max?: number;
}

const WIDTH = 860;
const LABELS_WIDTH = 330;
const TEXT_WIDTH = 170;
const BAR_HEIGHT = 20;
const BAR_STEP = 26;
const GROUP_GAP = 14;
const TOP = 56;

/** The colours of the other drawings of the documentation, for light and dark pages. */
const STYLE = `svg{--ink:#1f2430;--soft:#5b6472;--line:#aab3bf;--ours:#4555c7;--other:#8a93a3;--plain:#c3c9d3;--aim:#b3261e}
@media (prefers-color-scheme:dark){svg{--ink:#e4e7ed;--soft:#a5aebb;--line:#566070;--ours:#9aa9ff;--other:#7d8797;--plain:#4a5261;--aim:#f58d86}}
text{fill:var(--ink);font:14px system-ui,sans-serif}
.t{font-weight:600;font-size:15px}.s{fill:var(--soft);font-size:13px}
.ours{fill:var(--ours)}.other{fill:var(--other)}.plain{fill:var(--plain)}
.l{stroke:var(--line)}.aim{stroke:var(--aim);stroke-width:2;stroke-dasharray:4 3}`;

/** Horizontal bars in groups, as one SVG that a page shows as an image: no script, no font, nothing to fetch. */
export function barChart({ title, description, unit, groups, max }: BarChart): string {
  const largest = max ?? Math.max(...groups.flatMap(({ bars, aim = 0 }) => [aim, ...bars.map(({ value }) => value)]));
  const widthOf = (value: number): number => Math.round((Math.min(value, largest) / largest) * (WIDTH - LABELS_WIDTH - TEXT_WIDTH));
  let y = TOP;
  const parts: string[] = [];
  for (const { label, bars, aim } of groups) {
    const top = y;
    if (bars.length > 1) {
      parts.push(text(0, y + 15, label));
      y += BAR_STEP;
    }
    for (const bar of bars) {
      const width = Math.max(2, widthOf(bar.value));
      parts.push(text(bars.length > 1 ? 16 : 0, y + 15, bars.length > 1 ? bar.label : label, bars.length > 1 ? "s" : ""));
      parts.push(`<rect x="${LABELS_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="3" class="${bar.tone}"/>`);
      parts.push(text(LABELS_WIDTH + width + 8, y + 15, bar.text, "s"));
      y += BAR_STEP;
    }
    if (aim !== undefined) {
      const x = LABELS_WIDTH + widthOf(aim);
      parts.push(`<line x1="${x}" y1="${top - 2}" x2="${x}" y2="${y - 4}" class="aim"/>`);
    }
    y += GROUP_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escape(title)}</title>`,
    `<desc id="d">${escape(description)}</desc>`,
    `<style>\n${STYLE}\n</style>`,
    text(0, 18, title, "t"),
    text(0, 38, unit, "s"),
    `<line x1="${LABELS_WIDTH}" y1="${TOP - 6}" x2="${LABELS_WIDTH}" y2="${y - GROUP_GAP}" class="l"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function text(x: number, y: number, content: string, kind = ""): string {
  return `<text x="${x}" y="${y}"${kind === "" ? "" : ` class="${kind}"`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
