import type { Route } from "@genhook/contract";
import { Option, type Command } from "commander";
import type { Terminal } from "../output/terminal.ts";
import { apiCommands, parametersOf, type ApiCommand } from "./api-commands.ts";
import { innerBody, optionsOf, placeholderOf, type ApiOption } from "./api-options.ts";
import { connectionOptions, outputOptions } from "./common-options.ts";
import { API_GROUP, NOUNS } from "./nouns.ts";
import type { CommonFlags } from "./session.ts";
import type { ShowTopicFlags } from "./show-topic.ts";
import { runApiCommand, type ApiFlags } from "./run-api-command.ts";

/** A command for every noun and verb of the APIs. */
export function registerApiCommands(program: Command, terminal: Terminal): void {
  const byNoun = Map.groupBy(apiCommands(), (command) => command.noun);
  for (const [noun, commands] of byNoun) {
    const [only] = commands;
    if (only !== undefined && commands.length === 1 && only.verb === "") {
      makeCommand(program, only, noun, terminal)
        .helpGroup(API_GROUP)
        .summary(NOUNS[noun] ?? noun);
      continue;
    }
    const parent = program
      .command(noun)
      .description(NOUNS[noun] ?? noun)
      .helpGroup(API_GROUP);
    for (const command of commands) makeCommand(parent, command, command.verb, terminal);
    if (noun === "events") addImport(parent, terminal);
    if (noun === "topics") addShow(parent, terminal);
  }
}

function makeCommand(parent: Command, command: ApiCommand, name: string, terminal: Terminal): Command {
  const made = parent.command(name).description(firstLower(command.summary));
  const call = command.platform ?? command.app ?? command.apps;
  if (call === null) return made;
  for (const parameter of parametersOf(call.route)) made.argument(`<${parameter}>`);
  made.optionsGroup("Options:");
  const seen = new Set<string>();
  const routes = [command.platform, command.app, command.apps].flatMap((each) => (each === null ? [] : [each.route]));
  for (const route of routes) {
    const isPaged = optionsOf(route.query).some((option) => option.member === "pageToken");
    const options = [
      ...optionsOf(route.query, isPaged ? ["limit", "pageToken"] : []),
      ...optionsOf(innerBody(route.body).schema, parametersOf(route)),
    ].filter(({ flag }) => !seen.has(flag));
    for (const option of options) {
      seen.add(option.flag);
      for (const each of optionsFor(option, route)) made.addOption(each);
    }
    if (isPaged && !seen.has("limit")) {
      seen.add("limit");
      made.addOption(new Option("--limit <number>", "how many entries (50)"));
      made.addOption(new Option("--all", "all entries, however many"));
    }
    if (route.body !== undefined && !seen.has("body")) {
      seen.add("body");
      made.addOption(new Option("--body <file>", "the whole body as JSON; - reads standard input; other options win over it"));
    }
    if (route.method === "DELETE" && !seen.has("yes")) {
      seen.add("yes");
      made.addOption(new Option("-y, --yes", "do not ask"));
    }
  }
  connectionOptions(made, command.app !== null);
  outputOptions(made);
  made.action((...given: unknown[]) => {
    const args = made.args;
    return runApiCommand(command, args, given.at(-2) as ApiFlags, terminal);
  });
  return made;
}

function timeText(isAhead: boolean): string {
  return `a time: 15m, 2h or 3d (${isAhead ? "from now" : "so long ago"}), a date, or RFC 3339`;
}

function addShow(parent: Command, terminal: Terminal): void {
  const made = parent
    .command("show")
    .description("one topic: who receives it, and a whole sample of its payload")
    .argument("<topic>", "such as orders/create")
    .option("--sample", "the sample alone, as JSON")
    .option("--schema", "its JSON Schema alone")
    .action((topic: string, flags: ShowTopicFlags) => import("./show-topic.ts").then(({ showTopic }) => showTopic(topic, flags, terminal)));
  outputOptions(connectionOptions(made));
}

function addImport(parent: Command, terminal: Terminal): void {
  const made = parent
    .command("import")
    .description("publish a file with one event a line (NDJSON), in order; the same file again publishes nothing twice")
    .argument("<file>", "- reads standard input")
    .action((file: string, flags: CommonFlags) =>
      import("../publish/import-events.ts").then(({ importEvents }) => importEvents(file, flags, terminal)),
    );
  outputOptions(connectionOptions(made));
}

function optionsFor(option: ApiOption, route: Route): readonly Option[] {
  const { flag, kind, expected, isRequired } = option;
  const text =
    `${kind.type === "time" ? timeText(kind.isAhead) : kind.type === "choice" ? "" : (expected ?? "")}${isRequired ? " (required)" : ""}`.trim();
  if (kind.type === "switch") {
    const on = new Option(`--${flag}`, text === "true or false" ? "" : text);
    // What is made begins without it; what is changed may have it.
    return route.method === "POST" ? [on] : [on, new Option(`--no-${flag}`)];
  }
  const made = new Option(`--${flag} <${placeholderOf(kind)}>`, text);
  if (kind.type === "choice") return [made.choices(kind.choices)];
  const mayRepeat = kind.type === "texts" || kind.type === "members" || kind.type === "entries";
  return [mayRepeat ? made.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]) : made];
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
