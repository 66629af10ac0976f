import type { Command, Option } from "commander";
import { apiCommands, parametersOf, type ApiCommand } from "../src/commands/api-commands.ts";
import { EXIT_CODES } from "../src/exit-codes.ts";
import { makeProgram } from "../src/whole-program.ts";

const GROUPS_SHOWN_ONCE: ReadonlySet<string> = new Set(["Connection:", "Output:"]);

/** `docs/cli.md`: prose, and tables made from the commands themselves. */
export function cliPage(): string {
  const program = makeProgram({
    out: () => undefined,
    error: () => undefined,
    isTty: false,
    isErrorTty: false,
    isInputTty: false,
    width: 100,
    hasColour: false,
    environment: {},
    now: () => 0,
    readInput: () => Promise.resolve(new Uint8Array()),
    ask: () => Promise.resolve(""),
    interrupts: () => new AbortController().signal,
  });
  const own = program.commands.filter((command) => command.helpGroup() !== "API commands:");
  return [...OPENING, ...connection(program), ...OUTPUT, ...exitCodes(), ...apiTable(), ...own.flatMap(section), ""].join("\n");
}

const OPENING: readonly string[] = [
  "# Command line",
  "",
  "Made by `npm run golden:update` from the commands themselves.",
  "",
  "`npx genhook …` works in the checkout after `npm install`. `genhook --help` lists the commands, `genhook <command> --help` every option of one.",
  "",
  "```sh",
  "genhook demo                                             # see it work",
  "genhook shops create --domain my-shop                    # my-shop means my-shop.genmystore.com",
  "genhook apps create --name 'Stock sync'                  # shows the secrets, once",
  "genhook installations create --client-id ID --shop my-shop --scopes read_orders,write_apps",
  "genhook webhooks create --topic orders/create --address https://app.example/hooks --token TOKEN",
  "genhook trigger orders/create --set order.totalPrice=12.00",
  "genhook tail --failed",
  "genhook deliveries get ID                                # each attempt in words, what comes next and when",
  "genhook replay --state dead --since 1d --dry-run",
  "```",
  "",
];

function connection(program: Command): readonly string[] {
  const options = program.commands.find((command) => command.name() === "tail")?.options ?? [];
  return [
    "## Where it calls, and as whom",
    "",
    "| option | |",
    "| --- | --- |",
    ...options.filter((option) => option.helpGroupHeading === "Connection:").map(optionRow),
    "",
    "Flags win over the environment, that over a profile, that over what lies beside local data. A server that runs on this machine is found by its",
    "data folder, whatever its port; its key is sent to this machine only, and a profile's key to the profile's server only. Profiles stand in",
    "`$XDG_CONFIG_HOME/genhook/profiles.json` (`~/.config/…`), 0600; a file that others may read is refused. `genhook login < key-file` keeps a key",
    "out of the shell's history. Secrets are printed only by the call that made them.",
    "",
    "An app developer logs in with `genhook login --client-id ID`: the client secret is asked for (or comes from GENHOOK_CLIENT_SECRET, or standard input), the signing",
    "secret too, for `conform` and `listen`. The commands then see the app over all its shops; the token that the secrets are exchanged for is kept in the profile and ends",
    "after an hour. GENHOOK_CLIENT_ID and GENHOOK_CLIENT_SECRET do the same without a profile.",
    "",
  ];
}

const OUTPUT: readonly string[] = [
  "## Output",
  "",
  "Results go to standard output; everything else (notes, progress, questions, errors) to standard error. At a terminal tables are cut to its width",
  "and times are relative; in a pipe nothing is cut and times are ISO 8601 in UTC, as with `--utc`.",
  "",
  '`--json` prints one JSON value: the API\'s own answer, so `genhook shops --json | jq ".shops[].domain"`. Lists are written as they come, and',
  "`tail --json` prints one value a line. Numbers come out as they went in, also 64-bit ids. With `--json` an error is one line of JSON on standard",
  'error: `{"error":"message","code":"word","hints":[…]}`.',
  "",
  "`NO_COLOR` turns colours off, `FORCE_COLOR` on. Text that comes from apps (addresses, answers) cannot send escape sequences to the terminal.",
  "",
];

function exitCodes(): readonly string[] {
  return [
    "## Exit codes",
    "",
    "| code | |",
    "| --- | --- |",
    ...Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    "",
  ];
}

function apiTable(): readonly string[] {
  const rows = apiCommands().map((command) => {
    const route = (command.platform ?? command.app ?? command.apps)?.route;
    const parameters = route === undefined ? [] : parametersOf(route).map((name) => `<${name}>`);
    const credentials = credentialsOf(command);
    return `| \`${["genhook", command.noun, command.verb, ...parameters].filter((part) => part !== "").join(" ")}\` | ${credentials} | ${command.summary} |`;
  });
  return [
    "## API commands",
    "",
    "One for each call of the APIs; members of queries and bodies are options (`createTimeMin` is `--create-time-min`, and takes `2h` for two hours",
    "ago), or come as JSON with `--body FILE`. `genhook shops` is `genhook shops list`; lists show 50 entries, `--limit N` or `--all` more. What",
    "deletes asks first; `--yes` answers. A *key* is an operator's platform key, a *token* an app's access token for one shop, *app* the",
    "app's client id and secret, over all its shops (`genhook login --client-id ID`).",
    "",
    "| command | with | does |",
    "| --- | --- | --- |",
    ...rows,
    "| `genhook topics show <topic>` | key | One topic: who receives it, and a whole sample of its payload; `--sample`, `--schema` |",
    "| `genhook events import <file>` | key | Publish a file with one event a line (NDJSON), in order; the same file again publishes nothing twice |",
    "",
  ];
}

/** Which credentials a command works with. */
function credentialsOf({ platform, app, apps }: ApiCommand): string {
  const all = [...(platform === null ? [] : ["key"]), ...(app === null ? [] : ["token"]), ...(apps === null ? [] : ["app"])];
  return all.length < 3 ? all.join(" or ") : `${all.slice(0, -1).join(", ")} or ${all.at(-1) ?? ""}`;
}

function section(command: Command): readonly string[] {
  if (command.name() === "help") return [];
  const usage = ["genhook", command.name(), ...command.registeredArguments.map(argumentText)].join(" ");
  const lines = [`## \`${usage}\``, "", sentence(command.description()), ""];
  lines.push(...(NOTES[command.name()] ?? []));
  if (command.name() === "serve") return [...lines, "Options: [configuration.md](configuration.md).", ""];
  for (const child of command.commands) lines.push(`- \`genhook ${command.name()} ${child.name()}\`: ${child.description()}`);
  if (command.commands.length > 0) lines.push("");
  const options = command.options.filter((option) => !GROUPS_SHOWN_ONCE.has(option.helpGroupHeading ?? ""));
  if (options.length > 0) lines.push("| option | |", "| --- | --- |", ...options.map(optionRow), "");
  return lines;
}

function argumentText(argument: { readonly required: boolean; readonly variadic: boolean; name(): string }): string {
  const name = argument.name() + (argument.variadic ? "…" : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionRow(option: Option): string {
  return `| \`${option.flags.replaceAll("|", "\\|")}\` | ${option.description} |`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** What the options alone do not say. */
const NOTES: Readonly<Record<string, readonly string[]>> = {
  trigger: [
    "The payload is the topic's sample, varied: other ids, names and amounts that still belong together, times that end now. `--set PATH=TEXT` keeps the",
    "kind that the member has, `--set PATH:=JSON` makes it exactly that. With `--count` events go out in NDJSON requests, each under an idempotency key",
    "of its own, so that a request whose answer was lost is repeated without harm; the summary says what was refused and why.",
    "",
  ],
  tail: [
    "A line for each delivery whose state or number of attempts has changed. It looks every second while there is news, less often otherwise, waits",
    "for a server that is away, and says at the end how to go on from there. Deliveries of events older than 15 minutes (`--since`) are not looked at.",
    "Attempts that failed and are made again are found at the endpoints that failed since the last look (the ten that did so last); where more waits there than is read, a line",
    "names the endpoint.",
    "",
  ],
  listen: [
    "```sh",
    "genhook login --client-id ID                      # once: client secret and signing secret are asked for",
    "genhook listen --forward localhost:3000/hooks --topic orders/create --shop my-shop",
    "```",
    "",
    "Events come from a webhook in [pull mode](sequence.md), not through a tunnel: nothing has to be reached from outside, and what happens while the connection, the local",
    "server or this command is away comes afterwards, in order. What is forwarded has the headers, signatures and bytes of a delivery, with its number in",
    "`X-Genstore-Sequence`. A line for each event says what the local server answered; where nothing listens, events wait for it. What is not taken after",
    "`--attempts` is passed over and kept: Ctrl+C says which numbers it is, leaves their webhook, and the next `genhook listen` sends them first. Other webhooks that were made",
    "are deleted; with `--keep`, or after a crash, the same command goes on behind the last number that was handled",
    "(`$XDG_STATE_HOME/genhook`). An event whose answer was lost in a crash comes again under the same `webhook-id`.",
    "",
  ],
  replay: [
    "What is sent again is what was counted before: deliveries that became pending or were dropped meanwhile are passed by. Ctrl+C stops between two.",
    "More than 2,000 are a replay job of the server: Ctrl+C only ends the watching, and `genhook replays` shows, pauses and cancels it.",
    "",
  ],
  relay: [
    "[outbox.md](outbox.md) has the whole of it. It logs one JSON line a minute to standard error, and whatever goes wrong; what was refused is shown by",
    "`genhook outbox refused`. Any number may run: one is at work, the others take over. SIGTERM finishes the request in flight.",
    "",
  ],
  source: [
    "[sources.md](sources.md) has the whole of it, with every option explained. Logs, metrics and stop are those of `genhook relay`.",
    "",
  ],
  completion: [
    "`source <(genhook completion bash)` in `~/.bashrc`; `source <(genhook completion zsh)` in `~/.zshrc` behind `compinit`;",
    "`genhook completion fish > ~/.config/fish/completions/genhook.fish`. The scripts are static: a Tab starts no process.",
    "",
  ],
  check: [
    "Reads the whole file or database as of one moment: every delivery that an event owes has a task or a final row of its log, no task lies behind a final row or",
    "belongs to nothing, logs are dense and their states follow from each other, idempotency keys name their events, the directory's history has one",
    "current row per entry, statistics agree with the log, and the database finds its pages whole. Exit code 1 where anything is wrong; breaches come with ids.",
    "Servers may run meanwhile; PostgreSQL keeps what is deleted until the check has ended.",
    "",
  ],
  backup: [
    "The copy is one file, looked through and synced before it gets its name. The sealing key is not in it, so that a stolen copy is useless: keep it",
    "elsewhere. Copies of a stopped server's folder do as well.",
    "",
  ],
  restore: [
    "Refused while a server runs on the folder, and for a file that is damaged or of a newer version. What was delivered since the copy was made is sent",
    "again; what was published since is in the data that was moved aside, and nowhere else.",
    "",
  ],
  conform: [
    "Sends what production would, with the server's own sender, headers and signatures: first attempts, duplicates, replays, late and reordered events, large and",
    "odd payloads, a secret that is being replaced, forgeries of every kind. Each check is explained in [conformance.md](conformance.md). Exit code 1 where",
    "something must be mended, 5 where nothing answers; `localhost:3000/hooks` and `:3000/hooks` are meant as http.",
    "",
  ],
  verify: [
    "Says of each signature whether it is right; where it is wrong, what it would be right for: a line break that a tool has added, JSON that was parsed",
    "and written again, the other secret, hex for base64, a decoded query. An old timestamp is told, and refused only with `--tolerance`.",
    "",
  ],
};
