import { readFileSync } from "node:fs";
import { TOPICS } from "@genhook/contract";
import { ApiError, OPERATIONS, type ApiClient, type OperationName, type PagedName } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { didYouMean } from "../did-you-mean.ts";
import { Table } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { parametersOf, type ApiCall, type ApiCommand } from "./api-commands.ts";
import { innerBody, optionsOf } from "./api-options.ts";
import { columnsOf, type WireEntry } from "./columns.ts";
import { confirm } from "./confirm.ts";
import { explainError } from "./explain-error.ts";
import { checkRequired, readOptions, type Given } from "./read-options.ts";
import { openSession, printJson, timeStyle, type CommonFlags } from "./session.ts";
import { viewAnswer } from "./views.ts";
import { wholeDomain } from "./whole-domain.ts";

export type ApiFlags = CommonFlags &
  Given & { readonly body?: string; readonly limit?: string; readonly all?: boolean; readonly yes?: boolean };

const PAGE_MAX = 250;
const LIMIT_DEFAULT = 50;

/** Carries one call out and shows its answer. */
export async function runApiCommand(command: ApiCommand, args: readonly string[], flags: ApiFlags, terminal: Terminal): Promise<void> {
  const session = openSession(
    terminal,
    flags,
    (["platform", "app", "apps"] as const).filter((kind) => command[kind] !== null),
  );
  const { kind } = session.connection.credentials;
  const call = kind === "none" ? null : command[kind];
  if (call === null) throw new Error("a command without a call for its credentials");
  const name = `${command.noun} ${command.verb}`.trim();
  const isPaged = OPERATIONS[call.operation].entries !== undefined;
  const params = readParams(call, args);
  const query = readOptions(optionsOf(call.route.query, isPaged ? ["limit", "pageToken"] : []), flags, terminal.now());
  const body = await readBody(call, name, flags, terminal);
  if (call.route.method === "DELETE")
    await confirm(terminal, flags.yes === true, `${call.route.summary}: ${Object.values(params).join(" on ")}?`);
  try {
    const given = { params, query: withShops(query), ...(body === undefined ? {} : { body }) };
    if (!isPaged) await showOne(session.client, command, call.operation, given, flags, terminal);
    else await showPages(session.client, command, call.operation as PagedName, given, flags, terminal);
  } catch (error) {
    throw withIdHint(withTopicHint(explainError(error, session, call.route), error, { ...query, ...flags }), error, call, params);
  }
}

interface CallInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

async function showOne(
  client: ApiClient,
  command: ApiCommand,
  operation: OperationName,
  input: CallInput,
  flags: ApiFlags,
  terminal: Terminal,
): Promise<void> {
  const answer = (await client.call(operation, input)) as unknown as Readonly<Record<string, unknown>>;
  if (flags.json === true) printJson(terminal, answer);
  else viewAnswer({ command, operation, answer, input }, terminal, timeStyle(terminal, flags));
}

/** As many entries as are wanted, page by page: what is printed does not wait for the last page, and memory does not grow with it. */
async function showPages(
  client: ApiClient,
  command: ApiCommand,
  operation: PagedName,
  input: CallInput,
  flags: ApiFlags,
  terminal: Terminal,
): Promise<void> {
  const limit = flags.all === true ? Number.POSITIVE_INFINITY : readLimit(flags.limit);
  const member = OPERATIONS[operation].entries ?? "";
  const sink = flags.json === true ? new JsonSink(terminal, member) : new TableSink(terminal, command.noun, flags);
  const query = { ...input.query, limit: Math.min(limit, PAGE_MAX) };
  let shown = 0;
  let isMore = false;
  for await (const page of client.pages(operation, { ...input, query })) {
    const entries = (page as unknown as Readonly<Record<string, readonly WireEntry[]>>)[member] ?? [];
    sink.add(entries.slice(0, limit - shown));
    isMore = shown + entries.length > limit;
    shown = Math.min(limit, shown + entries.length);
    if (shown >= limit) {
      isMore ||= entries.length >= Math.min(limit, PAGE_MAX);
      break;
    }
  }
  sink.end();
  if (shown === 0 && flags.json !== true)
    note(terminal, `There are no ${command.noun.replaceAll("-", " ")}${Object.keys(input.query).length === 0 ? " yet" : " like this"}.`);
  const isFinalOnly =
    operation === "listDeliveries" && ["state", "webhookId", "endpointId", "eventId"].every((name) => input.query[name] === undefined);
  if (isFinalOnly && terminal.isErrorTty)
    note(terminal, "Only what is final; what is pending is listed with --webhook-id, --endpoint-id or --event-id.");
  if (isMore && terminal.isErrorTty) note(terminal, `The first ${shown}; more with --limit N or --all.`);
}

/** `{"shops":[…]}`, written as it comes. */
class JsonSink {
  readonly #terminal: Terminal;
  readonly #member: string;
  #count = 0;

  constructor(terminal: Terminal, member: string) {
    this.#terminal = terminal;
    this.#member = member;
  }

  add(entries: readonly WireEntry[]): void {
    for (const entry of entries) {
      this.#terminal.out(`${this.#count === 0 ? `{"${this.#member}":[` : ","}\n${JSON.stringify(entry)}`);
      this.#count += 1;
    }
  }

  end(): void {
    this.#terminal.out(this.#count === 0 ? `{"${this.#member}":[]}\n` : "\n]}\n");
  }
}

class TableSink {
  readonly #terminal: Terminal;
  readonly #noun: string;
  readonly #flags: CommonFlags;
  #table: Table<WireEntry> | null = null;

  constructor(terminal: Terminal, noun: string, flags: CommonFlags) {
    this.#terminal = terminal;
    this.#noun = noun;
    this.#flags = flags;
  }

  add(entries: readonly WireEntry[]): void {
    if (entries.length === 0) return;
    this.#table ??= new Table(columnsOf(this.#noun, entries[0], timeStyle(this.#terminal, this.#flags)), this.#terminal);
    for (const line of this.#table.lines(entries)) printLine(this.#terminal, line);
  }

  end(): void {
    // Every line was printed as it came.
  }
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(limit)) throw usage(`--limit must be a whole number from 1, not "${text}".`);
  return limit;
}

function readParams(call: ApiCall, args: readonly string[]): Readonly<Record<string, string>> {
  const isOfEvent = call.route.path.includes("/events/:id");
  const given = parametersOf(call.route).map((name, index) => {
    const value = args[index] ?? "";
    return [name, name === "id" && isOfEvent ? eventIdOf(value) : value];
  });
  return withShops(Object.fromEntries(given) as Record<string, string>) as Record<string, string>;
}

const DELIVERY_ID = /^dlv_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_\d+$/;
const EVENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where an event is asked for, a delivery's id, which is what lists and receivers show, stands for its event. */
function eventIdOf(id: string): string {
  const parts = DELIVERY_ID.exec(id);
  return parts === null ? id : parts.slice(1).join("-");
}

function withShops(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      isDomain(name, members) && typeof value === "string" ? wholeDomain(value) : value,
    ]),
  );
}

/** The subject of a hold is a shop where its scope is one. */
function isDomain(name: string, members: Readonly<Record<string, unknown>>): boolean {
  return name === "shop" || name === "domain" || (name === "subject" && members["scope"] === "shop");
}

/** From the flags, and from `--body FILE` where that is given: a flag wins. */
async function readBody(call: ApiCall, name: string, flags: ApiFlags, terminal: Terminal): Promise<unknown> {
  const { route } = call;
  if (route.body === undefined) return undefined;
  const { root, schema } = innerBody(route.body);
  const options = optionsOf(schema, parametersOf(route));
  const whole = flags.body === undefined ? {} : await readBodyFile(flags.body, terminal);
  const inner = root !== null && root in whole ? (whole[root] as Record<string, unknown>) : whole;
  const members = withShops({ ...inner, ...readOptions(options, flags, terminal.now()) });
  checkRequired(options, members, name);
  return root === null ? members : { [root]: members };
}

async function readBodyFile(file: string, terminal: Terminal): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(file === "-" ? Buffer.from(await terminal.readInput()).toString("utf8") : readFileSync(file, "utf8"));
  } catch (error) {
    throw usage(`--body ${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw usage(`--body ${file} must hold one JSON object.`);
}

/** An event's id where a delivery's was asked for. */
function withIdHint(explained: unknown, error: unknown, call: ApiCall, params: Readonly<Record<string, string>>): unknown {
  const { id = "" } = params;
  if (!(explained instanceof CliError) || !(error instanceof ApiError) || error.code !== "not_found") return explained;
  if (!call.route.path.includes("/deliveries/:id") || !EVENT_ID.test(id)) return explained;
  return explained.withHints([`This is how an event's id is written. Its deliveries: genhook deliveries list --event-id ${id}`]);
}

function withTopicHint(explained: unknown, error: unknown, given: Readonly<Record<string, unknown>>): unknown {
  const { topic } = given;
  if (!(explained instanceof CliError) || !(error instanceof ApiError) || error.code !== "unknown_topic" || typeof topic !== "string") {
    return explained;
  }
  const meant = didYouMean(
    topic,
    TOPICS.map((each) => each.name),
  );
  return explained.withHints([meant ?? "genhook topics list shows all of them."]);
}
