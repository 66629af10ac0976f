import { ApiClient, ApiError, publishBatch } from "@genhook/contract/client";
import { Intake, type Source, type SourceRecord } from "@genhook/sources";
import type { Logger } from "pino";
import { explainError } from "../commands/explain-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { printLine } from "../output/terminal.ts";
import { resolveConnection, sourcesOf, type ConnectionFlags } from "../session/connection.ts";
import { startMetricsServer } from "./metrics-server.ts";

/** Flags of every command that brings events in. */
export interface IntakeFlags extends ConnectionFlags {
  readonly metricsPort?: string;
}

/** Whom a wrong key is told at once; everything else may be different in a moment. */
const NOT_ALLOWED: ReadonlySet<number> = new Set([401, 403]);

/**
 * Publishes what a source has until it is told to stop; then finishes the request in flight. A key that may not publish is said at the start; a server that
 * is away is waited for. The source is closed, whatever happens.
 */
export async function runIntake<Taken extends SourceRecord>(
  source: Source<Taken>,
  flags: IntakeFlags,
  log: Logger,
  terminal: Terminal,
): Promise<void> {
  const { intake, metrics, origin } = await prepare(source, flags, log, terminal).catch(async (error: unknown) => {
    // Its connection would keep the process alive.
    await source.close();
    throw error;
  });
  const interrupts = terminal.interrupts();
  intake.start();
  if (metrics !== null) printLine(terminal, `metrics on ${metrics.origin}/metrics`);
  printLine(terminal, `publishing from ${source.name} to ${origin}`);
  await new Promise<void>((resolve) => {
    if (interrupts.aborted) resolve();
    else interrupts.addEventListener("abort", () => resolve(), { once: true });
  });
  await intake.stop();
  metrics?.stop();
  const { published, duplicates, refused } = intake.counts;
  log.info({ source: source.name, published, duplicates, refused }, "stopped");
}

interface Prepared<Taken extends SourceRecord> {
  readonly intake: Intake<Taken>;
  readonly metrics: Awaited<ReturnType<typeof startMetricsServer>> | null;
  readonly origin: string;
}

async function prepare<Taken extends SourceRecord>(
  source: Source<Taken>,
  flags: IntakeFlags,
  log: Logger,
  terminal: Terminal,
): Promise<Prepared<Taken>> {
  const connection = resolveConnection(sourcesOf(flags, terminal.environment), ["platform"]);
  const { origin, credentials } = connection;
  // How to go on after a failure is the intake's to decide.
  const client = new ApiClient({ origin, credentials, retry: { attemptsMax: 1, waitMaxMs: 0 } });
  try {
    await client.send({ method: "POST", path: "/platform/v1/events", body: { mediaType: "application/json", content: "[]" } });
  } catch (error) {
    if (!(error instanceof ApiError) || NOT_ALLOWED.has(error.status)) throw explainError(error, { client, connection });
  }
  const intake = new Intake<Taken>({ source, log, publish: (events, signal) => publishBatch(client, events, signal) });
  const watch = { counts: () => intake.counts, backlog: () => source.backlog() };
  const metrics = flags.metricsPort === undefined ? null : await startMetricsServer(flags.metricsPort, watch);
  return { intake, metrics, origin };
}
