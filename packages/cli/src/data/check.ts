import { BREACHES, checkStore, type BreachKind, type CheckReport } from "@genhook/core";
import { openSqliteCheckReader } from "@genhook/storage";
import { CliError, usage } from "../cli-error.ts";
import { printJson } from "../commands/session.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, harmless } from "../output/text.ts";
import { formatSpan } from "../output/time.ts";
import { asCliError, dataFolderOf, type DataFlags } from "./data-flags.ts";

export interface CheckFlags extends DataFlags {
  readonly retention?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const BREACHES_SHOWN = 20;
const DAY_MS = 86_400_000;
const PROGRESS_EVERY_MS = 200;
const CLEAR_LINE = "\r\u001b[K";

/** `genhook check`: whether a data file is in order; read-only, also while a server uses it. */
export async function check(flags: CheckFlags, terminal: Terminal): Promise<void> {
  const folder = dataFolderOf(flags, terminal);
  const breachesMax = readLimit(flags.limit);
  const retentionMs = readRetention(flags.retention ?? terminal.environment["GENHOOK_RETENTION"] ?? "30d");
  const startedAt = performance.now();
  const report = await readAndJudge(folder, { breachesMax, retentionMs }, terminal);
  if (flags.json === true) printJson(terminal, report);
  else show(report, folder, performance.now() - startedAt, terminal);
  const kinds = Object.keys(report.counts);
  if (kinds.length > 0) throw new CliError("failed", "not_in_order", `${folder} is not in order: ${kinds.join(", ")}.`);
}

async function readAndJudge(
  folder: string,
  options: { readonly breachesMax: number; readonly retentionMs: number },
  terminal: Terminal,
): Promise<CheckReport> {
  let drawnAt = performance.now();
  let isDrawn = false;
  try {
    const reader = openSqliteCheckReader(folder);
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

function show(report: CheckReport, folder: string, elapsedMs: number, terminal: Terminal): void {
  const { events, deliveries, pending, logRows, daysLeftOut, breaches, counts } = report;
  printLine(
    terminal,
    `${folder}: ${count(events, "event")}, ${count(deliveries, "delivery", "deliveries")} (${pending.toLocaleString("en")} pending), ${count(logRows, "row")} of log, in ${formatSpan(elapsedMs)}`,
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
