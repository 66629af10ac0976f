import { describeSettings, EXIT_FAILED, EXIT_USAGE, StartError, VERSION } from "@genhook/server";
import { Command, CommanderError } from "commander";
import { ApiError } from "./api-client.ts";
import { demo } from "./demo/demo.ts";
import { serve } from "./serve.ts";
import { trigger, type TriggerFlags } from "./trigger.ts";

/** Parses a command line and carries it out. Never throws: errors are a line on stderr and an exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("genhook")
    .description("Webhooks for Genstore: publish once, every subscribed app hears of it, nothing is lost.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(genhook --help shows all commands)");
  const serveCommand = program.command("serve").description("run Genhook: one process on one file").action(serve);
  for (const { flag, text } of describeSettings()) serveCommand.option(flag, text);
  program
    .command("demo")
    .description("run Genhook with a shop that makes orders and an app that receives them")
    .option("--port <number>", "port of the server; a free one when it is taken", "8080")
    .option("--data <folder>", "folder of the demo's data", "./genhook-demo-data")
    .option("--rate <number>", "orders per second", "4")
    .action(demo);
  program
    .command("trigger")
    .description("publish one event, with the topic's sample as its payload, and show what becomes of it")
    .argument("<topic>", "such as orders/create")
    .option("--shop <domain>", "shop to publish for; the only one, where there is only one")
    .option("--client-id <id>", "the app that the event is for (topics of one app)")
    .option("--payload <file>", "JSON file to send instead of the sample; - reads standard input")
    .option("--url <origin>", "server to publish to", process.env["GENHOOK_URL"] ?? "http://127.0.0.1:8080")
    .option("--key <key>", "platform key; else GENHOOK_PLATFORM_KEY, else the file beside the data")
    .option("--data <folder>", "data folder whose platform-key file is read", "./genhook-data")
    .option("--no-wait", "do not wait for the deliveries")
    .action((topic: string, flags: TriggerFlags) => trigger(topic, flags));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    // Help and version come this way too, with 0; commander has printed already.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  process.exitCode = error instanceof StartError ? error.exitCode : EXIT_FAILED;
  const isExpected = error instanceof StartError || error instanceof ApiError;
  process.stderr.write(`genhook: ${isExpected ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
}
