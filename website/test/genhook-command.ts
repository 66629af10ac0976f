import { makeProgram, withListVerb } from "genhook/whole-program";
import { CommanderError, type Command } from "commander";

/** The program at a terminal that keeps what is said. */
class QuietProgram {
  said = "";
  readonly command: Command;

  constructor() {
    this.command = makeProgram({
      out: () => undefined,
      error: (text) => (this.said += text),
      isTty: false,
      isErrorTty: false,
      isInputTty: false,
      width: 200,
      hasColour: false,
      environment: {},
      now: () => 0,
      readInput: () => Promise.resolve(new Uint8Array()),
      ask: () => Promise.resolve(""),
      interrupts: () => new AbortController().signal,
    });
    disarm(this.command);
  }
}

/** Commands parse, and do nothing. */
function disarm(command: Command): void {
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) disarm(child);
}

const program = new QuietProgram();

/** Why `genhook …` is no command, as the program itself says it; null where it is one. `isPart`: what is required may be missing. */
export async function whyNoCommand(words: readonly string[], isPart: boolean): Promise<string | null> {
  program.said = "";
  try {
    await program.command.parseAsync(withListVerb(program.command, ["node", "genhook", ...words]));
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    if (isPart && /missing|commander\.help$/i.test(error.code)) return null;
    return program.said.split("\n")[0] ?? error.message;
  }
}

/** Every option of every command. */
export function optionsOf(command: Command = program.command): readonly string[] {
  return [...command.options.map(({ long }) => long ?? ""), ...command.commands.flatMap((child) => optionsOf(child))];
}
