import { readFileSync } from "node:fs";
import { describeSettings } from "@genhook/server/settings";
import { Command } from "commander";
import { apiCommands } from "./commands/api-commands.ts";
import { registerCommands } from "./commands/register-commands.ts";
import { registerIntake } from "./commands/register-intake.ts";
import { registerApiCommands } from "./commands/register-api-commands.ts";
import type { CompareFlags } from "./demo/compare/compare.ts";
import type { DemoFlags } from "./demo/demo.ts";
import type { Terminal } from "./output/terminal.ts";
import { report } from "./report.ts";
import type { ServeFlags } from "./serve.ts";

/** Parses a command line and carries it out. Never throws: errors are lines on standard error and the exit code that is answered. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = makeProgram(terminal);
  try {
    await program.parseAsync(withListVerb(argv));
    return 0;
  } catch (error) {
    return report(error, terminal, argv.includes("--json"));
  }
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { readonly version: string };

const HELP_WIDTH = 80;

function widths({ width }: Terminal): { readonly getOutHelpWidth: () => number; readonly getErrHelpWidth: () => number } {
  const helpWidth = Number.isFinite(width) ? width : HELP_WIDTH;
  return { getOutHelpWidth: () => helpWidth, getErrHelpWidth: () => helpWidth };
}

const EXAMPLES = `
Examples:
  genhook demo                      see it work
  genhook serve                     run it
  genhook trigger orders/create     publish an event, and see what becomes of it
  genhook tail --failed             watch what fails
  genhook deliveries get <id>       why it failed, what comes next and when
  genhook replay --state dead --since 1d --dry-run
  genhook listen --forward :3000/hooks
                                    an app's events on your machine, without a tunnel
  genhook conform :3000/hooks       does your endpoint get it right?

genhook <command> --help shows every option; docs/cli.md has exit codes and more.`;

/** Every command; also what docs/cli.md and completions are made from. */
export function makeProgram(terminal: Terminal): Command {
  const program = new Command("genhook")
    .description("Webhooks for Genstore: publish once, every subscribed app hears of it, nothing is lost.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.error, ...widths(terminal) })
    // Defaults and choices stand in the descriptions already.
    .configureHelp({ optionDescription: (option) => option.description })
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(--help shows what there is)");
  const serveCommand = program
    .command("serve")
    .description("run Genhook: one process on one file")
    .action(async (flags: ServeFlags) => {
      // The server is loaded only where it runs: other commands start in a third of the time.
      const { serve } = await import("./serve.ts");
      await serve(flags);
    });
  for (const { flag, text } of describeSettings()) serveCommand.option(flag, text);
  program
    .command("demo")
    .description("run Genhook with a shop that makes orders and an app that receives them")
    .option("--port <number>", "port of the server; a free one when it is taken (8080)", "8080")
    .option("--data <folder>", "folder of the demo's data (./genhook-demo-data; with --compare one that is removed afterwards)")
    .option("--rate <number>", "orders per second (4)", "4")
    .option("--compare", "one app, both ways: polling within the shop's rate limit beside webhooks; calls, freshness and misses")
    .option("--duration <time>", "how long to compare, such as 60s or 5m (60s)")
    .option("--seed <number>", "the same orders again (with --compare)")
    .option("--plot <file>", "writes the comparison as an SVG")
    .option("--json", "the comparison's summary as JSON")
    .action(async (flags: DemoFlags & CompareFlags & { readonly compare?: boolean }) => {
      if (flags.compare === true) return (await import("./demo/compare/compare.ts")).compare(flags, terminal);
      const { demo } = await import("./demo/demo.ts");
      await demo(flags, terminal);
    });
  registerCommands(program, terminal);
  registerIntake(program, terminal);
  registerApiCommands(program, terminal);
  return program;
}

/** `genhook shops --json` means `genhook shops list --json`. */
export function withListVerb(argv: readonly string[]): readonly string[] {
  const [node = "", script = "", noun = "", next, ...rest] = argv;
  const isBare = next === undefined || (next.startsWith("-") && next !== "-h" && next !== "--help");
  const hasList = apiCommands().some((command) => command.noun === noun && command.verb === "list");
  return isBare && hasList ? [node, script, noun, "list", ...(next === undefined ? [] : [next, ...rest])] : argv;
}
