import { RabbitSource } from "@genhook/sources/rabbitmq";
import { usage } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { runSource, type SourceFlags } from "./open-source.ts";

export interface RabbitFlags extends SourceFlags {
  readonly queue?: string;
  readonly routingKeys?: string;
  readonly deadLetter?: string;
  readonly reject?: boolean;
  readonly prefetch?: string;
}

/** `genhook source rabbitmq`: publishes the messages of a queue. */
export async function rabbitmqSource(flags: RabbitFlags, terminal: Terminal): Promise<void> {
  const { queue, routingKeys, deadLetter, reject, prefetch = "1000", tlsCa } = flags;
  if (queue === undefined) throw usage("Say which queue: --queue NAME.");
  if ((deadLetter === undefined) !== (reject === true)) {
    throw usage(
      "Say what becomes of messages that are refused: --dead-letter QUEUE, or --reject.",
      "--reject leaves them to the queue's own dead-letter exchange; without one they are gone.",
    );
  }
  if (!/^[1-9]\d{0,3}$/.test(prefetch)) throw usage(`--prefetch must be a whole number from 1 to 9999, not "${prefetch}".`);
  await runSource(flags, terminal, (server, log) =>
    RabbitSource.open({ server, queue, routingKeys, deadLetterQueue: deadLetter, prefetch: Number(prefetch), caFile: tlsCa, log }),
  );
}
