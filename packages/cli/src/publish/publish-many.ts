import { randomUUID } from "node:crypto";
import type { ApiClient } from "@genhook/contract/client";
import { CliError } from "../cli-error.ts";
import { printJson } from "../commands/session.ts";
import { Progress, rateText } from "../output/progress.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { formatSpan } from "../output/time.ts";
import { pause } from "../pause.ts";
import { sendLines } from "./send-lines.ts";

export interface ManyEvents {
  readonly client: ApiClient;
  /** The n-th event (from 1) under its idempotency key, as one line of JSON. */
  readonly envelope: (number: number, idempotencyKey: string) => string;
  readonly amount: number;
  /** Events per second; null for as fast as they are taken. */
  readonly rate: number | null;
  readonly seed: number;
  readonly isJson: boolean;
}

interface Tally {
  accepted: number;
  deliveries: number;
  duplicates: number;
  readonly refused: Map<string, { count: number; readonly message: string }>;
}

const BATCH_MAX = 200;
const BATCH_BYTES_MAX = 4_000_000;
const IN_FLIGHT_MAX = 4;
const TICK_MS = 50;

/**
 * Publishes many events in NDJSON requests, at most four at a time. Each has an idempotency key of its own, so that a request whose answer was
 * lost can be sent again. Throws when one was refused, or when it was interrupted.
 */
export async function publishMany(events: ManyEvents, terminal: Terminal): Promise<void> {
  const { amount, isJson, seed } = events;
  const tally: Tally = { accepted: 0, deliveries: 0, duplicates: 0, refused: new Map() };
  const progress = new Progress(terminal, amount, "events");
  const interrupts = terminal.interrupts();
  const startedAt = performance.now();
  let failure: unknown = null;
  try {
    await sendAll(events, tally, progress, interrupts);
  } catch (error) {
    failure = error;
  }
  progress.end();
  const elapsedMs = performance.now() - startedAt;
  const refused = [...tally.refused.values()].reduce((sum, each) => sum + each.count, 0);
  if (isJson) {
    const codes = Object.fromEntries([...tally.refused].map(([code, each]) => [code, each.count]));
    printJson(terminal, { ...tally, refused: codes, seconds: Math.round(elapsedMs) / 1_000, seed });
  } else {
    const rate = rateText((tally.accepted * 1_000) / elapsedMs);
    printLine(
      terminal,
      `${count(tally.accepted, "event")} accepted in ${formatSpan(elapsedMs)} (${rate}/s), ${count(tally.deliveries, "delivery", "deliveries")} owed; seed ${seed}`,
    );
    if (tally.duplicates > 0) printLine(terminal, `${count(tally.duplicates, "event")} of them published before`);
    for (const [code, each] of tally.refused) note(terminal, `${count(each.count, "event")} refused as ${code}: ${each.message}`);
  }
  if (failure !== null) throw failure;
  if (refused > 0)
    throw new CliError(
      "failed",
      "refused",
      `${count(refused, "event")} of ${amount.toLocaleString("en")} ${refused === 1 ? "was" : "were"} refused.`,
    );
}

async function sendAll(events: ManyEvents, tally: Tally, progress: Progress, interrupts: AbortSignal): Promise<void> {
  const { amount, rate } = events;
  const run = randomUUID();
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  const failed: { error: unknown } = { error: null };
  let next = 1;
  while (next <= amount && !interrupts.aborted && failed.error === null) {
    const due = rate === null ? amount : Math.min(amount, Math.floor(((performance.now() - startedAt) * rate) / 1_000) + 1);
    if (due < next) await pause(TICK_MS);
    else if (underWay.size >= IN_FLIGHT_MAX) await Promise.race(underWay);
    else {
      const lines: string[] = [];
      let bytes = 0;
      while (next <= due && lines.length < BATCH_MAX && bytes < BATCH_BYTES_MAX) {
        const line = events.envelope(next, `trigger-${run}-${next}`);
        lines.push(line);
        bytes += line.length;
        next += 1;
      }
      const sending = send(events.client, lines, tally, interrupts)
        .then(() => progress.advance(lines.length))
        .catch((error: unknown) => {
          failed.error ??= error;
        })
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
  }
  await Promise.all(underWay);
  if (interrupts.aborted) throw interrupts.reason;
  if (failed.error !== null) throw failed.error;
}

async function send(client: ApiClient, lines: readonly string[], tally: Tally, interrupts: AbortSignal): Promise<void> {
  for (const item of await sendLines(client, lines, interrupts)) {
    if (item.kind !== "accepted") {
      const before = tally.refused.get(item.code);
      tally.refused.set(item.code, { count: (before?.count ?? 0) + 1, message: before?.message ?? item.message });
    } else {
      tally.accepted += 1;
      tally.deliveries += item.deliveries;
      if (item.duplicate) tally.duplicates += 1;
    }
  }
}
