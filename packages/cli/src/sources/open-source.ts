import { BrokerError, type Source, type SourceRecord } from "@genhook/sources";
import { CliError, usage } from "../cli-error.ts";
import { makeIntakeLog } from "../intake/intake-log.ts";
import { runIntake, type IntakeFlags } from "../intake/run-intake.ts";
import type { Terminal } from "../output/terminal.ts";

/** Flags of every broker. */
export interface SourceFlags extends IntakeFlags {
  readonly server?: string;
  readonly tlsCa?: string;
}

/** Opens a broker's source and publishes from it until told to stop. Set-ups in which something could be lost end it at once. */
export async function runSource<Taken extends SourceRecord>(
  flags: SourceFlags,
  terminal: Terminal,
  open: (server: string, log: ReturnType<typeof makeIntakeLog>) => Promise<Source<Taken>>,
): Promise<void> {
  const server = flags.server ?? terminal.environment["GENHOOK_SOURCE"];
  if (server === undefined || server === "") throw usage("Say where the broker is: --server, or GENHOOK_SOURCE.");
  const log = makeIntakeLog();
  let source: Source<Taken>;
  try {
    source = await open(server, log);
  } catch (error) {
    if (error instanceof TypeError) throw usage(`The pattern ${error.message}.`);
    if (!(error instanceof BrokerError)) throw error;
    throw new CliError(error.code === "unreachable" ? "unavailable" : "usage", error.code, `${sentence(error.message)}.`);
  }
  await runIntake(source, flags, log, terminal);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
