import { rateText } from "../../output/progress.ts";
import { Screen } from "../../output/screen.ts";
import { sparkline } from "../../output/sparkline.ts";
import { paint, printLine, type Terminal } from "../../output/terminal.ts";
import { pad } from "../../output/text.ts";
import { formatSpan } from "../../output/time.ts";
import { quantile, type Tally } from "./tally.ts";

/** Two ways to learn of the same orders. */
export interface Compared {
  readonly polling: Tally;
  readonly webhooks: Tally;
  /** Placed so far, and changes of them: placed, paid, fulfilled. */
  orders: number;
  changes: number;
  readonly rate: number;
  readonly durationMs: number;
  /** Set at the end. */
  elapsedMs: number;
}

const REDRAW_EVERY_MS = 250;
const LINE_EVERY_MS = 5_000;
const LABEL_WIDTH = 24;
const CELL_WIDTH = 26;
const GRAPH_WIDTH = 24;
const TERMINAL_ROWS = 24;

/** Shows both side by side while it lasts, and once more at the end. */
export class CompareView {
  readonly #compared: Compared;
  readonly #terminal: Terminal;
  readonly #screen: Screen;
  readonly #isJson: boolean;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  /** `isJson`: standard output is the JSON's. */
  constructor(compared: Compared, terminal: Terminal, isJson: boolean) {
    this.#isJson = isJson;
    this.#compared = compared;
    this.#terminal = terminal;
    this.#screen = new Screen(terminal);
  }

  start(): void {
    if (this.#terminal.isTty && !this.#isJson) this.#timer = setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    else {
      this.#terminal.error(`${this.#title()}\n`);
      this.#timer = setInterval(() => this.#terminal.error(`${this.#line()}\n`), LINE_EVERY_MS);
    }
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#screen.close();
    const write = (line: string): void => (this.#isJson ? this.#terminal.error(`${line}\n`) : printLine(this.#terminal, line));
    for (const line of [...this.#table(), "", ...this.#verdict()]) write(line);
  }

  #draw(): void {
    const leftMs = Math.max(0, this.#compared.durationMs - (performance.now() - this.#startedAt));
    const lines = [
      paint(this.#terminal, "bold", "Genhook demo: polling beside webhooks"),
      paint(this.#terminal, "dim", this.#title()),
      "",
      ...this.#table(),
      "",
      ...this.#graphs(),
      "",
      paint(
        this.#terminal,
        "dim",
        leftMs > 0 ? `${formatSpan(Math.ceil(leftMs / 1_000) * 1_000)} left; Ctrl+C ends it` : "the last looks …",
      ),
    ];
    this.#screen.draw(lines, { columns: this.#terminal.width, rows: process.stdout.rows ?? TERMINAL_ROWS });
  }

  #title(): string {
    const { rate } = this.#compared;
    return `${rateText(rate)} orders a second, each placed, paid and fulfilled within seconds; polling may make 40 calls, then 2 a second`;
  }

  #line(): string {
    const { polling, webhooks, changes } = this.#compared;
    const side = (name: string, tally: Tally): string =>
      `${name}: ${tally.calls} calls, p50 ${age(tally.age(0.5))}, p99 ${age(tally.age(0.99))}, ${tally.missed} missed`;
    return `${changes} changes · ${side("polling", polling)} · ${side("webhooks", webhooks)}`;
  }

  #table(): string[] {
    const { polling, webhooks, orders, changes } = this.#compared;
    const row = (label: string, text: (tally: Tally) => string, isBad: (tally: Tally) => boolean = () => false): string => {
      const cell = (tally: Tally): string => {
        const padded = pad(text(tally), CELL_WIDTH);
        return isBad(tally) ? paint(this.#terminal, "red", padded) : padded;
      };
      return `${paint(this.#terminal, "dim", pad(label, LABEL_WIDTH))}${cell(polling)}${cell(webhooks)}`.trimEnd();
    };
    const of = (seen: number, all: number): string => `${seen.toLocaleString("en")} of ${all.toLocaleString("en")}`;
    const share = (part: number): string => (part === 0 || changes === 0 ? "" : ` (${((part * 100) / changes).toFixed(1)} %)`);
    return [
      paint(this.#terminal, "bold", `${pad("", LABEL_WIDTH)}${pad("polling", CELL_WIDTH)}webhooks`),
      row("calls to the shop's API", (tally) => tally.calls.toLocaleString("en")),
      row("of them refused (429)", (tally) => tally.refused.toLocaleString("en")),
      row("requests received", (tally) => tally.received.toLocaleString("en")),
      row("orders seen", (tally) => of(tally.ordersSeen, orders)),
      row("changes seen", (tally) => of(tally.changesSeen, changes)),
      row(
        "changes overwritten",
        (tally) => `${tally.missed.toLocaleString("en")}${share(tally.missed)}`,
        (tally) => tally.missed > 0,
      ),
      row("age of news, p50", (tally) => age(tally.age(0.5))),
      row("age of news, p99", (tally) => age(tally.age(0.99))),
    ];
  }

  #graphs(): string[] {
    const { polling, webhooks } = this.#compared;
    // One scale for both, and a logarithmic one: milliseconds and seconds stand beside each other.
    const agesOf = (tally: Tally): number[] => tally.seconds.map(({ ages }) => Math.log10(1 + (quantile(ages, 0.5) ?? 0)));
    const top = Math.max(0, ...agesOf(polling), ...agesOf(webhooks));
    const graph = (tally: Tally): string => pad(sparkline(agesOf(tally), GRAPH_WIDTH, top), CELL_WIDTH);
    return [
      `${paint(this.#terminal, "dim", pad("age, second by second", LABEL_WIDTH))}${paint(this.#terminal, "cyan", graph(polling) + graph(webhooks))}`,
    ];
  }

  #verdict(): string[] {
    const { polling, webhooks, changes, orders } = this.#compared;
    const perOrder = orders === 0 ? 0 : polling.calls / orders;
    const [pollAge, hookAge] = [polling.age(0.5), webhooks.age(0.5)];
    const times =
      pollAge === null || hookAge === null || hookAge === 0 ? "" : `, ${Math.round(pollAge / hookAge).toLocaleString("en")} times sooner`;
    return [
      `Polling spent every call that it had (${rateText(perOrder)} for each order, none left for anything else) and never saw ${polling.missed.toLocaleString("en")} of ${changes.toLocaleString("en")} changes.`,
      `Webhooks took ${webhooks.calls} calls once and told of ${webhooks.changesSeen.toLocaleString("en")} changes${times}.`,
    ];
  }
}

function age(ageMs: number | null): string {
  return ageMs === null ? "–" : ageMs < 10 ? `${ageMs.toFixed(1)} ms` : formatSpan(ageMs);
}
