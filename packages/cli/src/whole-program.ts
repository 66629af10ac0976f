import { describeSettings } from "@genhook/server/settings";
import type { Command } from "commander";
import { assembleProgram } from "./assemble-program.ts";
import { registerApiCommands } from "./commands/register-api-commands.ts";
import type { Terminal } from "./output/terminal.ts";

export { withListVerb } from "./assemble-program.ts";

/** Every command with all that it takes; also what docs/cli.md and completions are made from. */
export function makeProgram(terminal: Terminal): Command {
  return assembleProgram(terminal, {
    settings: describeSettings(),
    registerApi: (program) => registerApiCommands(program, terminal),
  });
}
