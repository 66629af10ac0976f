import type { Terminal } from "./terminal.ts";
import { cut, widthOf } from "./text.ts";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_TO_LINE_END = "\u001b[K";
const CLEAR_TO_END = "\u001b[J";

/** A page that is redrawn in place, on the terminal's other screen: what stood there before comes back at the end. */
export class Screen {
  readonly #terminal: Pick<Terminal, "out">;
  #isOpen = false;

  constructor(terminal: Pick<Terminal, "out">) {
    this.#terminal = terminal;
  }

  /** Draws these lines; what does not fit is left out. No line is cleared before it is written, so nothing flickers. */
  draw(lines: readonly string[], size: { readonly columns: number; readonly rows: number }): void {
    const enter = this.#isOpen ? "" : ENTER;
    this.#isOpen = true;
    const shown = lines.slice(0, size.rows).map((line) => (widthOf(line) <= size.columns ? line : cut(line, size.columns)));
    this.#terminal.out(`${enter}${HOME}${shown.map((line) => line + CLEAR_TO_LINE_END).join("\n")}${CLEAR_TO_END}`);
  }

  close(): void {
    if (this.#isOpen) this.#terminal.out(LEAVE);
    this.#isOpen = false;
  }
}
