import { ReceiverError } from "../error.ts";
import type { WebhookEvent } from "../event.ts";
import type { ApiVersion } from "../generated/topics.ts";
import { CatchUpError, type CaughtUp } from "./catch-up-answer.ts";
import { catchUp, LIMIT, type CatchUpAccess } from "./catch-up.ts";
import type { GapDetector } from "./gap-detector.ts";
import type { NumberRange } from "./position.ts";

export interface CloseGapsOptions<Version extends ApiVersion = ApiVersion> extends CatchUpAccess<Version> {
  readonly webhookId: string;
  readonly detector: GapDetector;
  /** Processes an event as the receiver does, with the same store or inbox: a delivery that comes all the same is then a duplicate. */
  readonly process: (event: WebhookEvent<Version>) => unknown;
  /** Gaps younger than this are left alone, ms; 60 s unless given: what is overtaken or tried again arrives by itself. */
  readonly graceMs?: number | undefined;
}

export interface ClosedGaps {
  /** Events that were given to `process`. */
  readonly processed: number;
  /** Numbers that the sender keeps no more. They are off the list: read the shop itself for what they told. */
  readonly lost: readonly NumberRange[];
}

const GRACE_MS = 60_000;

/**
 * Fetches what is missing: the detector's gaps, then everything after the highest number, for a loss at the end leaves no gap. Call it
 * every few minutes, and after an outage. Stopped in the middle it goes on where it was. Throws `CatchUpError`, and what `process` throws.
 */
export async function closeGaps<const Version extends ApiVersion>(options: CloseGapsOptions<Version>): Promise<ClosedGaps> {
  const { webhookId, detector, graceMs = GRACE_MS } = options;
  const lost: NumberRange[] = [];
  let processed = 0;
  for (const { from, to } of await detector.missing(webhookId, graceMs)) processed += await fetchRange(options, { from, to }, lost);
  const position = await detector.read(webhookId);
  if (position !== null) processed += await fetchRange(options, { from: position.highest + 1, to: Infinity }, lost);
  return { processed, lost };
}

async function fetchRange<Version extends ApiVersion>(
  options: CloseGapsOptions<Version>,
  { from, to }: NumberRange,
  lost: NumberRange[],
): Promise<number> {
  const limit = Math.min(options.limit ?? LIMIT, to - from + 1);
  let next = from;
  let processed = 0;
  while (next <= to) {
    try {
      for await (const entry of catchUp({ ...options, limit, after: next - 1 })) {
        if (entry.sequence > to) break;
        processed += await take(entry, options);
        next = entry.sequence + 1;
      }
      return processed;
    } catch (error) {
      if (!(error instanceof CatchUpError) || error.code !== "expired" || error.oldest === null || error.oldest <= next) throw error;
      const gone = { from: next, to: Math.min(to, error.oldest - 1) };
      await options.detector.settle(options.webhookId, gone);
      lost.push(gone);
      next = gone.to + 1;
    }
  }
  return processed;
}

async function take<Version extends ApiVersion>(
  entry: CaughtUp<Version>,
  { webhookId, detector, process }: CloseGapsOptions<Version>,
): Promise<number> {
  if (entry.state !== "available") {
    await detector.settle(webhookId, { from: entry.sequence, to: entry.sequence });
    return 0;
  }
  try {
    await process(entry.event);
  } catch (error) {
    // It came by POST just now, and is being worked on: its number stays on the list until that is done.
    if (error instanceof ReceiverError && error.reason === "delivery_in_progress") return 0;
    throw error;
  }
  await detector.observe(entry.event);
  return 1;
}
