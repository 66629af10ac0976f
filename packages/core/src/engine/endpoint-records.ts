import type { BackgroundWork } from "../background-work.ts";
import type { Directory } from "../directory/directory.ts";
import type { Outcome } from "../domain/attempt.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { shardOf } from "../domain/endpoint.ts";
import type { EndpointState, Failing } from "../domain/endpoint-state.ts";
import { FAILING_NOTED_AFTER_MS, PROBES_ASKED_EVERY_MS } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { EndpointStates } from "../ports/endpoint-states.ts";
import type { EndpointSign } from "./decide.ts";
import type { EndpointGates } from "./endpoint-gates.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import { failedAgain, joinFailing, judgeEndpoint } from "./endpoint-health.ts";
import type { QueuedLane } from "./queued-lane.ts";
import { EndpointSaver } from "./endpoint-saver.ts";

export interface EndpointRecordsOptions {
  readonly states: EndpointStates;
  /** Whether another process may ask for a probe. */
  readonly isShared: boolean;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly owns: (shard: number) => boolean;
  readonly ownedShards: () => readonly number[];
  readonly gates: Pick<EndpointGates, "get" | "of">;
  /** A gate's state was changed from here: something may be able to start. */
  readonly onReady: (gate: Gate) => void;
  readonly observer: EndpointObserver;
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}

type Gate = EndpointGate<QueuedLane>;

export interface EndpointObserver {
  /** The app is to be told how far its endpoint is on the way to suspension; written down already, so never said twice. */
  readonly onWarned: (endpoint: string, failing: Failing) => void;
  /** The endpoint's webhooks are to be suspended. Where that fails, it is asked for again after the next failed attempt. */
  readonly onSuspend: (endpoint: string, failing: Failing) => Promise<void>;
  /** The first of the endpoint's suspended webhooks was resumed. */
  readonly onResumed: (endpoint: string) => void;
}

/** How an attempt ended, as far as its endpoint is concerned. Wall times, ms. */
export interface EndedAttempt {
  readonly sign: EndpointSign;
  readonly outcome: Outcome;
  readonly startedAt: number;
  /** The breaker opened, closed, or moved its next probe. */
  readonly hasMoved: boolean;
}

/** What the owner knows of an endpoint beyond its gate. There is one where there is something to know. */
export interface EndpointRecord {
  readonly endpoint: string;
  failing: Failing | null;
  suspendedAt: number | null;
  openedAt: number | null;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastStatus: number | null;
  lastError: EndpointState["lastError"];
  /** A verdict is being carried out. */
  isJudged: boolean;
}

/**
 * What becomes of endpoints in trouble: since when each fails, what its app was told, when it is suspended; kept in the store when it
 * matters, and taken up again by the next owner of its shard, with breaker and pause as they were. For an endpoint that answers it costs a
 * look-up per attempt and nothing else.
 */
export class EndpointRecords {
  readonly #options: EndpointRecordsOptions;
  readonly #records = new Map<string, EndpointRecord>();
  readonly #saver: EndpointSaver;
  /** Endpoints whose breaker is open: another process may ask for their probes. */
  readonly #open = new Set<string>();
  #probeTimer: Timer | null = null;
  #isStopped = false;

  constructor(options: EndpointRecordsOptions) {
    this.#options = options;
    const { states, clock, timers, onError } = options;
    this.#saver = new EndpointSaver({
      states,
      clock,
      timers,
      stateOf: (endpoint) => this.stateOf(endpoint),
      onSaved: (endpoint) => this.#saved(endpoint),
      onError: (error) => onError("save the states of endpoints", error),
    });
  }

  /** Takes up what former owners of these shards have left. */
  async gained(shards: readonly number[]): Promise<void> {
    const { states, directory, owns, onError } = this.#options;
    try {
      const orphans: string[] = [];
      for (const state of await states.ofShards(shards)) {
        if (this.#isStopped || !owns(shardOf(state.endpoint))) continue;
        if (directory.subscriptionsAt(state.endpoint).length === 0) orphans.push(state.endpoint);
        else this.#takeUp(state);
      }
      if (orphans.length > 0) await states.forget(orphans);
    } catch (error) {
      onError("read the states of endpoints", error);
    }
  }

  lost(shards: readonly number[]): void {
    const gone = new Set(shards);
    for (const endpoint of this.#records.keys()) {
      if (!gone.has(shardOf(endpoint))) continue;
      this.#records.delete(endpoint);
      this.#open.delete(endpoint);
      this.#saver.forget(endpoint);
    }
  }

  /** Saves what is not saved yet. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#probeTimer?.cancel();
    await this.#saver.stop();
  }

  /** After each attempt, once its gate has taken the outcome in. */
  finished(gate: Gate, ended: EndedAttempt): void {
    const at = this.#options.clock.now();
    if (ended.sign === "success") {
      gate.lastSuccessAt = at;
      const record = this.#records.get(gate.id);
      if (record === undefined) return;
      record.lastSuccessAt = at;
      if (record.failing !== null) this.#saver.mark(gate.id);
      record.failing = null;
    } else if (ended.sign !== "none") {
      this.#failed(this.#recordOf(gate.id, gate), ended, at);
    }
    if (ended.hasMoved) this.#moved(gate, at);
  }

  /** The endpoint asked to be left alone. */
  paused(gate: Gate): void {
    this.#recordOf(gate.id, gate);
    this.#saver.mark(gate.id);
  }

  /** Notices suspension and resumption, whoever caused them. */
  subscriptionChanged(subscription: Subscription): void {
    const { endpoint, status, statusReason, updatedAt, createdAt } = subscription;
    if (!this.#options.owns(shardOf(endpoint))) return;
    if (statusReason === "endpoint_failing") {
      this.#recordOf(endpoint).suspendedAt = updatedAt;
      this.#saver.mark(endpoint);
    } else if (status === "active" && createdAt !== updatedAt && subscription.endedAt === null) {
      const record = this.#records.get(endpoint);
      if (record !== undefined && record.suspendedAt !== null) this.#resumed(record);
    }
  }

  /** The endpoint as this owner knows it; null where it knows nothing of it. */
  stateOf(endpoint: string): EndpointState | null {
    const gate = this.#options.gates.get(endpoint);
    const record = this.#records.get(endpoint);
    if (gate === undefined && record === undefined) return null;
    const { clock } = this.#options;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const isOpen = gate !== undefined && gate.breaker.state !== "closed";
    return {
      endpoint,
      breaker: isOpen ? "open" : "closed",
      openedAt: isOpen ? (record?.openedAt ?? null) : null,
      nextProbeAt: isOpen ? Math.round(now + gate.breaker.probeAt - monotonic) : null,
      probeWaitMs: isOpen ? gate.breaker.probeWaitMs : null,
      pausedUntil: gate !== undefined && gate.pausedUntil > monotonic ? Math.round(now + gate.pausedUntil - monotonic) : null,
      concurrency: gate?.concurrency.limit ?? null,
      failing: record?.failing ?? null,
      suspendedAt: record?.suspendedAt ?? null,
      lastSuccessAt: gate?.lastSuccessAt ?? record?.lastSuccessAt ?? null,
      lastFailureAt: record?.lastFailureAt ?? null,
      lastStatus: record?.lastStatus ?? null,
      lastError: record?.lastError ?? null,
      updatedAt: now,
    };
  }

  /** Makes the endpoint's next probe due at once; false when its breaker is not open here. */
  probe(endpoint: string): boolean {
    const { gates, clock, onReady } = this.#options;
    const gate = gates.get(endpoint);
    const now = clock.monotonic();
    if (gate === undefined || !gate.breaker.probeNow(now)) return false;
    gate.pausedUntil = Math.min(gate.pausedUntil, now);
    this.#saver.mark(endpoint);
    onReady(gate);
    return true;
  }

  #failed(record: EndpointRecord, { outcome, startedAt }: EndedAttempt, at: number): void {
    record.lastFailureAt = at;
    record.lastStatus = outcome.kind === "response" ? outcome.status : null;
    record.lastError = outcome.kind === "failure" ? outcome.error : null;
    if (record.suspendedAt !== null) {
      // One that was under way when it was suspended says nothing about what came after.
      if (startedAt <= record.suspendedAt) return;
      record.suspendedAt = null;
      record.failing = null;
    }
    const failing = failedAgain(record.failing, at);
    record.failing = failing;
    if (at - failing.since >= FAILING_NOTED_AFTER_MS) this.#saver.mark(record.endpoint);
    if (!record.isJudged) this.#judge(record, failing, at);
  }

  #judge(record: EndpointRecord, failing: Failing, at: number): void {
    const { observer, onError } = this.#options;
    const { endpoint } = record;
    const verdict = judgeEndpoint(failing, at);
    if (verdict.kind === "nothing") return;
    record.isJudged = true;
    const carryOut = async (): Promise<void> => {
      if (verdict.kind === "suspend") {
        await observer.onSuspend(endpoint, failing);
        return;
      }
      const warned: Failing = { ...failing, warnedPercent: verdict.percent, warnedAt: at };
      // Written down first: after a crash in between nothing is said, rather than said twice.
      await this.#saver.save(endpoint, { failing: warned });
      if (record.failing?.since === failing.since) record.failing = { ...record.failing, warnedPercent: verdict.percent, warnedAt: at };
      observer.onWarned(endpoint, warned);
    };
    carryOut()
      .catch((error: unknown) => onError(verdict.kind === "suspend" ? "suspend an endpoint" : "warn of an endpoint", error))
      .finally(() => {
        record.isJudged = false;
      });
  }

  #resumed(record: EndpointRecord): void {
    const { observer, onError } = this.#options;
    record.suspendedAt = null;
    record.failing = null;
    // Whoever resumed it believes that it is back: no reason to wait for a probe that may be ten minutes off.
    this.probe(record.endpoint);
    this.#saver
      .save(record.endpoint, {})
      .then(() => observer.onResumed(record.endpoint))
      .catch((error: unknown) => {
        this.#saver.mark(record.endpoint);
        onError("save the states of endpoints", error);
      });
  }

  #moved(gate: Gate, at: number): void {
    const record = this.#recordOf(gate.id, gate);
    if (gate.breaker.state === "closed") {
      record.openedAt = null;
      this.#open.delete(gate.id);
    } else {
      record.openedAt ??= at;
      this.#open.add(gate.id);
      this.#awaitProbes();
    }
    this.#saver.mark(gate.id);
  }

  #takeUp(state: EndpointState): void {
    const { directory, clock, gates, onReady } = this.#options;
    const { endpoint } = state;
    const isNew = !this.#records.has(endpoint);
    const record = this.#recordOf(endpoint);
    const hasSucceeded = (gates.get(endpoint)?.lastSuccessAt ?? null) !== null;
    // Attempts may have ended while this was being read: they count as well, and a success among them ends what was before.
    const failing = hasSucceeded ? record.failing : joinFailing(state.failing, record.failing);
    record.failing = failing;
    record.suspendedAt ??= state.suspendedAt;
    record.openedAt ??= state.openedAt;
    if (isNew) {
      const { lastSuccessAt, lastFailureAt, lastStatus, lastError } = state;
      Object.assign(record, { lastSuccessAt, lastFailureAt, lastStatus, lastError });
    }
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    if (state.breaker === "open" || (state.pausedUntil ?? 0) > now) {
      const gate = gates.of(endpoint);
      if (state.pausedUntil !== null) gate.pausedUntil = Math.max(gate.pausedUntil, monotonic + state.pausedUntil - now);
      // What is not known of a gate that has sent meanwhile is not imposed on it.
      if (state.breaker === "open" && state.nextProbeAt !== null && state.probeWaitMs !== null && gate.breaker.state === "closed") {
        gate.breaker.restore(monotonic + state.nextProbeAt - now, state.probeWaitMs);
        this.#open.add(endpoint);
        this.#awaitProbes();
      }
      onReady(gate);
    }
    const own = directory.subscriptionsAt(endpoint);
    const suspended = own.filter((each) => each.statusReason === "endpoint_failing");
    if (record.suspendedAt !== null && suspended.length === 0 && own.some((each) => each.status === "active")) this.#resumed(record);
    const latest = suspended.reduce((last, each) => Math.max(last, each.updatedAt), 0);
    if (record.suspendedAt === null && failing !== null && latest > failing.since) record.suspendedAt = latest;
    this.#forgetNominal(endpoint);
  }

  #recordOf(endpoint: string, gate?: Gate): EndpointRecord {
    let record = this.#records.get(endpoint);
    if (record === undefined) {
      record = {
        endpoint,
        failing: null,
        suspendedAt: null,
        openedAt: null,
        lastSuccessAt: gate?.lastSuccessAt ?? null,
        lastFailureAt: null,
        lastStatus: null,
        lastError: null,
        isJudged: false,
      };
      this.#records.set(endpoint, record);
    }
    return record;
  }

  #saved(endpoint: string): void {
    this.#forgetNominal(endpoint);
  }

  /** Of an endpoint that does well again memory keeps nothing; the store keeps how it last failed. */
  #forgetNominal(endpoint: string): void {
    const record = this.#records.get(endpoint);
    if (record === undefined || record.isJudged || record.failing !== null || record.suspendedAt !== null) return;
    if (this.#options.gates.get(endpoint)?.isShut(this.#options.clock.monotonic()) === true) return;
    this.#records.delete(endpoint);
  }

  #awaitProbes(): void {
    const { isShared, timers, states, ownedShards, onError } = this.#options;
    if (!isShared || this.#isStopped || this.#probeTimer !== null) return;
    this.#probeTimer = timers.after(PROBES_ASKED_EVERY_MS, () => {
      if (this.#open.size === 0 || this.#isStopped) {
        this.#probeTimer = null;
        return;
      }
      states
        .takeProbes(ownedShards())
        .then((asked) => {
          for (const endpoint of asked) this.probe(endpoint);
        })
        .catch((error: unknown) => onError("look for probes that were asked for", error))
        .finally(() => {
          this.#probeTimer = null;
          if (this.#open.size > 0) this.#awaitProbes();
        });
    });
  }
}
