import { readFileSync } from "node:fs";
import { NatsSource } from "@genhook/sources/nats";
import { usage } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { runSource, type SourceFlags } from "./open-source.ts";

export interface NatsFlags extends SourceFlags {
  readonly stream?: string;
  readonly durable?: string;
  readonly filter?: string;
  readonly subjects?: string;
  readonly deadLetter?: string;
  readonly creds?: string;
}

/** `genhook source nats`: publishes the records of a JetStream stream. */
export async function natsSource(flags: NatsFlags, terminal: Terminal): Promise<void> {
  const { stream, durable = "genhook", filter, subjects, deadLetter, creds, tlsCa } = flags;
  if (stream === undefined) throw usage("Say which stream: --stream NAME.");
  const credentials = creds === undefined ? undefined : readFile(creds);
  await runSource(flags, terminal, (servers, log) =>
    NatsSource.open({
      servers,
      stream,
      durable,
      filterSubject: filter,
      subjects,
      deadLetterSubject: deadLetter,
      credentials,
      caFile: tlsCa,
      log,
    }),
  );
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usage(`--creds ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
