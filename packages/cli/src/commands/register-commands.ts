import { Argument, type Command } from "commander";
import type { Shell } from "../completion/scripts.ts";
import type { ConformFlags } from "../conform/conform.ts";
import type { BackupFlags, RestoreFlags } from "../data/backup.ts";
import type { CheckFlags } from "../data/check.ts";
import type { MigrateFlags } from "../data/migrate.ts";
import { addFilterOptions } from "../deliveries/delivery-filter.ts";
import type { ListenFlags } from "../listen/listen.ts";
import type { ReplayFlags } from "../deliveries/replay.ts";
import type { TailFlags } from "../deliveries/tail.ts";
import type { Terminal } from "../output/terminal.ts";
import type { TriggerFlags } from "../publish/trigger.ts";
import type { VerifyFlags } from "../verify/verify.ts";
import { connectionOptions, outputOptions } from "./common-options.ts";
import type { CommonFlags } from "./session.ts";

type LoginFlags = import("../session/login.ts").LoginFlags;
type LoginModule = typeof import("../session/login.ts");

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** What is more than one call of an API. Each is loaded when it is called. */
export function registerCommands(program: Command, terminal: Terminal): void {
  registerTrigger(program, terminal);
  registerTail(program, terminal);
  registerListen(program, terminal);
  registerReplay(program, terminal);
  registerWhy(program, terminal);
  registerVerify(program, terminal);
  registerConform(program, terminal);
  registerData(program, terminal);
  registerLogin(program, terminal);
  registerCompletion(program, terminal);
}

function registerTrigger(program: Command, terminal: Terminal): void {
  const command = program
    .command("trigger")
    .description("publish events like real ones, and show what becomes of them")
    .argument("<topic>", "such as orders/create")
    .option("--shop <domain>", "shop to publish for; the only one, where there is only one")
    .option("--client-id <id>", "the app that the event is for (topics of one app)")
    .option("--set <path=text>", "sets a member of the payload: order.totalPrice=12.00, order.lineItems[0].quantity:=3", collect)
    .option("--payload <file>", "JSON to send instead of the topic's sample, byte for byte; - reads standard input")
    .option("--lines", "the payload file has one payload a line; each is published")
    .option("--seed <number>", "varies the sample; the same seed makes the same payloads, 0 the sample as it is")
    .option("--count <number>", "how many events")
    .option("--rate <number>", "events per second; without it as fast as they are taken")
    .option("--idempotency-key <key>", "publishing again under this key changes nothing")
    .option("--triggered-at <time>", "when it happened, RFC 3339")
    .option("--order-key <key>", "what ordered webhooks order by")
    .option("--no-wait", "do not wait for the first attempts")
    .action((topic: string, flags: TriggerFlags) => import("../publish/trigger.ts").then(({ trigger }) => trigger(topic, flags, terminal)));
  outputOptions(connectionOptions(command));
}

function registerTail(program: Command, terminal: Terminal): void {
  const command = program.command("tail").description("follow deliveries: what was delivered, what failed, what gave up");
  command.option("--failed", "only what failed: attempts that are made again, dead letters, and what came through at a later attempt");
  addFilterOptions(command);
  command
    .option("--lines <number>", "what happened last, to begin with (10)")
    .option("--interval <time>", "how often to look, such as 5s; otherwise between 1 s and 8 s, as there is news")
    .action((flags: TailFlags) => import("../deliveries/tail.ts").then(({ tail }) => tail(flags, terminal)));
  outputOptions(connectionOptions(command, true));
}

function registerListen(program: Command, terminal: Terminal): void {
  const command = program
    .command("listen")
    .description("show an app's events as they happen, and forward them to a server of this machine")
    .option("--forward <address>", "such as http://localhost:3000/hooks or :3000/hooks; each event is sent there, signed as in production")
    .option("--topic <name>", "this topic; can be given again; all that the token's scopes allow unless given", collect)
    .option("--shop <domain>", "of an app that is logged in; the only one that it is on, where there is only one")
    .option("--attempts <number>", "how often an event is sent until it is taken, a little later each time (1)")
    .option("--keep", "leave the webhooks behind: they collect what comes until the next listen")
    .option("--client-secret <secret>", "else GENHOOK_CLIENT_SECRET, the profile")
    .option("--signing-secret <secret>", "whsec_…; else GENHOOK_SIGNING_SECRET, the profile")
    .action((flags: ListenFlags) => import("../listen/listen.ts").then(({ listen }) => listen(flags, terminal)));
  outputOptions(connectionOptions(command, true));
}

function registerReplay(program: Command, terminal: Terminal): void {
  const command = program
    .command("replay")
    .description("send deliveries again: by id, or all that fit a filter")
    .argument("[id...]", "deliveries");
  command.option("--state <dead|delivered|cancelled>", "in this state (dead)");
  addFilterOptions(command);
  command
    .option("--limit <number>", "at most so many")
    .option("--rate <number>", "deliveries per second (50)")
    .option("--dry-run", "count them, and send nothing")
    .option("-y, --yes", "do not ask")
    .action((ids: string[], flags: ReplayFlags) => import("../deliveries/replay.ts").then(({ replay }) => replay(ids, flags, terminal)));
  outputOptions(connectionOptions(command, true));
}

function registerWhy(program: Command, terminal: Terminal): void {
  const command = program
    .command("why")
    .description("why each webhook was owed an event or not, by the configuration of then (events decisions)")
    .argument("<event>", "its id, or that of one of its deliveries")
    .argument("[app]", "the client id of one app; all apps unless given")
    .action(async (id: string, clientId: string | undefined, flags: CommonFlags) => {
      const [{ apiCommands }, { runApiCommand }] = await Promise.all([import("./api-commands.ts"), import("./run-api-command.ts")]);
      const decisions = apiCommands().find(({ noun, verb }) => noun === "events" && verb === "decisions");
      if (decisions !== undefined)
        await runApiCommand(decisions, [id], { ...flags, ...(clientId === undefined ? {} : { clientId }) }, terminal);
    });
  outputOptions(connectionOptions(command));
}

function registerVerify(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("check a caught request's signatures, and say why one is wrong; calls nobody")
    .option("--request <file>", "a whole request: headers, an empty line, the body")
    .option("--headers <file>", "headers: Name: value lines, or a JSON object; - reads standard input")
    .option("-H, --header <line>", "one header, Name: value", collect)
    .option("--body <file>", "the body as it arrived; - reads standard input")
    .option("--query <text>", "a signed query string, undecoded")
    .option("--client-secret <secret>", "else GENHOOK_CLIENT_SECRET")
    .option("--signing-secret <secret>", "whsec_…, or whpk_… for Ed25519; else GENHOOK_SIGNING_SECRET")
    .option("--at <time>", "when the request arrived; now unless given")
    .option("--tolerance <seconds>", "refuse a timestamp further away than this; otherwise its age is only told")
    .option("--json", "JSON, for programs")
    .action((flags: VerifyFlags) => import("../verify/verify.ts").then(({ verify }) => verify(flags, terminal)));
}

function registerConform(program: Command, terminal: Terminal): void {
  program
    .command("conform")
    .description("try an endpoint with what it will meet in production, and say what it gets right; needs no server")
    .argument("<address>", "such as http://localhost:3000/hooks")
    .option("--client-secret <secret>", "else GENHOOK_CLIENT_SECRET")
    .option("--signing-secret <secret>", "whsec_…; else GENHOOK_SIGNING_SECRET")
    .option("--profile <name>", "secrets kept by genhook login --client-id; else GENHOOK_PROFILE, the current one")
    .option("--effects <command>", "prints how many events the endpoint has processed: shows whether it does things twice")
    .option("--topic <name>", "what it subscribes to (orders/create)")
    .option("--shop <domain>", "the shop that the events come from (conform-test)")
    .option("--webhook-id <id>", "the webhook that they go to, a number or a UUID")
    .option("--api-version <version>", "the version of the payloads (202412)")
    .option("--only <check>", "this check alone, and the first delivery; can be given again", collect)
    .option("--strict", "what could be better is an error too")
    .option("--timeout <time>", "how long an answer may take (5s)")
    .option("--seed <number>", "the same payloads again")
    .option("-y, --yes", "do not ask before sending to another network")
    .option("--json", "JSON, for programs")
    .action((address: string, flags: ConformFlags) =>
      import("../conform/conform.ts").then(({ conform }) => conform(address, flags, terminal)),
    );
}

function registerData(program: Command, terminal: Terminal): void {
  const folder: readonly [string, string] = ["--data <folder>", "the server's data folder; else GENHOOK_DATA, ./genhook-data"];
  program
    .command("check")
    .description("whether a data file or database is in order: nothing lost, nothing left over, nothing that contradicts itself; read-only")
    .option(...folder)
    .option("--database <url>", "or a PostgreSQL database; else GENHOOK_DATABASE")
    .option("--retention <days>", "days past it may be half dropped and are left out; else GENHOOK_RETENTION, 30d")
    .option("--limit <number>", "how many breaches to show (20)")
    .option("--json", "JSON, for programs")
    .action((flags: CheckFlags) => import("../data/check.ts").then(({ check }) => check(flags, terminal)));
  program
    .command("backup")
    .description("copy a data file, as of one moment, also while a server uses it")
    .option(...folder)
    .option("--to <file>", "where to; an existing file is not overwritten")
    .action((flags: BackupFlags) => import("../data/backup.ts").then(({ backup }) => backup(flags, terminal)));
  program
    .command("restore")
    .description("put a copy in the place of a data file; what was there is moved aside")
    .option(...folder)
    .option("--from <file>", "what genhook backup has made")
    .option("-y, --yes", "do not ask")
    .action((flags: RestoreFlags) => import("../data/backup.ts").then(({ restore }) => restore(flags, terminal)));
  program
    .command("migrate")
    .description("move a data folder into a PostgreSQL database: copied, counted, compared; goes on where it was interrupted")
    .option("--from <folder|file>", "the data folder, its server stopped, or a backup")
    .option("--to <url>", "postgres://user:password@host/database, with nothing in it; else GENHOOK_DATABASE")
    .option(
      "--sealing-key-file <file>",
      "the sealing key of that data; else GENHOOK_SEALING_KEY, GENHOOK_SEALING_KEY_FILE, the one beside the data",
    )
    .option("--start-over", "throw away what an unfinished move has left in the database, and begin anew")
    .option("--json", "JSON, for programs")
    .action((flags: MigrateFlags) => import("../data/migrate.ts").then(({ migrate }) => migrate(flags, terminal)));
}

function registerLogin(program: Command, terminal: Terminal): void {
  const load = (): Promise<LoginModule> => import("../session/login.ts");
  const command = program
    .command("login")
    .description("keep a server and credentials for it, as a profile: an operator's key, or an app's id and secrets")
    .option("--client-id <id>", "log in as this app; its secrets are asked for, or come from the environment or standard input");
  connectionOptions(command, true).action((flags: LoginFlags) => load().then(({ login }) => login(flags, terminal)));
  program
    .command("logout")
    .description("forget a profile")
    .argument("[profile]", "the current one unless given")
    .action((name: string | undefined) => load().then(({ logout }) => logout(name, terminal)));
  const profiles = program.command("profiles").description("the profiles that login has kept");
  profiles
    .command("list", { isDefault: true })
    .description("list them")
    .option("--json", "JSON, for programs")
    .action((flags: CommonFlags) => load().then(({ listProfiles }) => listProfiles(flags, terminal)));
  profiles
    .command("use")
    .description("use another one from now on")
    .argument("<profile>")
    .action((name: string) => load().then(({ useProfile }) => useProfile(name, terminal)));
}

function registerCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      const [{ commandTree }, { completionScript }] = await Promise.all([
        import("../completion/command-tree.ts"),
        import("../completion/scripts.ts"),
      ]);
      terminal.out(completionScript(shell, commandTree(program)));
    });
}
