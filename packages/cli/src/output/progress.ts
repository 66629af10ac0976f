import { CLEAR_LINE, paint, type Terminal } from "./terminal.ts";
import { formatSpan } from "./time.ts";

const REDRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 24;

/** How far a long command is: a bar that redraws itself on a terminal, a line now and then elsewhere. On standard error. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #what: string;
  readonly #startedAt = performance.now();
  #drawnAt = Number.NEGATIVE_INFINITY;
  #done = 0;
  #isDrawn = false;

  /** `what` stands behind the numbers: `events`. */
  constructor(terminal: Terminal, total: number, what: string) {
    this.#terminal = terminal;
    this.#total = total;
    this.#what = what;
    if (!terminal.isErrorTty) this.#drawnAt = performance.now();
  }

  advance(by: number, extra: string = ""): void {
    this.#done += by;
    const now = performance.now();
    const everyMs = this.#terminal.isErrorTty ? REDRAW_EVERY_MS : LINE_EVERY_MS;
    if (now - this.#drawnAt < everyMs) return;
    this.#drawnAt = now;
    const text = this.#text(now) + extra;
    this.#isDrawn = true;
    this.#terminal.error(this.#terminal.isErrorTty ? `${CLEAR_LINE}${text}` : `${text}\n`);
  }

  /** Takes the bar away: what is said next stands in its place. */
  end(): void {
    if (this.#isDrawn && this.#terminal.isErrorTty) this.#terminal.error(CLEAR_LINE);
  }

  #text(now: number): string {
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const elapsedMs = Math.max(1, now - this.#startedAt);
    const perSecond = (this.#done * 1_000) / elapsedMs;
    const leftMs = share === 0 ? null : elapsedMs / share - elapsedMs;
    const filled = Math.round(share * BAR_WIDTH);
    const bar = paint(this.#terminal, "cyan", "━".repeat(filled)) + paint(this.#terminal, "dim", "─".repeat(BAR_WIDTH - filled));
    const counts = `${this.#done.toLocaleString("en")}/${this.#total.toLocaleString("en")} ${this.#what}`;
    return `${this.#terminal.isErrorTty ? `${bar} ` : ""}${counts}, ${rateText(perSecond)}/s${leftMs === null || share >= 1 ? "" : `, ${formatSpan(leftMs)} left`}`;
  }
}

export function rateText(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString("en") : perSecond.toFixed(1);
}
