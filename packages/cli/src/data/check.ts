import { BREACHES, checkStore, type BreachKind, type CheckReader, type CheckReport } from "@genhook/core";
import { openPostgresCheckReader, openSqliteCheckReader } from "@genhook/storage";
import { CliError, usage } from "../cli-error.ts";
import { printJson } from "../commands/session.ts";
import { CLEAR_LINE, note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, harmless } from "../output/text.ts";
import { formatSpan } from "../output/time.ts";
import { asCliError, dataFolderOf, type DataFlags } from "./data-flags.ts";

export interface CheckFlags extends DataFlags {
  readonly database?: string;
  readonly retention?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const BREACHES_SHOWN = 20;
const DAY_MS = 86_400_000;
const PROGRESS_EVERY_MS = 200;

/** What is checked: its name for people, and how it is opened. */
interface Checked {
  readonly name: string;
  readonly open: () => CheckReader | Promise<CheckReader>;
}

/** `genhook check`: whether a data file or database is in order; read-only, also while servers use it. */
export async function check(flags: CheckFlags, terminal: Terminal): Promise<void> {
  const checked = findChecked(flags, terminal);
  const breachesMax = readLimit(flags.limit);
  const retentionMs = readRetention(flags.retention ?? terminal.environment["GENHOOK_RETENTION"] ?? "30d");
  const startedAt = performance.now();
  const report = await readAndJudge(checked, { breachesMax, retentionMs }, terminal);
  if (flags.json === true) printJson(terminal, report);
  else show(report, checked.name, performance.now() - startedAt, terminal);
  const kinds = Object.keys(report.counts);
  if (kinds.length > 0) throw new CliError("failed", "not_in_order", `${checked.name} is not in order: ${kinds.join(", ")}.`);
}

function findChecked(flags: CheckFlags, terminal: Terminal): Checked {
  if (flags.data !== undefined && flags.database !== undefined) throw usage("Give --data or --database, not both.");
  const url = flags.database ?? (flags.data === undefined ? terminal.environment["GENHOOK_DATABASE"] : undefined);
  if (url === undefined) {
    const folder = dataFolderOf(flags, terminal);
    return { name: folder, open: () => openSqliteCheckReader(folder) };
  }
  if (!URL.canParse(url)) throw usage("--database must be a URL such as postgres://user:password@host/database.");
  const { host, pathname } = new URL(url);
  return { name: `the database at ${host}${pathname}`, open: () => openPostgresCheckReader(url) };
}

async function readAndJudge(
  checked: Checked,
  options: { readonly breachesMax: number; readonly retentionMs: number },
  terminal: Terminal,
): Promise<CheckReport> {
  let drawnAt = performance.now();
  let isDrawn = false;
  try {
    const reader = await checked.open();
    try {
      return await checkStore(reader, {
        ...options,
        now: terminal.now(),
        onProgress: (events) => {
          if (!terminal.isErrorTty || performance.now() - drawnAt < PROGRESS_EVERY_MS) return;
          drawnAt = performance.now();
          isDrawn = true;
          terminal.error(`${CLEAR_LINE}${count(events, "event")} looked at`);
        },
      });
    } finally {
      if (isDrawn) terminal.error(CLEAR_LINE);
      await reader.close();
    }
  } catch (error) {
    throw asCliError(error);
  }
}

function show(report: CheckReport, name: string, elapsedMs: number, terminal: Terminal): void {
  const { events, deliveries, pending, logRows, daysLeftOut, breaches, counts } = report;
  printLine(
    terminal,
    `${name}: ${count(events, "event")}, ${count(deliveries, "delivery", "deliveries")} (${pending.toLocaleString("en")} pending), ${count(logRows, "row")} of log, in ${formatSpan(elapsedMs)}`,
  );
  if (daysLeftOut.length > 0) note(terminal, `${count(daysLeftOut.length, "day")} past retention left out`);
  if (breaches.length === 0) return printLine(terminal, paint(terminal, "green", "in order"));
  for (const [kind, total] of Object.entries(counts) as [BreachKind, number][]) {
    printLine(terminal);
    printLine(terminal, `${paint(terminal, "red", `${kind} (${total.toLocaleString("en")})`)} ${BREACHES[kind]}`);
    const shown = breaches.filter((breach) => breach.kind === kind);
    for (const { subject, says } of shown) printLine(terminal, `  ${harmless(subject)}: ${harmless(says)}`);
    if (shown.length < total) printLine(terminal, `  and ${(total - shown.length).toLocaleString("en")} more; --limit N shows more`);
  }
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return BREACHES_SHOWN;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(`--limit must be a whole number, not "${text}".`);
}

function readRetention(text: string): number {
  const match = /^([1-9]\d{0,4})d$/.exec(text);
  if (match === null) throw usage(`--retention must be a number of days such as 30d, as genhook serve has it, not "${text}".`);
  return Number(match[1]) * DAY_MS;
}
