import { ApiError, isLoss, NDJSON_MEDIA_TYPE, waitBeforeRetry, type ApiClient } from "@genhook/contract/client";
import type { Published } from "../event.ts";
import { PublishError } from "../publish-error.ts";
import type { Entry } from "./entry.ts";
import { judgeAnswer, judgeFailure } from "./judge.ts";
import type { PublisherLimits } from "./options.ts";

/** Waits between two tries where nobody says how long: up to 15 s, without an end; each event has its own. */
const PATIENCE = { attemptsMax: Number.POSITIVE_INFINITY, waitMaxMs: 15_000 };
/** How often an event is sent that the store alone refuses, while it takes others. */
const REFUSALS_MAX = 3;
const LINE_END = 0x0a;

export interface RequestsOwner {
  /** Somebody waits for what is here: nothing waits for company. */
  isUrgent(): boolean;
  published(entry: Entry, published: Omit<Published, "idempotencyKey">): void;
  failed(entry: Entry, error: unknown): void;
  /** A request has ended and everything that follows is done. */
  answered(): void;
  retried(error: ApiError, waitMs: number): void;
}

/**
 * Turns waiting events into requests. What has to be sent again goes to the head of the queue, in its old place; until that works, one
 * request at a time tries.
 */
export class Requests {
  readonly #client: ApiClient;
  readonly #limits: PublisherLimits;
  readonly #owner: RequestsOwner;
  /** Not under way, in the order in which they were added. */
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  readonly #underWay = new Set<{ readonly batch: readonly Entry[]; readonly aborter: AbortController }>();
  /** Shrinks where something before the server takes less, and stays so. */
  #batchEventsMax: number;
  /** Tries in a row that came to nothing. */
  #failures = 0;
  #resumeAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: ApiClient, limits: PublisherLimits, owner: RequestsOwner) {
    this.#client = client;
    this.#limits = limits;
    this.#owner = owner;
    this.#batchEventsMax = limits.batchEventsMax;
  }

  get inFlight(): number {
    return this.#underWay.size;
  }

  add(entry: Entry): void {
    entry.isWaiting = true;
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes.length;
    if (this.#isFull() || this.#owner.isUrgent()) this.pump();
    // Even without a wait for company: what is added in the same turn goes along.
    else this.#timer ??= setTimeout(() => this.pump(), this.#limits.lingerMs);
  }

  /** What is settled is not sent. */
  forget(entry: Entry): void {
    if (!entry.isWaiting) return;
    entry.isWaiting = false;
    this.#waiting.splice(this.#waiting.indexOf(entry), 1);
    this.#waitingBytes -= entry.bytes.length;
  }

  /** Ends everything: what waits, and what is under way. */
  abandon(errorOf: (entry: Entry) => PublishError): void {
    this.#stopTimer();
    for (const { batch, aborter } of this.#underWay) {
      for (const entry of batch) {
        entry.isUnknown = true;
        this.#owner.failed(entry, errorOf(entry));
      }
      aborter.abort();
    }
    for (const entry of this.#waiting.slice()) this.#owner.failed(entry, errorOf(entry));
  }

  /** Starts what may be started now, and comes back when more may. */
  pump(): void {
    this.#stopTimer();
    const now = performance.now();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.giveUpAt <= now) {
        this.#owner.failed(first, this.#givenUp(first));
        continue;
      }
      const startAt = this.#startAt(first, now);
      if (startAt === null) return;
      if (startAt > now) {
        this.#timer = setTimeout(() => this.pump(), Math.min(startAt, first.giveUpAt) - now);
        return;
      }
      void this.#send(this.#takeBatch());
    }
  }

  /** When the next request may start; null where one has to end before. */
  #startAt(first: Entry, now: number): number | null {
    const slots = this.#failures > 0 ? 1 : this.#limits.inFlightMax;
    if (this.#underWay.size >= slots) return null;
    if (this.#failures > 0) return this.#resumeAt;
    return this.#isFull() || this.#owner.isUrgent() ? now : first.addedAt + this.#limits.lingerMs;
  }

  #isFull(): boolean {
    return this.#waiting.length >= this.#batchEventsMax || this.#waitingBytes >= this.#limits.batchBytesMax;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #takeBatch(): readonly Entry[] {
    let bytes = 0;
    let events = 0;
    for (const entry of this.#waiting) {
      if (events === this.#batchEventsMax || (events > 0 && bytes + entry.bytes.length + 1 > this.#limits.batchBytesMax)) break;
      bytes += entry.bytes.length + 1;
      events += 1;
    }
    this.#waitingBytes -= bytes - events;
    const batch = this.#waiting.splice(0, events);
    for (const entry of batch) entry.isWaiting = false;
    return batch;
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    const failuresBefore = this.#failures;
    const request = { batch, aborter: new AbortController() };
    this.#underWay.add(request);
    let failure: ApiError | null;
    try {
      const { answer } = await this.#client.send({
        method: "POST",
        path: "/platform/v1/events",
        body: { mediaType: NDJSON_MEDIA_TYPE, content: linesOf(batch) },
        isIdempotent: true,
        signal: request.aborter.signal,
      });
      failure = this.#answered(batch, answer);
    } catch (error) {
      failure = error instanceof ApiError ? this.#refused(batch, error) : this.#broken(batch, error);
    }
    this.#underWay.delete(request);
    // Requests that were under way together fail together: that is one failure.
    this.#failures = failure === null ? 0 : Math.max(this.#failures, failuresBefore + 1);
    if (failure !== null) this.#pause(failure);
    this.pump();
    this.#owner.answered();
  }

  #pause(error: ApiError): void {
    const waitMs = error.retryAfterMs ?? waitBeforeRetry(this.#failures, null, PATIENCE, Math.random()) ?? 0;
    this.#resumeAt = Math.max(this.#resumeAt, performance.now() + waitMs);
    this.#owner.retried(error, waitMs);
  }

  /** Settles what an answer settles; answers why something has to wait, null where nothing does. */
  #answered(batch: readonly Entry[], answer: unknown): ApiError | null {
    const verdicts = judgeAnswer(answer, batch.length);
    if (verdicts === null)
      return this.#again(batch, new ApiError("not_genhook", "The answer is not one for these events.", { status: 202 }));
    let pause: ApiError | null = null;
    for (const [index, verdict] of verdicts.entries()) {
      const entry = batch[index];
      if (entry === undefined) continue;
      if (verdict.kind === "accepted") this.#owner.published(entry, verdict);
      else if (verdict.kind === "refused") {
        const { code, message, member } = verdict;
        this.#owner.failed(entry, new PublishError(code, message, { member, status: 202, idempotencyKey: entry.idempotencyKey }));
      } else if (verdict.isItsOwn) this.#tryOnceMore(entry, verdict.error);
      else pause = this.#again([entry], verdict.error);
    }
    return pause;
  }

  /** The same for a request that was not answered, or not with `202`. */
  #refused(batch: readonly Entry[], error: ApiError): ApiError | null {
    switch (judgeFailure(error, batch.length)) {
      case "again":
        return this.#again(batch, error);
      case "smaller":
        this.#batchEventsMax = Math.max(1, Math.min(this.#batchEventsMax, Math.floor(batch.length / 2)));
        this.#putBack(batch);
        return null;
      case "refused": {
        const { code, message, status, member } = error;
        for (const entry of batch) {
          const { idempotencyKey } = entry;
          this.#owner.failed(entry, new PublishError(code, message, { status, member, idempotencyKey, cause: error }));
        }
        return null;
      }
    }
  }

  /** No error of a call: abandoned, or `fetch` itself was given something that it cannot work with. */
  #broken(batch: readonly Entry[], error: unknown): null {
    for (const entry of batch) this.#owner.failed(entry, error);
    return null;
  }

  #tryOnceMore(entry: Entry, error: ApiError): void {
    entry.refusals += 1;
    if (entry.refusals < REFUSALS_MAX) this.#again([entry], error);
    else {
      const { code, message, status } = error;
      this.#owner.failed(entry, new PublishError(code, message, { status, idempotencyKey: entry.idempotencyKey, cause: error }));
    }
  }

  #again(batch: readonly Entry[], error: ApiError): ApiError {
    for (const entry of batch) {
      entry.lastError = error;
      // "Overloaded" says that nothing was written; whatever else failed may have happened all the same.
      entry.isUnknown ||= isLoss(error) ? error.code !== "overloaded" : error.code === "not_genhook";
    }
    this.#putBack(batch);
    return error;
  }

  #putBack(batch: readonly Entry[]): void {
    const unsettled = batch.filter((entry) => !entry.isSettled);
    this.#waiting = [...unsettled, ...this.#waiting].sort((a, b) => a.number - b.number);
    for (const entry of unsettled) {
      entry.isWaiting = true;
      this.#waitingBytes += entry.bytes.length;
    }
  }

  #givenUp(entry: Entry): PublishError {
    const { lastError, idempotencyKey, isUnknown } = entry;
    const why = lastError === null ? "it never was its turn" : `the last time: ${lastError.message}`;
    return new PublishError(lastError?.code ?? "timed_out", `Given up after ${this.#limits.giveUpAfterMs / 1_000} s; ${why}`, {
      idempotencyKey,
      status: lastError?.status ?? 0,
      isKnown: !isUnknown,
      ...(lastError === null ? {} : { cause: lastError }),
    });
  }
}

function linesOf(batch: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(batch.reduce((sum, { bytes }) => sum + bytes.length + 1, 0));
  let at = 0;
  for (const { bytes } of batch) {
    body.set(bytes, at);
    at += bytes.length;
    body[at] = LINE_END;
    at += 1;
  }
  return body;
}
