import type { ApiError } from "@genhook/contract/client";
import type { EventText, Published } from "../event.ts";

/** An event that a publisher has taken over. */
export interface Added {
  readonly idempotencyKey: string;
  /** Resolves when the event is durable, rejects with a `PublishError`. Need not be looked at: nothing is reported as unhandled. */
  readonly published: Promise<Published>;
}

/** An event in memory, until its promise is settled. */
export interface Entry extends EventText, Added {
  /** Counts what is added. */
  readonly number: number;
  /** By the monotonic clock, ms; as the next. */
  readonly addedAt: number;
  readonly giveUpAt: number;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
  /** How often the store refused this one event. */
  refusals: number;
  /** What became of it the last time; null where it was never sent. */
  lastError: ApiError | null;
  /** An answer was lost: it may have been published. */
  isUnknown: boolean;
  isSettled: boolean;
  /** In the queue, not under way. */
  isWaiting: boolean;
  /** Listens no more to the caller's signal. */
  unbind: () => void;
}

export function makeEntry(number: number, text: EventText, addedAt: number, giveUpAfterMs: number): Entry {
  let resolve: Entry["resolve"] = () => undefined;
  let reject: Entry["reject"] = () => undefined;
  const published = new Promise<Published>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  published.catch(() => undefined);
  return {
    ...text,
    number,
    published,
    addedAt,
    giveUpAt: addedAt + giveUpAfterMs,
    resolve,
    reject,
    refusals: 0,
    lastError: null,
    isUnknown: false,
    isSettled: false,
    isWaiting: false,
    unbind: () => undefined,
  };
}
