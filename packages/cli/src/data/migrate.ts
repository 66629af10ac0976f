import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkSealingKey, loadSealingKey, SealingKeyError } from "@genhook/server";
import { moveToPostgres, type MoveReport } from "@genhook/storage";
import { CliError, usage } from "../cli-error.ts";
import { printJson } from "../commands/session.ts";
import { Table } from "../output/table.ts";
import { CLEAR_LINE, note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { asCliError } from "./data-flags.ts";

export interface MigrateFlags {
  readonly from?: string;
  readonly to?: string;
  readonly sealingKeyFile?: string;
  readonly startOver?: boolean;
  readonly json?: boolean;
}

const PROGRESS_EVERY_MS = 200;
const DIGEST_SHOWN = 12;

/** `genhook migrate`: moves a data folder into a database. */
export async function migrate(flags: MigrateFlags, terminal: Terminal): Promise<void> {
  const { from } = flags;
  const to = flags.to ?? terminal.environment["GENHOOK_DATABASE"];
  if (from === undefined) throw usage("Say what from: --from with the data folder, or a backup.");
  if (to === undefined) throw usage("Say where to: --to postgres://user:password@host/database.");
  if (!/^postgres(ql)?:\/\//.test(to) || !URL.canParse(to))
    throw usage("--to must be a URL such as postgres://user:password@host/database.");
  const key = keySource(flags, from, terminal);
  try {
    const report = await moveToPostgres({
      from,
      to,
      startsOver: flags.startOver === true,
      checkKey: (sealed) => {
        if (sealed !== null) checkSealingKey(key.load(), sealed);
      },
      now: terminal.now,
      onProgress: drawProgress(terminal),
    });
    if (terminal.isErrorTty) terminal.error(CLEAR_LINE);
    if (flags.json === true) printJson(terminal, report);
    else show(report, from, key.told, terminal);
  } catch (error) {
    if (terminal.isErrorTty) terminal.error(CLEAR_LINE);
    if (error instanceof SealingKeyError) throw new CliError("failed", "wrong_sealing_key", error.message);
    throw asCliError(error);
  }
}

interface KeySource {
  readonly load: () => Uint8Array;
  /** How the servers are given the same one. */
  readonly told: string;
}

/** The key that opens the data's secrets, found as `serve` finds it. It is copied nowhere: servers must be given it. */
function keySource(flags: MigrateFlags, from: string, terminal: Terminal): KeySource {
  const given = flags.sealingKeyFile === undefined ? terminal.environment["GENHOOK_SEALING_KEY"] : undefined;
  const folder = existsSync(from) && statSync(from).isDirectory() ? from : dirname(from);
  const beside = join(folder, "sealing-key");
  const file = flags.sealingKeyFile ?? terminal.environment["GENHOOK_SEALING_KEY_FILE"] ?? beside;
  if (given !== undefined) return { load: () => loadSealingKey(given, null, ""), told: "the same GENHOOK_SEALING_KEY" };
  return {
    load: () => {
      if (!existsSync(file))
        throw new SealingKeyError(`There is no sealing key ${file}. Give the one that belongs to this data with --sealing-key-file.`);
      return loadSealingKey(null, file, "");
    },
    told: `--sealing-key-file ${file}`,
  };
}

function drawProgress(terminal: Terminal): (progress: { readonly step: string; readonly rows: number; readonly of: number }) => void {
  let drawnAt = 0;
  return ({ step, rows, of }) => {
    if (!terminal.isErrorTty || performance.now() - drawnAt < PROGRESS_EVERY_MS) return;
    drawnAt = performance.now();
    terminal.error(`${CLEAR_LINE}${step}: ${rows.toLocaleString("en")} of ${count(of, "row")}`);
  };
}

function show(report: MoveReport, from: string, keyTold: string, terminal: Terminal): void {
  const { place, counts, pending, wasResumed, wasDone, mark } = report;
  if (wasDone) {
    printLine(terminal, `${from} was moved to the database at ${place} before. Nothing was copied.`);
  } else {
    const table = new Table<MoveReport["counts"][number]>(
      [
        { title: "table", text: (row) => row.table, isKey: true },
        { title: "rows", text: (row) => row.rows.toLocaleString("en"), isNumber: true, isKey: true },
        { title: "hash, the same on both sides", text: (row) => row.digest.slice(0, DIGEST_SHOWN), isKey: true },
      ],
      terminal,
    );
    for (const line of table.lines(counts.filter(({ rows }) => rows > 0))) printLine(terminal, line);
    const rows = counts.reduce((sum, each) => sum + each.rows, 0);
    const again = wasResumed ? ", after going on where it had stopped" : "";
    printLine(terminal);
    printLine(terminal, paint(terminal, "green", `All ${count(rows, "row")} of ${from} are in the database at ${place}${again}.`));
  }
  if (pending > 0) printLine(terminal, `${count(pending, "delivery", "deliveries")} pending: sent once a server starts on the database.`);
  printLine(terminal, `Start each server with --database and ${keyTold}: without this key the secrets there cannot be read.`);
  if (mark !== null)
    note(terminal, `Servers refuse ${from} from now on, by the file ${mark}. Keep the folder until you have seen the database work.`);
  note(terminal, "To look through the database: genhook check --database URL");
}
