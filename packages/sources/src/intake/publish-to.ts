import { ApiClient, publishBatch, type BatchAnswer } from "@genhook/contract/client";

/** Publishes events in one request and says what became of each; rejects only when the signal ends it. */
export type Publish = (events: readonly string[], signal: AbortSignal) => Promise<BatchAnswer>;

/** Where to publish, and as whom. */
export interface PublishTarget {
  /** `https://hooks.internal:9090`, without a path. */
  readonly origin: string;
  /** A platform key with the role `publish`. */
  readonly key: string;
}

/** What an intake publishes with. A request is made once: how to go on after a failure is the intake's to decide. */
export function publishTo({ origin, key }: PublishTarget): Publish {
  const client = new ApiClient({ origin, credentials: { kind: "platform", key }, retry: { attemptsMax: 1, waitMaxMs: 0 } });
  return (events, signal) => publishBatch(client, events, signal);
}
