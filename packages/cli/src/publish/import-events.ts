import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { ApiClient } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, type CommonFlags } from "../commands/session.ts";
import { CLEAR_LINE, note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { formatSpan } from "../output/time.ts";
import { sendLines } from "./send-lines.ts";

const BATCH_MAX = 500;
const BATCH_BYTES_MAX = 8_000_000;
const REFUSED_SHOWN = 20;
const PROGRESS_EVERY_MS = 200;

interface Refused {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

interface Tally {
  lines: number;
  accepted: number;
  duplicates: number;
  refused: number;
  readonly firstRefused: Refused[];
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/**
 * `genhook events import`: publishes a file with one event a line, in order, in NDJSON requests. A line without an idempotency key gets one
 * that follows from its content and its place: the same file again publishes nothing twice (for a day, as long as keys are kept).
 */
export async function importEvents(file: string, flags: CommonFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform"]);
  const tally: Tally = { lines: 0, accepted: 0, duplicates: 0, refused: 0, firstRefused: [] };
  const interrupts = terminal.interrupts();
  const startedAt = performance.now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let failure: unknown = null;
  try {
    for await (const batch of batchesOf(file)) {
      if (interrupts.aborted) break;
      await sendBatch(session.client, batch, tally, interrupts);
      if (terminal.isErrorTty && performance.now() - drawnAt > PROGRESS_EVERY_MS) {
        drawnAt = performance.now();
        terminal.error(`${CLEAR_LINE}${count(tally.lines, "line")} sent, ${tally.refused.toLocaleString("en")} refused`);
      }
    }
  } catch (error) {
    failure = explainError(error, session);
  }
  if (terminal.isErrorTty) terminal.error(CLEAR_LINE);
  report(tally, performance.now() - startedAt, flags, terminal);
  if (failure !== null) throw failure;
  if (interrupts.aborted)
    throw new CliError(
      "interrupted",
      "interrupted",
      `Stopped behind line ${tally.lines.toLocaleString("en")}; the same command goes on from there without harm.`,
    );
  if (tally.refused > 0)
    throw new CliError(
      "failed",
      "refused",
      `${count(tally.refused, "line")} of ${tally.lines.toLocaleString("en")} ${tally.refused === 1 ? "was" : "were"} refused.`,
    );
}

async function* batchesOf(file: string): AsyncGenerator<readonly Line[]> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let batch: Line[] = [];
  let bytes = 0;
  let number = 0;
  try {
    for await (const text of lines) {
      number += 1;
      if (text.trim() === "") continue;
      batch.push({ number, text: withKey(text, number) });
      bytes += text.length;
      if (batch.length < BATCH_MAX && bytes < BATCH_BYTES_MAX) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw usage(`${file} cannot be read: ${error.message}`);
    throw error;
  }
  if (batch.length > 0) yield batch;
}

/** The key goes in as text in front: the payload's bytes stay as they are. What is no object is left for the server to refuse. */
function withKey(text: string, number: number): string {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof envelope !== "object" || envelope === null || Array.isArray(envelope) || "idempotencyKey" in envelope) return text;
  const key = `import-${createHash("sha256").update(text).digest("hex").slice(0, 32)}-${number}`;
  const rest = text.trimStart().slice(1).trimStart();
  return `{"idempotencyKey":"${key}"${rest.startsWith("}") ? "" : ","}${rest}`;
}

async function sendBatch(client: ApiClient, batch: readonly Line[], tally: Tally, interrupts: AbortSignal): Promise<void> {
  const texts = batch.map((line) => line.text);
  const items = await sendLines(client, texts, interrupts);
  for (const [index, item] of items.entries()) {
    if (item.kind !== "accepted") {
      tally.refused += 1;
      const line = batch[index]?.number ?? 0;
      if (tally.firstRefused.length < REFUSED_SHOWN) tally.firstRefused.push({ line, code: item.code, message: item.message });
    } else {
      tally.accepted += 1;
      if (item.duplicate) tally.duplicates += 1;
    }
  }
  tally.lines = batch.at(-1)?.number ?? tally.lines;
}

function report(tally: Tally, elapsedMs: number, flags: CommonFlags, terminal: Terminal): void {
  if (flags.json === true) return printJson(terminal, tally);
  const { accepted, duplicates, refused, firstRefused } = tally;
  const again = duplicates === 0 ? "" : `, ${duplicates.toLocaleString("en")} of them published before`;
  printLine(terminal, `${count(accepted, "event")} accepted in ${formatSpan(elapsedMs)}${again}`);
  for (const { line, code, message } of firstRefused) note(terminal, `line ${line}: ${code}: ${message}`);
  if (refused > firstRefused.length) note(terminal, `and ${(refused - firstRefused.length).toLocaleString("en")} more lines`);
}
