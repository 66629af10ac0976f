import type { Counts } from "./counts.ts";

export interface ViewOptions {
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
  /** Lines that stand below the numbers. */
  readonly addresses: readonly string[];
}

const HOME_AND_CLEAR = "\u001b[H\u001b[J";
const LINE_EVERY_MS = 2_000;
const REDRAW_EVERY_MS = 250;
const LOG_LINES = 8;

/** Shows what happens: a page that redraws itself in a terminal, a line every two seconds elsewhere. */
export class DemoView {
  readonly #options: ViewOptions;
  readonly #counts: Counts;
  readonly #log: string[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ViewOptions, counts: Counts) {
    this.#options = options;
    this.#counts = counts;
  }

  start(): void {
    if (!this.#options.isTerminal) this.#options.write(`${this.#options.addresses.join("\n")}\n`);
    this.#timer = setInterval(() => this.draw(), this.#options.isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.draw();
  }

  /** One thing that happened; in a terminal the last few stay on the page. */
  note(text: string): void {
    this.#log.push(text);
    if (this.#log.length > LOG_LINES) this.#log.shift();
    if (!this.#options.isTerminal) this.#options.write(`${text}\n`);
  }

  draw(): void {
    const { isTerminal, write, addresses } = this.#options;
    if (!isTerminal) {
      write(`${this.#summary().join(" · ")}\n`);
      return;
    }
    write(
      `${HOME_AND_CLEAR}Genhook demo\n\n  ${this.#summary().join("\n  ")}\n\n${addresses.map((each) => `  ${each}`).join("\n")}\n\n${this.#log.join("\n")}\n`,
    );
  }

  #summary(): readonly string[] {
    const { published, delivered, verified, refused, flakyFailed, flakyRecovered } = this.#counts;
    const latency = (share: number): string => this.#counts.latency(share)?.toFixed(1) ?? "–";
    return [
      `published ${published}`,
      `delivered ${delivered}`,
      `verified ${verified}`,
      ...(refused > 0 ? [`refused ${refused}`] : []),
      `publish to arrival p50 ${latency(0.5)} ms, p95 ${latency(0.95)} ms`,
      `flaky endpoint: ${flakyFailed} attempts failed, ${flakyRecovered} deliveries came through on a retry`,
    ];
  }
}
