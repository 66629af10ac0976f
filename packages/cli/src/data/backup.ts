import { backupSqlite, restoreSqlite } from "@genhook/storage";
import { usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { CLEAR_LINE, note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { asCliError, dataFolderOf, type DataFlags } from "./data-flags.ts";

export interface BackupFlags extends DataFlags {
  readonly to?: string;
}

export interface RestoreFlags extends DataFlags {
  readonly from?: string;
  readonly yes?: boolean;
}

/** `genhook backup`: copies the data file, also while a server uses it. */
export async function backup(flags: BackupFlags, terminal: Terminal): Promise<void> {
  if (flags.to === undefined) throw usage("Say where to: --to FILE.");
  const folder = dataFolderOf(flags, terminal);
  try {
    const { bytes } = await backupSqlite(folder, flags.to, (share) => {
      if (terminal.isErrorTty) terminal.error(`${CLEAR_LINE}${Math.floor(share * 100)} %`);
    });
    if (terminal.isErrorTty) terminal.error(CLEAR_LINE);
    printLine(terminal, `${folder} is kept in ${flags.to} (${megabytes(bytes)}), as of one moment.`);
    note(
      terminal,
      paint(terminal, "yellow", `Keep ${folder}/sealing-key as well, elsewhere: without it the secrets in the copy cannot be read.`),
    );
  } catch (error) {
    throw asCliError(error);
  }
}

/** `genhook restore`: puts a copy in the place of the data file; what was there is moved aside. */
export async function restore(flags: RestoreFlags, terminal: Terminal): Promise<void> {
  if (flags.from === undefined) throw usage("Say what from: --from FILE.");
  const folder = dataFolderOf(flags, terminal);
  await confirm(terminal, flags.yes === true, `Put ${flags.from} in the place of the data in ${folder}?`);
  try {
    const { movedTo, hasSealingKey } = restoreSqlite(flags.from, folder, terminal.now());
    printLine(terminal, `${folder} holds what was kept in ${flags.from}.`);
    if (movedTo !== null) printLine(terminal, `What was there before is in ${movedTo}.`);
    if (!hasSealingKey)
      note(terminal, paint(terminal, "yellow", `Put the sealing-key that belongs to it into ${folder} before you start the server.`));
    note(terminal, "What was delivered since the copy was made is sent again: receivers that deduplicate by webhook-id do not notice.");
  } catch (error) {
    throw asCliError(error);
  }
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
