import { styleText } from "node:util";

/** Everything that a command touches of the process it runs in; tests hand in their own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Standard output is a terminal: tables are cut to its width, times are relative. */
  readonly isTty: boolean;
  /** Standard error is one: progress is drawn. */
  readonly isErrorTty: boolean;
  /** Standard input is one: questions can be asked. */
  readonly isInputTty: boolean;
  /** Columns; infinite where output goes to a file or a pipe. */
  readonly width: number;
  readonly hasColour: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Wall time, ms. */
  readonly now: () => number;
  /** All of standard input. */
  readonly readInput: () => Promise<Uint8Array>;
  /** One line typed by a person; without an echo where it is a secret. */
  readonly ask: (question: string, isSecret: boolean) => Promise<string>;
  /** For commands that end by themselves when they are told to: aborted by the first Ctrl+C; a second one ends the process. */
  readonly interrupts: () => AbortSignal;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export function paint(terminal: Pick<Terminal, "hasColour">, style: Style, text: string): string {
  return terminal.hasColour && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}

/** NO_COLOR (no-color.org) wins over everything, FORCE_COLOR over what the terminal is. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTty && environment["TERM"] !== "dumb";
}

/** Back to the beginning of the line, and away with what stands there: in front of what is drawn anew. */
export const CLEAR_LINE = "\r\u001b[K";

export function printLine(terminal: Terminal, line: string = ""): void {
  terminal.out(`${line}\n`);
}

/** Something beside the result: goes to standard error, so that a pipe gets the result alone. */
export function note(terminal: Terminal, line: string): void {
  terminal.error(`${line}\n`);
}
