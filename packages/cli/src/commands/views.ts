import type { Answer, EventEntry, OperationName } from "@genhook/contract/client";
import { pairs, Table } from "../output/table.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { harmless } from "../output/text.ts";
import type { TimeStyle } from "../output/time.ts";
import type { ApiCommand } from "./api-commands.ts";
import { columnsOf, showMember, type WireEntry } from "./columns.ts";
import { viewDelivery, type WholeDelivery } from "./view-delivery.ts";
import { viewEvent } from "./view-event.ts";
import { viewStats } from "./view-stats.ts";

export interface Answered {
  readonly command: ApiCommand;
  readonly operation: OperationName;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly input: { readonly params: Readonly<Record<string, string>> };
}

/** What an API shows once, in the answer that made it. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set(["clientSecret", "signingSecret", "accessToken", "key", "secret"]);

const DONE: Readonly<Record<string, string>> = { delete: "Deleted", uninstall: "Uninstalled", probe: "Probing" };

type View = (answer: Readonly<Record<string, unknown>>, terminal: Terminal, style: TimeStyle) => void;

const viewDeliveryAnswer: View = (answer, terminal, style) => viewDelivery(answer["delivery"] as WholeDelivery, terminal, style);

/** Answers that have a page of their own; any other is shown by its shape. */
const VIEWS: Readonly<Partial<Record<OperationName, View>>> = {
  getDelivery: viewDeliveryAnswer,
  getOwnDelivery: viewDeliveryAnswer,
  getAppDelivery: viewDeliveryAnswer,
  getAppStats: (answer, terminal, style) => viewStats(answer as Answer<"getStats">, terminal, style),
  getEvent: (answer, terminal, style) => viewEvent(answer["event"] as EventEntry, terminal, style),
  getStats: (answer, terminal, style) => viewStats(answer as Answer<"getStats">, terminal, style),
};

/** Shows an answer to a person. */
export function viewAnswer(answered: Answered, terminal: Terminal, style: TimeStyle): void {
  const view = VIEWS[answered.operation];
  if (view === undefined) viewAny(answered, terminal, style);
  else view(answered.answer, terminal, style);
}

function viewAny({ answer, command, input }: Answered, terminal: Terminal, style: TimeStyle): void {
  const members = Object.entries(answer);
  const [first] = members;
  if (first === undefined) {
    const subject = Object.values(input.params).join(" on ");
    note(
      terminal,
      `${DONE[command.verb] ?? "Done:"} ${command.noun.replaceAll("-", " ").replace(/ies$/, "y").replace(/s$/, "")} ${subject}`.trim(),
    );
    return;
  }
  const [name, value] = first;
  if (name === "events" && Array.isArray(value)) viewNumbered(value as readonly WireEntry[], answer["last"], terminal, style);
  else if (members.length > 1) viewEntry(answer, terminal, style);
  else if (Array.isArray(value)) viewList(command.noun, name, value, terminal, style);
  else if (typeof value === "object" && value !== null) viewEntry(value as WireEntry, terminal, style);
  else printLine(terminal, String(value));
}

function viewList(noun: string, name: string, values: readonly unknown[], terminal: Terminal, style: TimeStyle): void {
  const entries = values.filter((each): each is WireEntry => typeof each === "object" && each !== null);
  if (entries.length < values.length) for (const value of values) printLine(terminal, harmless(String(value)));
  else if (entries.length === 0) note(terminal, `There are no ${name} yet.`);
  else for (const line of new Table(columnsOf(noun, entries[0], style, name), terminal).lines(entries)) printLine(terminal, line);
}

/** Events of a numbered webhook, a line each. */
function viewNumbered(entries: readonly WireEntry[], last: unknown, terminal: Terminal, style: TimeStyle): void {
  if (entries.length === 0) return note(terminal, `There is nothing behind this number; the last one is ${String(last)}.`);
  for (const line of new Table(columnsOf("webhooks", entries[0], style, "events"), terminal).lines(entries)) printLine(terminal, line);
  const shown = entries.at(-1)?.["sequence"];
  const rest = shown === last ? "" : `; what comes next: --after ${String(shown)}`;
  note(terminal, `The last number is ${String(last)}${rest}. Payloads: --json.`);
}

/** One entry, a member a line; secrets stand out, because they are shown only now. */
export function viewEntry(entry: WireEntry, terminal: Terminal, style: TimeStyle): void {
  const isWhole = ([, value]: readonly [string, unknown]): boolean => isDeep(value);
  const members = Object.entries(entry);
  const shown = members
    .filter((member) => !isWhole(member))
    .flatMap(([member, value]): [string, string][] => {
      const texts = isListOfObjects(value) ? value.map((each) => showMember(member, each, style)) : [showMember(member, value, style)];
      return texts.map((text, index) => {
        const cell = harmless(text);
        return [index === 0 ? member : "", SECRET_MEMBERS.has(member) ? paint(terminal, "bold", cell) : cell];
      });
    });
  for (const line of pairs(terminal, shown)) printLine(terminal, line);
  for (const [member, value] of members.filter(isWhole)) {
    printLine(terminal);
    printLine(terminal, paint(terminal, "dim", member));
    printLine(terminal, harmless(JSON.stringify(value, null, 2)));
  }
  const secrets = Object.keys(entry).filter((member) => SECRET_MEMBERS.has(member) && typeof entry[member] === "string");
  if (secrets.length > 0)
    note(
      terminal,
      paint(terminal, "yellow", `Keep ${listed(secrets)} now: ${secrets.length === 1 ? "it is" : "they are"} not shown again.`),
    );
}

/** A payload, a schema: whole and on lines of its own, as an event's is shown. */
function isDeep(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).some((each) => typeof each === "object" && each !== null);
}

function isListOfObjects(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "object" && each !== null);
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
