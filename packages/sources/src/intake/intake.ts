import type { BatchAnswer, ItemAnswer } from "@genhook/contract/client";
import { BACK_OFF_FIRST_MS, BATCH_BYTES_MAX, BATCH_RECORDS_MAX, INTERNAL_ERRORS_MAX, REPORT_EVERY_MS } from "../limits.ts";
import { backOff } from "./back-off.ts";
import { HeldRecords } from "./held-records.ts";
import type { Log } from "./log.ts";
import { pause } from "./pause.ts";
import type { Publish } from "./publish-to.ts";
import type { Refusal, Source, SourceRecord } from "./source.ts";

export interface IntakeOptions<Taken extends SourceRecord> {
  readonly source: Source<Taken>;
  /** `publishTo` makes one. */
  readonly publish: Publish;
  readonly log: Log;
  /** How long a stop waits for a request in flight, ms; 25,000 unless given. What is cut off is published again by the next process. */
  readonly graceMs?: number;
  /** Uniform over [0, 1). */
  readonly random?: () => number;
}

/** What an intake has done since it was started. */
export interface IntakeCounts {
  readonly published: number;
  /** Of these, those that had been published before. */
  readonly duplicates: number;
  readonly refused: number;
  /** Requests that have to be made again. */
  readonly repeated: number;
  /** In memory, not published yet. */
  readonly held: number;
}

type Later = Extract<ItemAnswer, { kind: "later" }>;

/**
 * Brings the records of a source into Genhook: takes them in bounded numbers, publishes them in batches, tells the source only then that they were accepted, and sets
 * aside what is refused. Whatever fails is tried again for as long as it takes; nothing is dropped. One request is in flight at a time: it carries
 * up to 1,000 events, and Genhook's commit, not this process, is what is waited for.
 */
export class Intake<Taken extends SourceRecord> {
  readonly #options: IntakeOptions<Taken>;
  readonly #held = new HeldRecords<Taken>();
  readonly #stop = new AbortController();
  readonly #cutOff = new AbortController();
  readonly #internalErrors = new WeakMap<Taken, number>();
  readonly #counts = { published: 0, duplicates: 0, refused: 0, repeated: 0 };
  #reportedAt = performance.now();
  #reported = 0;
  #failures = 0;
  #running: Promise<void> | null = null;

  constructor(options: IntakeOptions<Taken>) {
    this.#options = options;
  }

  get counts(): IntakeCounts {
    return { ...this.#counts, held: this.#held.all.size };
  }

  /** Takes and publishes until it is stopped. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Finishes the request in flight within the grace time, then closes the source. What is held is given again by the source. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const grace = setTimeout(() => this.#cutOff.abort(), this.#options.graceMs ?? 25_000);
    await this.#running;
    clearTimeout(grace);
    await this.#options.source.close();
  }

  async #run(): Promise<void> {
    const { source, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#take();
        if (!this.#stop.signal.aborted) await this.#publish();
        await this.#report();
      } catch (error) {
        if (this.#stop.signal.aborted) return log.warn({ err: error, source: source.name }, "stopped in the middle; it is published again");
        log.error({ err: error, source: source.name }, "the source failed; tried again");
        await this.#backOff(null);
      }
    }
  }

  async #take(): Promise<void> {
    const { source } = this.#options;
    const { records, bytes } = this.#held.room;
    const mayWait = this.#nextBatch().length === 0;
    const { signal } = this.#stop;
    // Full of what is not due yet.
    if (records === 0 || bytes === 0) return mayWait ? pause(BACK_OFF_FIRST_MS, signal) : undefined;
    const { all: held, fullLanes } = this.#held;
    const taken = await source.take({ records, bytes, held, fullLanes, mayWait, signal });
    this.#held.add(taken.filter(({ refusal }) => refusal === null));
    for (const record of taken) if (record.refusal !== null) await this.#refuse(record, record.refusal);
  }

  #nextBatch(): readonly Taken[] {
    return this.#held.next(BATCH_RECORDS_MAX, BATCH_BYTES_MAX, performance.now());
  }

  async #publish(): Promise<void> {
    const { source, publish } = this.#options;
    this.#held.remove([...this.#held.all].filter((record) => !source.isCurrent(record)));
    const batch = this.#nextBatch();
    if (batch.length === 0) return;
    const answer = await publish(
      batch.map((record) => record.event),
      this.#cutOff.signal,
    );
    if (answer.kind === "later") return this.#repeatAll(answer);
    await this.#settle(batch, answer.items);
  }

  /** Nothing was taken, or nobody knows: all of it is sent again, under the same keys. */
  async #repeatAll({ code, message, waitMs: askedMs }: Omit<Extract<BatchAnswer, { kind: "later" }>, "kind">): Promise<void> {
    const { log, source } = this.#options;
    this.#counts.repeated += 1;
    await this.#backOff(askedMs, (waitMs) => {
      log.warn({ code, source: source.name, waitMs }, `not published, tried again: ${message}`);
    });
  }

  async #settle(batch: readonly Taken[], items: readonly ItemAnswer[]): Promise<void> {
    const accepted = items.flatMap((item) => (item.kind === "accepted" ? [item] : []));
    const isTelling = accepted.length > 0 || batch.length === 1;
    const acceptedRecords: Taken[] = [];
    const refused: (readonly [Taken, Refusal])[] = [];
    const later: (readonly [Taken, Later])[] = [];
    for (const [index, record] of batch.entries()) {
      const item = items[index];
      if (item === undefined) continue;
      if (item.kind === "accepted") acceptedRecords.push(record);
      else if (item.kind === "refused") refused.push([record, item]);
      else if (isTelling && this.#isPoison(record, item)) refused.push([record, { code: item.code, message: item.message, member: null }]);
      else later.push([record, item]);
    }
    await this.#accept(acceptedRecords, accepted.filter(({ duplicate }) => duplicate).length);
    for (const [record, { code, message, member }] of refused) await this.#refuse(record, { code, message, member });
    const [first] = later;
    if (acceptedRecords.length + refused.length > 0) this.#failures = 0;
    else if (first !== undefined) return this.#repeatAll({ ...first[1], waitMs: null });
    this.#postpone(later);
  }

  async #accept(records: readonly Taken[], duplicates: number): Promise<void> {
    if (records.length === 0) return;
    await this.#insist("what was published could not be marked so", () => this.#options.source.accepted(records));
    this.#held.remove(records);
    this.#counts.published += records.length;
    this.#counts.duplicates += duplicates;
  }

  async #refuse(record: Taken, refusal: Refusal): Promise<void> {
    const { source, log } = this.#options;
    log.error({ source: source.name, record: record.label, ...refusal }, "an event was refused and set aside");
    await this.#insist("what was refused could not be set aside", () => source.refused(record, refusal));
    this.#held.remove([record]);
    if (source.blocksLanes && record.lane !== null) this.#held.removeLane(record.lane);
    this.#counts.refused += 1;
  }

  /** What Genhook could not store again and again while others were stored is the event's own fault. */
  #isPoison(record: Taken, { code }: Later): boolean {
    if (code !== "internal_error") return false;
    const times = (this.#internalErrors.get(record) ?? 0) + 1;
    this.#internalErrors.set(record, times);
    return times >= INTERNAL_ERRORS_MAX;
  }

  /** Some were taken, so it is these few that have to wait. */
  #postpone(later: readonly (readonly [Taken, Later])[]): void {
    const { log, source, random = Math.random } = this.#options;
    for (const [record, { code, message }] of later) {
      const waitMs = backOff(this.#internalErrors.get(record) ?? 1, null, random());
      this.#held.postpone(record, performance.now() + waitMs);
      log.warn({ code, source: source.name, record: record.label, waitMs }, `not published, tried again: ${message}`);
    }
  }

  /** Carries out what must not be left undone; only a stop that has no time left ends it, and then the record is given again. */
  async #insist(what: string, act: () => Promise<void>): Promise<void> {
    const { source, log } = this.#options;
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (this.#stop.signal.aborted) throw error;
        log.error({ err: error, source: source.name }, `${what}; tried again`);
        await this.#backOff(null);
      }
    }
  }

  async #backOff(askedMs: number | null, say?: (waitMs: number) => void): Promise<void> {
    this.#failures += 1;
    const waitMs = backOff(this.#failures, askedMs, (this.#options.random ?? Math.random)());
    say?.(waitMs);
    await pause(waitMs, this.#stop.signal);
  }

  /** One line a minute, where there is something to say. */
  async #report(): Promise<void> {
    if (performance.now() - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = performance.now();
    const { source, log } = this.#options;
    const { waiting, oldestAt, refused } = await source.backlog();
    const { published } = this.#counts;
    if (published === this.#reported && waiting === 0 && refused === 0) return;
    const lagMs = oldestAt === null ? 0 : Math.max(0, Date.now() - oldestAt);
    log.info({ source: source.name, published: published - this.#reported, waiting, lagMs, refused }, "published");
    this.#reported = published;
  }
}
