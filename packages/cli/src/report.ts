import { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { paint, type Terminal } from "./output/terminal.ts";
import { harmless } from "./output/text.ts";

/** Says on standard error what went wrong, as text or as one JSON value, and answers the exit code. */
export function report(error: unknown, terminal: Terminal, isJson: boolean): number {
  // Help and version come this way too, with 0; commander has printed already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done.code : EXIT_CODES.usage.code;
  if (isStartError(error)) {
    terminal.error(`genhook: ${error.message}\n`);
    return error.exitCode;
  }
  if (!(error instanceof CliError)) {
    terminal.error(`genhook: this is a fault of ours: ${String(error instanceof Error ? error.stack : error)}\n`);
    return EXIT_CODES.failed.code;
  }
  const { message, code, hints, exit } = error;
  if (isJson) terminal.error(`${JSON.stringify({ error: message, code, ...(hints.length === 0 ? {} : { hints }) })}\n`);
  else {
    terminal.error(`${paint(terminal, "red", "error:")} ${harmless(message)}\n`);
    for (const hint of hints) terminal.error(`  ${harmless(hint)}\n`);
  }
  return EXIT_CODES[exit].code;
}

/** The server's error of a failed start, told by its shape: its class would load the whole server. */
function isStartError(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && "exitCode" in error && typeof error.exitCode === "number";
}
