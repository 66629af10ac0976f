import type { Exit } from "./exit-codes.ts";

/** Something that the command says about itself: a line for people, and what to do. Never shown with a stack. */
export class CliError extends Error {
  readonly exit: Exit;
  /** What to do about it, each a line. */
  readonly hints: readonly string[];
  /** For programs (`--json`). */
  readonly code: string;

  constructor(exit: Exit, code: string, message: string, hints: readonly string[] = []) {
    super(message);
    this.name = "CliError";
    this.exit = exit;
    this.code = code;
    this.hints = hints;
  }

  /** The same with other hints. */
  withHints(hints: readonly string[]): CliError {
    return new CliError(this.exit, this.code, this.message, hints);
  }
}

/** The command was called wrongly. */
export function usage(message: string, ...hints: string[]): CliError {
  return new CliError("usage", "usage", message, hints);
}
