import type { ApiClient } from "@genhook/contract/client";
import { textOf, type EventToPublish, type Published } from "../event.ts";
import { PublishError } from "../publish-error.ts";
import { makeEntry, type Added, type Entry } from "./entry.ts";
import { limitsOf, type PublisherLimits, type PublisherOptions } from "./options.ts";
import { NOTHING_YET, type PublisherProgress } from "./progress.ts";
import { Requests } from "./requests.ts";
import { Room, RoomClosed } from "./room.ts";

interface Flush {
  /** The last event that it waits for. */
  readonly upTo: number;
  readonly resolve: () => void;
}

type Counts = "published" | "duplicates" | "deliveries" | "failed" | "retries";

/**
 * Publishes many events in few requests. Each event is held until it is durable or certain to fail; what an answer was lost for is sent again under
 * its key, so nothing is lost and nothing comes twice. What it holds is bounded.
 */
export class Publisher {
  readonly #limits: PublisherLimits;
  readonly #room: Room;
  readonly #requests: Requests;
  /** Numbers of the events that are not settled, ascending. */
  readonly #open = new Set<number>();
  #flushes: readonly Flush[] = [];
  #counts: Pick<PublisherProgress, Counts> = NOTHING_YET;
  #lastNumber = 0;
  #isClosed = false;

  constructor(client: ApiClient, options: PublisherOptions = {}) {
    this.#limits = limitsOf(options);
    this.#room = new Room(this.#limits.queueEventsMax, this.#limits.queueBytesMax);
    this.#requests = new Requests(client, this.#limits, {
      isUrgent: () => this.#flushes.length > 0,
      published: (entry, published) => {
        const { id, duplicate, deliveries } = published;
        if (!this.#settle(entry, { published: 1, duplicates: duplicate ? 1 : 0, deliveries })) return;
        entry.resolve({ id, deliveries, duplicate, idempotencyKey: entry.idempotencyKey });
      },
      failed: (entry, error) => this.#fail(entry, error),
      answered: () => options.onProgress?.(this.progress),
      retried: (error, waitMs) => {
        this.#count({ retries: 1 });
        options.onRetry?.(error, waitMs);
      },
    });
  }

  get progress(): PublisherProgress {
    const { events: queued, bytes: queuedBytes } = this.#room;
    return { ...this.#counts, queued, queuedBytes, inFlight: this.#requests.inFlight };
  }

  /**
   * Takes an event over: resolves once there is room for it, which is at once unless the server is slower than the caller. Await it, and memory is
   * bounded. Rejects with a `PublishError` for an event that cannot be sent, or when the publisher is closed. The signal ends the waiting, and
   * afterwards the trying; what is under way just then may be published all the same.
   */
  async add(event: EventToPublish, options: { readonly signal?: AbortSignal } = {}): Promise<Added> {
    const { signal } = options;
    signal?.throwIfAborted();
    const text = textOf(event);
    if (this.#isClosed) throw closed(text.idempotencyKey, true);
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    this.#open.add(number);
    const waiting = this.#room.take(text.bytes.length, signal);
    if (waiting !== null) {
      await waiting.catch((error: unknown) => this.#leave(number, error instanceof RoomClosed ? closed(text.idempotencyKey, true) : error));
      // The same signal can have made the room.
      if (signal?.aborted === true) {
        this.#room.give(text.bytes.length);
        this.#leave(number, signal.reason);
      }
    }
    const entry = makeEntry(number, text, performance.now(), this.#limits.giveUpAfterMs);
    if (signal !== undefined) this.#bind(entry, signal);
    this.#requests.add(entry);
    const { idempotencyKey, published } = entry;
    return { idempotencyKey, published };
  }

  /** `add`, and what becomes of it: resolves when the event is durable. */
  async publish(event: EventToPublish, options: { readonly signal?: AbortSignal } = {}): Promise<Published> {
    return (await this.add(event, options)).published;
  }

  /**
   * Adds all of them, as fast as there is room, and waits until each is settled. One that fails does not stop the others: `onFailed` is told, and
   * `failed` counts it. Rejects when the signal ends it, or what the events come from throws.
   */
  async publishAll(
    events: Iterable<EventToPublish> | AsyncIterable<EventToPublish>,
    options: { readonly signal?: AbortSignal; readonly onFailed?: (error: PublishError, event: EventToPublish) => void } = {},
  ): Promise<PublisherProgress> {
    const { onFailed, ...rest } = options;
    const tell = (error: unknown, event: EventToPublish): void => {
      if (error instanceof PublishError) onFailed?.(error, event);
    };
    for await (const event of events) {
      try {
        const { published } = await this.add(event, rest);
        published.catch((error: unknown) => tell(error, event));
      } catch (error) {
        if (!(error instanceof PublishError) || error.code === "closed") throw error;
        this.#count({ failed: 1 });
        tell(error, event);
      }
    }
    await this.flush();
    options.signal?.throwIfAborted();
    return this.progress;
  }

  /** Sends at once what waits for company. Resolves when everything that was added before is settled, well or not. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushes = [...this.#flushes, { upTo: this.#lastNumber, resolve }];
      this.#endFlushes();
      this.#requests.pump();
    });
  }

  /** Takes nothing more, and resolves when all is settled. The signal ends that: what is left is rejected as `closed`. */
  async close(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    this.#isClosed = true;
    const giveUp = (): void => {
      this.#room.refuse();
      this.#requests.abandon((entry) => closed(entry.idempotencyKey, !entry.isUnknown));
    };
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    await this.flush();
    signal?.removeEventListener("abort", giveUp);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends what never had room. */
  #leave(number: number, error: unknown): never {
    this.#open.delete(number);
    this.#count({ failed: 1 });
    this.#endFlushes();
    throw error;
  }

  #bind(entry: Entry, signal: AbortSignal): void {
    const end = (): void => this.#fail(entry, signal.reason);
    signal.addEventListener("abort", end, { once: true });
    entry.unbind = () => signal.removeEventListener("abort", end);
  }

  #fail(entry: Entry, error: unknown): void {
    if (this.#settle(entry, { failed: 1 })) entry.reject(error);
  }

  /** False where it was settled before: its caller gave it up while it was under way. */
  #settle(entry: Entry, counts: Partial<Record<Counts, number>>): boolean {
    if (entry.isSettled) return false;
    entry.isSettled = true;
    entry.unbind();
    this.#open.delete(entry.number);
    this.#count(counts);
    this.#requests.forget(entry);
    this.#room.give(entry.bytes.length);
    this.#endFlushes();
    return true;
  }

  #count(counts: Partial<Record<Counts, number>>): void {
    const next = { ...this.#counts };
    for (const [name, more] of Object.entries(counts) as [Counts, number][]) next[name] += more;
    this.#counts = next;
  }

  #endFlushes(): void {
    if (this.#flushes.length === 0) return;
    const oldest = this.#open.values().next().value ?? Number.POSITIVE_INFINITY;
    const ended = this.#flushes.filter(({ upTo }) => oldest > upTo);
    this.#flushes = this.#flushes.filter(({ upTo }) => oldest <= upTo);
    for (const { resolve } of ended) resolve();
  }
}

function closed(idempotencyKey: string, isKnown: boolean): PublishError {
  return new PublishError("closed", "The publisher was closed before the event was answered for.", { idempotencyKey, isKnown });
}
