import type { NewEvent } from "../domain/event.ts";
import { GROUP_BYTES_MAX, GROUP_EVENTS_MAX, GROUP_WAITING_BYTES_MAX, GROUP_WAITING_EVENTS_MAX } from "../limits.ts";
import type { AppendResult, EventStore } from "../ports/event-store.ts";
import type { Timers } from "../ports/clock.ts";
import { Batcher } from "./batcher.ts";

/** How a submitted event ended. `unavailable`: nothing was written, try later. `rejected`: this one event cannot be stored. */
export type CommitResult = AppendResult | { readonly kind: "unavailable" } | { readonly kind: "rejected"; readonly error: unknown };

/** An event that waits for its group: one object each, since thousands wait at once. */
export interface Submission {
  readonly event: NewEvent;
  readonly directoryVersion: number;
  /** Brings `event` and `directoryVersion` up to date: the directory has moved on since it was matched. */
  rematch(): void;
  /** Told once. */
  done(result: CommitResult): void;
}

export interface GroupCommitOptions {
  readonly events: Pick<EventStore, "append">;
  readonly timers: Timers;
  /** Brings the directory to at least this version. */
  readonly catchUp: (version: number) => Promise<void>;
  /** Told why a group, or one event of it, could not be stored: publishers are told only that it was not. */
  readonly onError?: (error: unknown) => void;
}

/** How often a group may be found stale before its events are told to come again: bounds work under constant change. */
const STALE_ROUNDS_MAX = 8;

/**
 * Shares transactions and fsyncs between publishes. An event that the store cannot take (a poison event) fails its group as a whole; the
 * group is then split in halves, so it costs its neighbours log₂ n extra transactions and nothing else.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #batcher: Batcher<Submission>;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#batcher = new Batcher({
      timers: options.timers,
      itemsMax: GROUP_EVENTS_MAX,
      bytesMax: GROUP_BYTES_MAX,
      waitMs: 0,
      sizeOf: (submission) => submission.event.payload.length,
      flush: (submissions) => this.#commit(submissions, 0),
    });
  }

  /** False when too much waits already: the publisher is told to come back, memory stays bounded. */
  get hasRoom(): boolean {
    return this.#batcher.waiting < GROUP_WAITING_EVENTS_MAX && this.#batcher.waitingBytes < GROUP_WAITING_BYTES_MAX;
  }

  get waiting(): number {
    return this.#batcher.waiting;
  }

  submit(submission: Submission): void {
    this.#batcher.add(submission);
  }

  drain(): Promise<void> {
    return this.#batcher.drain();
  }

  async #commit(submissions: readonly Submission[], staleRounds: number): Promise<void> {
    const oldest = submissions.reduce((version, each) => Math.min(version, each.directoryVersion), Number.POSITIVE_INFINITY);
    try {
      const outcome = await this.#options.events.append(
        submissions.map((each) => each.event),
        oldest,
      );
      if (outcome.kind === "stale") {
        await this.#commitAgain(submissions, outcome.version, staleRounds + 1);
        return;
      }
      for (const [index, each] of submissions.entries()) each.done(outcome.results[index] ?? { kind: "unavailable" });
    } catch (error) {
      await this.#commitHalves(submissions, error);
    }
  }

  async #commitAgain(submissions: readonly Submission[], version: number, staleRounds: number): Promise<void> {
    if (staleRounds > STALE_ROUNDS_MAX) {
      for (const each of submissions) each.done({ kind: "unavailable" });
      return;
    }
    await this.#options.catchUp(version);
    for (const each of submissions) each.rematch();
    await this.#commit(submissions, staleRounds);
  }

  async #commitHalves(submissions: readonly Submission[], error: unknown): Promise<void> {
    const [first] = submissions;
    if (first === undefined) return;
    if (isUnavailable(error)) {
      this.#options.onError?.(error);
      for (const each of submissions) each.done({ kind: "unavailable" });
    } else if (submissions.length === 1) {
      this.#options.onError?.(error);
      first.done({ kind: "rejected", error });
    } else {
      const half = submissions.length >> 1;
      await this.#commit(submissions.slice(0, half), 0);
      await this.#commit(submissions.slice(half), 0);
    }
  }
}

/** Whether a store's error says that the store as a whole cannot be used just now. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "store_unavailable";
}
