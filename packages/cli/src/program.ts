import type { Command } from "commander";
import { assembleProgram, withListVerb } from "./assemble-program.ts";
import { NOUNS } from "./commands/nouns.ts";
import type { Terminal } from "./output/terminal.ts";
import { report } from "./report.ts";

/** Parses a command line and carries it out. Never throws: errors are lines on standard error and the exit code that is answered. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const program = await programFor(argv, terminal);
    await program.parseAsync(withListVerb(program, argv));
    return 0;
  } catch (error) {
    return report(error, terminal, argv.includes("--json"));
  }
}

/** Only what calls the APIs as they are, what runs a server and what prints completions needs the whole program: it takes three times as long to load. */
async function programFor([, , ...words]: readonly string[], terminal: Terminal): Promise<Command> {
  const [first = "", second = ""] = words.filter((word) => !word.startsWith("-"));
  const command = first === "help" ? second : first;
  if (command !== "serve" && command !== "completion" && !Object.hasOwn(NOUNS, command)) return assembleProgram(terminal, null);
  const { makeProgram } = await import("./whole-program.ts");
  return makeProgram(terminal);
}
