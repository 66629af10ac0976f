import { CliError, usage } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";

/** Asks before something that cannot be taken back; where nobody can be asked, `--yes` must have been given. */
export async function confirm(terminal: Terminal, isSure: boolean, question: string): Promise<void> {
  if (isSure) return;
  if (!terminal.isInputTty) throw usage("Nobody can be asked here whether this is meant: give --yes.");
  const answer = await terminal.ask(`${question} [y/N] `, false);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("interrupted", "not_confirmed", "Nothing was changed.");
}
