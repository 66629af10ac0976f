import { PUBLISH_LINES_MAX, PUBLISH_REQUEST_BYTES_MAX, type ApiError } from "@genhook/contract/client";
import type { PublisherProgress } from "./progress.ts";

/** All may be left out. */
export interface PublisherOptions {
  /** Events of one request, 1 to 100,000; 500 unless given. */
  readonly batchEventsMax?: number;
  /** Bytes of one request, up to 32 MiB; 4 MiB unless given. A larger event goes alone. */
  readonly batchBytesMax?: number;
  /** Requests at once; 4 unless given. With 1, requests go one after the other. */
  readonly inFlightMax?: number;
  /** Events that are held in memory, those under way included; 10,000 unless given. `add` waits for room. */
  readonly queueEventsMax?: number;
  /** Their bytes; 64 MiB unless given. */
  readonly queueBytesMax?: number;
  /** How long an event waits for others to go with it, ms; 5 unless given. */
  readonly lingerMs?: number;
  /**
   * How long an event is tried, ms; 600,000 (ten minutes) unless given, at most 23 hours: idempotency keys are kept for a day, and what is
   * sent again after that would be published twice.
   */
  readonly giveUpAfterMs?: number;
  /** Told after each answer. */
  readonly onProgress?: (progress: PublisherProgress) => void;
  /** Told before each wait: the server cannot be reached, or asks for patience. */
  readonly onRetry?: (error: ApiError, waitMs: number) => void;
}

export type PublisherLimits = Required<Omit<PublisherOptions, "onProgress" | "onRetry">>;

const GIVE_UP_AFTER_MS_MAX = 23 * 3_600_000;

/** The options with their defaults; throws a `RangeError` that names what is out of range. */
export function limitsOf(options: PublisherOptions): PublisherLimits {
  return {
    batchEventsMax: within("batchEventsMax", options.batchEventsMax ?? 500, 1, PUBLISH_LINES_MAX),
    batchBytesMax: within("batchBytesMax", options.batchBytesMax ?? 4_194_304, 1, PUBLISH_REQUEST_BYTES_MAX),
    inFlightMax: within("inFlightMax", options.inFlightMax ?? 4, 1, 100),
    queueEventsMax: within("queueEventsMax", options.queueEventsMax ?? 10_000, 1, Number.MAX_SAFE_INTEGER),
    queueBytesMax: within("queueBytesMax", options.queueBytesMax ?? 67_108_864, 1, Number.MAX_SAFE_INTEGER),
    lingerMs: within("lingerMs", options.lingerMs ?? 5, 0, 60_000),
    giveUpAfterMs: within("giveUpAfterMs", options.giveUpAfterMs ?? 600_000, 1, GIVE_UP_AFTER_MS_MAX),
  };
}

function within(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, not ${value}.`);
}
