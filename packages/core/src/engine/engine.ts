import type { Directory } from "../directory/directory.ts";
import type { Outcome } from "../domain/attempt.ts";
import { deliveryId, type Task } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { EventContent, NewEvent } from "../domain/event.ts";
import { ATTEMPTS_IN_FLIGHT_MAX, SETTLE_WAITING_MAX } from "../limits.ts";
import type { Clock, Random, Timers } from "../ports/clock.ts";
import type { DirectoryCommit } from "../ports/directory-store.ts";
import type { Sender } from "../ports/sender.ts";
import type { Store } from "../ports/store.ts";
import type { OwedTask, Settlement } from "../ports/task-queue.ts";
import type { RetryPolicy } from "./backoff.ts";
import { decide, endpointSign, type Decision } from "./decide.ts";
import { Discovery } from "./discovery.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import type { Lane } from "./lane.ts";
import { LaneTable } from "./lane-table.ts";
import { logRowOf, type KeepResponses } from "./log-row.ts";
import { Owner } from "./owner.ts";
import { Settler } from "./settler.ts";

export interface EngineOptions {
  readonly node: string;
  readonly store: Pick<Store, "tasks" | "leases" | "directory">;
  readonly directory: Directory;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly retry: RetryPolicy;
  readonly keepResponses: KeepResponses;
  readonly attemptsInFlightMax?: number;
  readonly endpointConcurrencyMax: number;
  readonly observer: EngineObserver;
}

/** What the engine tells others; must not throw. */
export interface EngineObserver {
  /** A subscription's endpoint answered 410, and the delivery that it answered is settled. */
  readonly onGone: (subscription: number) => void;
  /** An attempt has ended and its settlement is on its way. */
  readonly onAttempt: (settlement: Settlement, outcome: Outcome) => void;
  readonly onSettled: (settlement: Settlement, isApplied: boolean) => void;
  readonly onError: (what: string, error: unknown) => void;
}

export interface EngineGauges {
  readonly inFlight: number;
  readonly lanes: number;
  readonly endpoints: number;
  readonly endpointsShut: number;
  readonly heldBytes: number;
  readonly unsettled: number;
}

/** An attempt under way. */
interface Flight {
  readonly lane: Lane;
  readonly gate: EndpointGate<Lane>;
  readonly owed: OwedTask;
  /** As it was when the attempt started. */
  readonly subscription: Subscription;
  readonly at: number;
  readonly wasProbe: boolean;
}

/**
 * Sends what is owed. It schedules endpoints, not deliveries:
 *
 *   hand-over or a lane read ─► lane's queue ─► fair queue ─► endpoint's gate ─► attempt ─► decide ─► settle
 *
 * Everything here is memory that can be lost: the store alone says what is owed.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #table: LaneTable;
  readonly #discovery: Discovery;
  readonly #settler: Settler;
  readonly #owner: Owner;
  readonly #inFlightMax: number;
  #inFlight = 0;
  #isRunning = false;
  #isPumping = false;
  #landed: (() => void) | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#inFlightMax = options.attemptsInFlightMax ?? ATTEMPTS_IN_FLIGHT_MAX;
    const { node, directory, clock, timers, store, observer, endpointConcurrencyMax } = options;
    const { tasks } = store;
    const { onError } = observer;
    const owns = (shard: number): boolean => this.#owner.owns(shard);
    const onReady = (): void => this.#pump();
    this.#table = new LaneTable({ tasks, directory, clock, timers, endpointConcurrencyMax, owns, onReady, onError });
    this.#discovery = new Discovery({
      tasks,
      directoryStore: store.directory,
      directory,
      table: this.#table,
      timers,
      owns,
      shards: () => this.#owner.shards,
      onError: (error) => onError("discover lanes", error),
    });
    this.#settler = new Settler({
      tasks,
      timers,
      onSettled: (settlement, isApplied) => this.#settled(settlement, isApplied),
      onError: (error) => onError("settle", error),
    });
    this.#owner = new Owner({
      node,
      leases: store.leases,
      clock,
      timers,
      onChange: (gained, lost) => this.#ownershipChanged(gained, lost),
      onError: (error) => onError("renew leases", error),
    });
  }

  /** Takes ownership and finds what is owed. Resolves once leases were asked for; discovery goes on behind it. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await this.#owner.start();
  }

  /** Leases are held and may be acted on. */
  get isReady(): boolean {
    return this.#isRunning && this.#owner.isTrusted(this.#options.clock.monotonic());
  }

  /** Whether this process owns a shard and may act on it now. */
  owns(shard: number): boolean {
    return this.isReady && this.#owner.owns(shard);
  }

  /** False while so many settlements wait that anything less urgent should. */
  get hasRoom(): boolean {
    return this.#settler.waiting < SETTLE_WAITING_MAX / 4;
  }

  get gauges(): EngineGauges {
    const now = this.#options.clock.monotonic();
    let endpoints = 0;
    let endpointsShut = 0;
    for (const gate of this.#table.gates()) {
      endpoints += 1;
      if (gate.isShut(now)) endpointsShut += 1;
    }
    return {
      inFlight: this.#inFlight,
      lanes: this.#table.lanes,
      endpoints,
      endpointsShut,
      heldBytes: this.#table.heldBytes,
      unsettled: this.#settler.waiting,
    };
  }

  /** The gate of an endpoint, where anything was sent to it lately. */
  gate(endpoint: string): EndpointGate<Lane> | undefined {
    return this.#table.gate(endpoint);
  }

  /** An event was committed: its deliveries may start, without reading anything back. */
  handOver(event: NewEvent): void {
    if (!this.#isRunning) return;
    this.#table.handOver(event);
    this.#pump();
  }

  /** A delivery was re-opened by a replay. */
  reopened(event: EventContent, task: Task): void {
    if (!this.#isRunning || !this.#owner.owns(task.shard)) return;
    this.#table.offer(event, task);
    this.#pump();
  }

  /** The directory has changed; from here on nothing is started against what it was. */
  directoryChanged(commit: Pick<DirectoryCommit, "subscriptions" | "events">): void {
    if (!this.#isRunning) return;
    for (const subscription of commit.subscriptions) this.#table.subscriptionChanged(subscription);
    for (const event of commit.events) this.#table.handOver(event);
    this.#pump();
  }

  /** Stops starting attempts, waits for those in flight, cuts the rest off after `graceMs`, and settles what ended. */
  async stop(graceMs: number): Promise<void> {
    this.#isRunning = false;
    this.#discovery.stop();
    this.#table.stop();
    await this.#land(graceMs);
    const timer = this.#options.timers.after(graceMs, () => this.#settler.abandon());
    await this.#settler.drain();
    timer.cancel();
    await this.#owner.stop();
  }

  /** Starts attempts while slots, leases and the store's pace allow. */
  #pump(): void {
    if (this.#isPumping || !this.#isRunning) return;
    const now = this.#options.clock.monotonic();
    if (!this.#owner.isTrusted(now)) return;
    this.#isPumping = true;
    while (this.#inFlight < this.#inFlightMax && this.#settler.waiting < SETTLE_WAITING_MAX) {
      const lane = this.#table.next(now);
      if (lane === null) break;
      this.#startAttempt(lane);
      this.#table.taken(lane);
    }
    this.#isPumping = false;
  }

  #startAttempt(lane: Lane): void {
    const owed = this.#table.take(lane);
    const { directory, clock, sender } = this.#options;
    const { subscription, gate } = lane;
    const app = directory.app(subscription.app);
    const shop = directory.shop(owed.event.shop);
    if (app === undefined || shop === undefined) {
      lane.finish(owed.task.eventId);
      this.#options.observer.onError("send", new Error(`subscription ${subscription.id} has no app or shop in the directory`));
      return;
    }
    const flight: Flight = { lane, gate, owed, subscription, at: clock.now(), wasProbe: gate.started() };
    this.#inFlight += 1;
    sender.send(
      {
        deliveryId: deliveryId({ eventId: owed.task.eventId, subscription: subscription.id }),
        address: subscription.address,
        app,
        event: owed.event,
        fields: subscription.settings.fields,
        shopDomain: shop.domain,
        subscriptionId: subscription.id,
        subscriptionUuid: subscription.uuid,
        attempt: owed.task.attempts + 1,
        isReplay: owed.task.round > 1,
        sequence: null,
        at: flight.at,
      },
      (outcome) => this.#attemptEnded(flight, outcome),
    );
  }

  #attemptEnded(flight: Flight, outcome: Outcome): void {
    const { clock, retry, random } = this.#options;
    const { lane, gate, owed } = flight;
    const now = clock.monotonic();
    const wallNow = clock.now();
    this.#inFlight -= 1;
    const durationMs = outcome.kind === "aborted" ? 0 : outcome.durationMs;
    gate.finished(endpointSign(outcome), owed.task.eventId, flight.wasProbe, durationMs, now);
    const decision = decide({ attempts: owed.task.attempts }, outcome, retry, wallNow, random);
    if (outcome.kind === "aborted" || decision.kind === "uncounted") {
      lane.known.delete(owed.task.eventId);
      lane.isComplete = false;
    } else {
      if ("pauseUntil" in decision && decision.pauseUntil !== null) {
        gate.pausedUntil = Math.max(gate.pausedUntil, now + decision.pauseUntil - wallNow);
      }
      this.#settle(flight, outcome, decision, wallNow);
    }
    this.#table.unpark(gate);
    if (this.#inFlight === 0) this.#landed?.();
    this.#pump();
  }

  #settle(
    flight: Flight,
    outcome: Exclude<Outcome, { kind: "aborted" }>,
    decision: Exclude<Decision, { kind: "uncounted" }>,
    wallNow: number,
  ): void {
    const { keepResponses, observer } = this.#options;
    const { subscription, at } = flight;
    const { task, event } = flight.owed;
    const finished = { task, outcome, decision, at, address: subscription.address, shop: event.shop, app: subscription.app };
    const settlement: Settlement = {
      key: task,
      seq: task.seq,
      row: logRowOf(finished, keepResponses),
      next:
        decision.kind === "retry"
          ? { ...task, due: decision.due, seq: task.seq + 1, attempts: task.attempts + 1, attemptsEver: task.attemptsEver + 1 }
          : null,
      topic: event.isTest ? null : event.topic,
      latencyMs: Math.max(0, wallNow - event.acceptedAt),
    };
    this.#settler.add(settlement);
    observer.onAttempt(settlement, outcome);
  }

  #settled(settlement: Settlement, isApplied: boolean): void {
    this.#table.settled(settlement, isApplied);
    const { observer } = this.#options;
    observer.onSettled(settlement, isApplied);
    // Not before its own end is durable: the change cancels everything that is still owed.
    if (isApplied && settlement.row.reason === "gone") observer.onGone(settlement.row.subscription);
    this.#pump();
  }

  #ownershipChanged(gained: readonly number[], lost: readonly number[]): void {
    this.#table.shardsChanged(gained, lost);
    if (gained.length > 0) void this.#discovery.scan(gained);
  }

  async #land(graceMs: number): Promise<void> {
    if (this.#inFlight === 0) return;
    const { timers, sender } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = timers.after(graceMs, () => sender.abortAll());
      this.#landed = (): void => {
        timer.cancel();
        resolve();
      };
    });
  }
}
