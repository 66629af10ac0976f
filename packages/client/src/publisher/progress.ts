/** Where a publisher stands. */
export interface PublisherProgress {
  /** Events in memory, those under way included. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** Events that are durable, `duplicates` included. */
  readonly published: number;
  /** Published before, under the same key: an answer had got lost. */
  readonly duplicates: number;
  /** Deliveries that they owe. */
  readonly deliveries: number;
  /** Events that were refused, given up or aborted: their promises are rejected. */
  readonly failed: number;
  /** Requests that have to be made again. */
  readonly retries: number;
}

export const NOTHING_YET: PublisherProgress = {
  queued: 0,
  queuedBytes: 0,
  inFlight: 0,
  published: 0,
  duplicates: 0,
  deliveries: 0,
  failed: 0,
  retries: 0,
};
