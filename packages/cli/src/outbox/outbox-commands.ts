import { postgresSchema, sqliteSchema } from "@genhook/outbox";
import type { RefusedEvent } from "@genhook/sources/relay";
import { CliError, usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { printJson, timeStyle } from "../commands/session.ts";
import { Table, type Column } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { showTime, type TimeStyle } from "../output/time.ts";
import { openOutbox, type OpenOutbox, type OutboxFlags } from "./open-outbox.ts";

export interface SchemaFlags {
  readonly sqlite?: boolean;
  readonly notify?: boolean;
  readonly table?: string;
}

export interface OutboxCommandFlags extends OutboxFlags {
  readonly json?: boolean;
  readonly utc?: boolean;
  readonly limit?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** `genhook outbox schema`: the statements for a migration. */
export function printSchema({ sqlite, notify, table }: SchemaFlags, terminal: Terminal): void {
  if (sqlite === true && notify === true) throw usage("--notify is for PostgreSQL; with --sqlite the relay looks by itself.");
  try {
    const statements = sqlite === true ? sqliteSchema({ table }) : postgresSchema({ table, notify });
    for (const statement of statements) printLine(terminal, `${statement};`);
  } catch (error) {
    if (error instanceof TypeError) throw usage(`--${error.message}.`);
    throw error;
  }
}

/** `genhook outbox status`: what waits, and whether a relay is at work. */
export async function outboxStatus(flags: OutboxCommandFlags, terminal: Terminal): Promise<void> {
  await withOutbox(flags, terminal, async ({ store }) => {
    const status = await store.status();
    if (flags.json === true) return printJson(terminal, status);
    const { waiting, oldestAt, refused, behind, relay } = status;
    const since = oldestAt === null ? "" : `, the oldest written ${showTime(oldestAt, timeStyle(terminal, flags))}`;
    printLine(terminal, `${count(waiting, "event")} waiting${since}`);
    printLine(terminal, `${count(refused, "event")} refused, ${count(behind, "event")} behind them`);
    printLine(terminal, relay === null ? "no relay is at work" : `relay ${relay} is at work`);
  });
}

/** `genhook outbox refused`: what was set aside, and why. */
export async function listRefused(flags: OutboxCommandFlags, terminal: Terminal): Promise<void> {
  const { limit = "50" } = flags;
  if (!/^[1-9]\d{0,5}$/.test(limit)) throw usage(`--limit must be a whole number from 1, not "${limit}".`);
  await withOutbox(flags, terminal, async ({ store }) => {
    const refused = await store.refused(Number(limit));
    if (flags.json === true) return printJson(terminal, { refused });
    if (refused.length === 0) return note(terminal, "Nothing is refused.");
    for (const line of new Table(columns(timeStyle(terminal, flags)), terminal).lines(refused)) printLine(terminal, line);
  });
}

/** `genhook outbox retry` and `discard`: of the events with these ids, or of all. */
export async function settleRefused(
  act: "retry" | "discard",
  ids: readonly string[],
  flags: OutboxCommandFlags,
  terminal: Terminal,
): Promise<void> {
  const wrong = ids.find((id) => !/^\d{1,19}$/.test(id));
  if (wrong !== undefined) throw usage(`"${wrong}" is no id of a refused event; genhook outbox refused shows them.`);
  if (flags.all === true ? ids.length > 0 : ids.length === 0) throw usage("Give the ids of refused events, or --all.");
  await withOutbox(flags, terminal, async ({ store }) => {
    const which = flags.all === true ? "all refused events" : count(ids.length, "refused event");
    if (act === "discard") await confirm(terminal, flags.yes === true, `Remove ${which} for good?`);
    const settled = await store[act](flags.all === true ? null : ids);
    if (settled === 0 && ids.length > 0) {
      throw new CliError("notFound", "not_found", `No event is refused under ${ids.length === 1 ? "this id" : "these ids"}.`, [
        "genhook outbox refused shows those that are; what waits behind one goes on with it.",
      ]);
    }
    if (flags.json === true) return printJson(terminal, { [act === "retry" ? "retried" : "discarded"]: settled });
    printLine(terminal, act === "retry" ? `${count(settled, "event")} waiting again` : `${count(settled, "event")} removed`);
  });
}

async function withOutbox(flags: OutboxFlags, terminal: Terminal, act: (opened: OpenOutbox) => Promise<void>): Promise<void> {
  const opened = await openOutbox(flags, terminal);
  try {
    await act(opened);
  } finally {
    await opened.close();
  }
}

function columns(style: TimeStyle): readonly Column<RefusedEvent>[] {
  return [
    { title: "ID", text: ({ id }) => id, isKey: true },
    { title: "REFUSED", text: ({ refusedAt }) => showTime(refusedAt, style) },
    { title: "SHOP", text: ({ shop }) => shop, cutTo: 12 },
    { title: "TOPIC", text: ({ topic }) => topic, cutTo: 12 },
    { title: "BEHIND", text: ({ behind }) => String(behind), isNumber: true },
    { title: "CODE", text: ({ code }) => code, isKey: true, colour: () => "red" },
    { title: "WHY", text: ({ error }) => error, cutTo: 20, isKey: true },
  ];
}
