import { ApiError, type ApiClient } from "@genhook/contract/client";
import { CliError } from "../cli-error.ts";
import { printJson, type CommonFlags } from "../commands/session.ts";
import { Progress } from "../output/progress.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { pause } from "../pause.ts";
import type { DeliveryCalls } from "./delivery-calls.ts";

const IN_FLIGHT_MAX = 4;

interface Outcome {
  replayed: number;
  /** Pending again, or gone, since they were counted. */
  passedBy: number;
  readonly refused: Map<string, number>;
}

/** Replays these deliveries one by one from here: for apps, whose API has no replay jobs, and where ids or a limit are given. */
export async function replayHere(
  client: ApiClient,
  ids: readonly string[],
  rate: number,
  calls: DeliveryCalls,
  flags: CommonFlags,
  terminal: Terminal,
): Promise<void> {
  const outcome: Outcome = { replayed: 0, passedBy: 0, refused: new Map() };
  const progress = new Progress(terminal, ids.length, "deliveries");
  const interrupts = terminal.interrupts();
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ids.length && !interrupts.aborted) {
      const index = next;
      next += 1;
      const waitMs = startedAt + (index * 1_000) / rate - performance.now();
      if (waitMs > 0) await pause(waitMs, interrupts);
      if (interrupts.aborted) return;
      await replayInto(outcome, client, ids[index] ?? "", calls);
      progress.advance(1);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, worker));
  } finally {
    progress.end();
    showOutcome(outcome, ids.length, flags, terminal);
  }
  if (interrupts.aborted)
    throw new CliError(
      "interrupted",
      "interrupted",
      `Stopped after ${outcome.replayed.toLocaleString("en")} of ${ids.length.toLocaleString("en")}.`,
    );
}

async function replayInto(outcome: Outcome, client: ApiClient, id: string, calls: DeliveryCalls): Promise<void> {
  try {
    await client.call(calls.replay, { params: { id } });
    outcome.replayed += 1;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "delivery_pending" || error.code === "not_found") outcome.passedBy += 1;
    else if (error.code === "replay_refused") outcome.refused.set(error.message, (outcome.refused.get(error.message) ?? 0) + 1);
    else throw error;
  }
}

function showOutcome(outcome: Outcome, matched: number, flags: CommonFlags, terminal: Terminal): void {
  const { replayed, passedBy, refused } = outcome;
  if (flags.json === true) return printJson(terminal, { matched, replayed, passedBy, refused: Object.fromEntries(refused) });
  printLine(terminal, `${count(replayed, "delivery", "deliveries")} sent again`);
  if (passedBy > 0) printLine(terminal, `${passedBy.toLocaleString("en")} passed by: pending again, or dropped, since they were counted`);
  for (const [message, refusals] of refused) note(terminal, `${refusals.toLocaleString("en")} refused: ${message}`);
}
