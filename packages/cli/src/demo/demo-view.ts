import { rateText } from "../output/progress.ts";
import { Screen } from "../output/screen.ts";
import { sparkline } from "../output/sparkline.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, pad } from "../output/text.ts";
import { formatSpan } from "../output/time.ts";
import type { DemoCounts } from "./demo-counts.ts";

export interface DemoViewOptions {
  readonly terminal: Terminal;
  /** Of the terminal, as it is now. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** What can be opened and tried: a word, and what. */
  readonly addresses: readonly (readonly [word: string, what: string])[];
  readonly shop: string;
  readonly flakyPath: string;
}

const REDRAW_EVERY_MS = 250;
const LINE_EVERY_MS = 2_000;
const NOTES_KEPT = 50;
const NOTES_SHOWN_MIN = 2;
/** Where nobody watches, the first retries show what happens; the numbers tell the rest. */
const NOTES_PRINTED_MAX = 6;
const LABEL_WIDTH = 12;
const NUMBER_WIDTH = 34;

/** Shows what happens: a page that redraws itself in a terminal, a line every two seconds elsewhere. */
export class DemoView {
  readonly #options: DemoViewOptions;
  readonly #counts: DemoCounts;
  readonly #screen: Screen;
  readonly #notes: string[] = [];
  readonly #startedAt = performance.now();
  #timers: NodeJS.Timeout[] = [];
  #printed = 0;

  constructor(options: DemoViewOptions, counts: DemoCounts) {
    this.#options = options;
    this.#counts = counts;
    this.#screen = new Screen(options.terminal);
  }

  start(): void {
    const { terminal } = this.#options;
    this.#timers = [setInterval(() => this.#counts.nextSecond(), 1_000)];
    if (terminal.isTty) this.#timers.push(setInterval(() => this.#draw(), REDRAW_EVERY_MS));
    else {
      printLine(terminal, this.#title());
      for (const [word, what] of this.#options.addresses) printLine(terminal, `  ${pad(word, LABEL_WIDTH)} ${what}`);
      this.#timers.push(setInterval(() => printLine(terminal, this.#numbers().join(" · ")), LINE_EVERY_MS));
    }
  }

  /** Leaves the page, and says what it came to. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#screen.close();
    printLine(this.#options.terminal, `${this.#numbers().join(" · ")}, in ${formatSpan(performance.now() - this.#startedAt)}`);
  }

  /** One thing that happened; in a terminal the last ones stay on the page. */
  note(text: string): void {
    this.#notes.push(text);
    if (this.#notes.length > NOTES_KEPT) this.#notes.shift();
    if (this.#options.terminal.isTty || this.#printed >= NOTES_PRINTED_MAX) return;
    this.#printed += 1;
    printLine(this.#options.terminal, text);
  }

  #title(): string {
    return `Genhook demo: ${this.#options.shop} has orders, Genhook tells an app of each change`;
  }

  #numbers(): readonly string[] {
    const { published, verified, refused, attemptsFailed, recovered, waiting } = this.#counts;
    return [
      `${count(published, "event")} published`,
      `${verified.toLocaleString("en")} delivered and verified`,
      ...(refused > 0 ? [`${refused} refused as not genuine`] : []),
      `${this.#latency(0.5)} to arrive (p50), ${this.#latency(0.99)} (p99)`,
      `${count(attemptsFailed, "attempt")} failed on purpose, ${recovered} came through on a retry, ${waiting.size} wait`,
    ];
  }

  #draw(): void {
    const { columns, rows } = this.#options.size();
    const top = this.#page(columns);
    const bottom = this.#bottom();
    const room = Math.max(NOTES_SHOWN_MIN, rows - top.length - bottom.length - 1);
    const notes = this.#notes.slice(-room);
    while (notes.length < room) notes.push("");
    const dimmed = notes.map((line) => `  ${line}`);
    this.#screen.draw([...top, ...dimmed, "", ...bottom], { columns, rows });
  }

  #page(columns: number): readonly string[] {
    const { terminal, shop, flakyPath } = this.#options;
    const counts = this.#counts;
    const bold = (text: string): string => paint(terminal, "bold", text);
    const dim = (text: string): string => paint(terminal, "dim", text);
    const elapsed = formatSpan(Math.floor((performance.now() - this.#startedAt) / 1_000) * 1_000);
    const graph = Math.max(0, Math.min(60, columns - LABEL_WIDTH - NUMBER_WIDTH - 4));
    const row = (label: string, number: string, series: readonly number[]): string =>
      `  ${dim(pad(label, LABEL_WIDTH))} ${pad(number, NUMBER_WIDTH)}${paint(terminal, "cyan", sparkline(series.slice(0, -1), graph))}`;
    const perSecond = (total: string, series: readonly number[]): string => `${bold(total)}, ${rateText(counts.rate(series))} a second`;
    return [
      `${bold("Genhook demo")}  ${dim(`${shop} → Genhook → an app; running for ${elapsed}`)}`,
      "",
      row("published", perSecond(count(counts.published, "event"), counts.publishedPerSecond), counts.publishedPerSecond),
      row("delivered", perSecond(count(counts.verified, "delivery", "deliveries"), counts.verifiedPerSecond), counts.verifiedPerSecond),
      `  ${dim(pad("arrival", LABEL_WIDTH))} ${bold(this.#latency(0.5))} p50, ${bold(this.#latency(0.99))} p99, from publish to verified`,
      `  ${dim(pad("retries", LABEL_WIDTH))} ${bold(counts.recovered.toLocaleString("en"))} came through on a later attempt, ${counts.waiting.size} wait, none lost`,
      ...(counts.refused > 0 ? [paint(terminal, "red", `  ${pad("refused", LABEL_WIDTH)} ${counts.refused} were not genuine`)] : []),
      "",
      `  ${dim(`${flakyPath} fails every third order on purpose:`)}`,
    ];
  }

  #bottom(): readonly string[] {
    const { terminal, addresses } = this.#options;
    return addresses.map(([word, what]) => `  ${paint(terminal, "dim", pad(word, LABEL_WIDTH))} ${what}`);
  }

  #latency(share: number): string {
    const latency = this.#counts.latency(share);
    return latency === null ? "–" : latency < 10 ? `${latency.toFixed(1)} ms` : formatSpan(latency);
  }
}
