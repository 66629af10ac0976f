import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { API_GROUP, COMMAND_NOUNS, NOUNS } from "./commands/nouns.ts";
import { registerCommands } from "./commands/register-commands.ts";
import { registerIntake } from "./commands/register-intake.ts";
import type { CompareFlags } from "./demo/compare/compare.ts";
import type { DemoFlags } from "./demo/demo.ts";
import type { Terminal } from "./output/terminal.ts";
import type { ServeFlags } from "./serve.ts";

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

/** What takes long to load, because it knows all of the APIs and settings. */
export interface WholeParts {
  readonly settings: readonly { readonly flag: string; readonly text: string }[];
  readonly registerApi: (program: Command) => void;
}

/** The program: with null for the rest, the commands that depend on it are only named, as `--help` lists them. */
export function assembleProgram(terminal: Terminal, rest: WholeParts | null): Command {
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
  if (rest === null) hasOptions(serveCommand);
  for (const { flag, text } of rest?.settings ?? []) serveCommand.option(flag, text);
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
  if (rest === null) nameApiCommands(program);
  else rest.registerApi(program);
  return program;
}

function nameApiCommands(program: Command): void {
  for (const [noun, summary] of Object.entries(NOUNS)) {
    const command = program.command(noun).description(summary).helpGroup(API_GROUP);
    if (COMMAND_NOUNS.has(noun)) hasOptions(command);
  }
}

/** Help then lists it as a command that has options. */
function hasOptions(command: Command): void {
  command.addOption(new Option("--any").hideHelp());
}

/** `genhook shops --json` means `genhook shops list --json`. */
export function withListVerb(program: Command, argv: readonly string[]): readonly string[] {
  const [node = "", script = "", noun = "", next, ...rest] = argv;
  const isBare = next === undefined || (next.startsWith("-") && next !== "-h" && next !== "--help");
  const command = program.commands.find((each) => each.name() === noun && each.helpGroup() === API_GROUP);
  const hasList = command?.commands.some((each) => each.name() === "list") === true;
  return isBare && hasList ? [node, script, noun, "list", ...(next === undefined ? [] : [next, ...rest])] : argv;
}
