import { DirectoryWatch } from "../directory/directory-watch.ts";
import type { Outcome } from "../domain/attempt.ts";
import { deliveryId, type Task } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { SHARDS } from "../domain/endpoint.ts";
import type { EventContent, NewEvent } from "../domain/event.ts";
import { ATTEMPTS_IN_FLIGHT_MAX, ORDER_TAKE_OVER_MARGIN_MS, SETTLE_WAITING_MAX } from "../limits.ts";
import type { DirectoryCommit } from "../ports/directory-store.ts";
import type { Hint } from "../ports/hints.ts";
import type { OwedTask, Settlement } from "../ports/task-queue.ts";
import { decide, endpointSign, type Decision } from "./decide.ts";
import { Discovery } from "./discovery.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import type { EngineGauges } from "./engine-gauges.ts";
import type { EngineOptions } from "./engine-options.ts";
import { EndpointRecords } from "./endpoint-records.ts";
import { HoldClock } from "./hold-clock.ts";
import { LaneTable } from "./lane-table.ts";
import type { Lane } from "./lane.ts";
import type { QueuedLane } from "./queued-lane.ts";
import { availableSettlement, logRowOf } from "./log-row.ts";
import type { Available } from "./numbering.ts";
import { Owner, type GainedShard } from "./owner.ts";
import type { SlotShare } from "./slot-shares.ts";
import { Settler } from "./settler.ts";

/** An attempt under way. */
interface Flight {
  readonly lane: QueuedLane;
  readonly gate: EndpointGate<QueuedLane>;
  readonly owed: OwedTask;
  readonly share: SlotShare;
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
  readonly #watch: DirectoryWatch;
  readonly #holdClock: HoldClock;
  /** How the endpoints do whose shards are owned here. */
  readonly endpoints: EndpointRecords;
  readonly #inFlightMax: number;
  #inFlight = 0;
  /** Attempts in flight or unsettled, by shard. */
  readonly #underWay: Uint32Array = new Uint32Array(SHARDS);
  #isRunning = false;
  #isPumping = false;
  #landed: (() => void) | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#inFlightMax = options.attemptsInFlightMax ?? ATTEMPTS_IN_FLIGHT_MAX;
    const { directory, clock, timers, store, observer, endpointConcurrencyMax } = options;
    const { tasks, hints, isShared } = store;
    const { onError } = observer;
    const owns = (shard: number): boolean => this.#owner.owns(shard);
    const onReady = (): void => this.#pump();
    this.#table = new LaneTable({
      store,
      node: options.node,
      directory: directory.directory,
      refreshDirectory: () => directory.refresh(),
      clock,
      timers,
      endpointConcurrencyMax,
      attemptsInFlightMax: this.#inFlightMax,
      isShared,
      owns,
      tell: (lanes) => hints.tell({ kind: "lanes", lanes }),
      onNumbered: (subscriptions) => {
        hints.tell({ kind: "numbered", subscriptions });
        observer.onNumbered(subscriptions);
      },
      onAvailable: (lane, task, event) => this.#settleAvailable(lane, task, event),
      onReady,
      onError,
    });
    this.#discovery = new Discovery({
      store,
      hints,
      directory,
      table: this.#table,
      clock,
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
    this.#owner = this.#makeOwner();
    this.#watch = new DirectoryWatch({
      directory,
      isShared,
      clock: clock.local,
      timers,
      onCurrent: onReady,
      onError: (error) => onError("check the directory", error),
    });
    this.endpoints = this.#makeRecords();
    this.#holdClock = new HoldClock({
      holds: directory.directory.holds,
      clock,
      timers,
      onEnd: () => {
        this.#holdsChanged(true);
        observer.onHoldEnded();
      },
    });
    hints.listen((hint) => this.#told(hint));
  }

  #makeOwner(): Owner {
    const { node, delivers, store, clock, timers, random, observer } = this.#options;
    return new Owner({
      node,
      delivers,
      leases: store.leases,
      hints: store.hints,
      clock: clock.local,
      timers,
      random,
      isQuiet: (shard) => this.#underWay[shard] === 0 && !this.#table.ordered.isMoving(shard),
      onChange: (gained, lost) => this.#ownershipChanged(gained, lost),
      onRenewed: (view, sent, received) => {
        clock.learn(view.storeNow, sent, received);
        this.#pump();
      },
      onError: (error) => observer.onError("renew leases", error),
    });
  }

  #makeRecords(): EndpointRecords {
    const { store, directory, clock, timers, observer } = this.#options;
    return new EndpointRecords({
      states: store.endpoints,
      isShared: store.isShared,
      directory: directory.directory,
      clock,
      timers,
      owns: (shard) => this.#owner.owns(shard),
      ownedShards: () => this.#owner.shards,
      gates: this.#table.gates,
      onReady: (gate) => {
        this.#table.turns.unpark(gate);
        this.#pump();
      },
      observer,
      onError: observer.onError,
    });
  }

  /** Takes ownership and finds what is owed. Resolves once leases were asked for; discovery goes on behind it. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await Promise.all([this.#owner.start(), this.#watch.start()]);
    this.#holdClock.start();
  }

  /** Why this process is not ready to do its part; empty when it is. */
  get reasonsNotReady(): readonly string[] {
    if (!this.#isRunning) return ["this process is starting or stopping"];
    const reasons: string[] = [];
    if (!this.#owner.isTrusted) reasons.push("no leases are held");
    if (!this.#watch.isCurrent) reasons.push("the directory could not be checked for changes");
    const { doubt } = this.#options.clock;
    if (doubt !== null) reasons.push(doubt);
    return reasons;
  }

  /** Whether this process owns a shard and may act on it now. */
  owns(shard: number): boolean {
    return this.#isRunning && this.#owner.isTrusted && this.#owner.owns(shard);
  }

  /** False while so many settlements wait that anything less urgent should. */
  get hasRoom(): boolean {
    return this.#settler.waiting < SETTLE_WAITING_MAX / 4;
  }

  get gauges(): EngineGauges {
    const now = this.#options.clock.monotonic();
    let endpoints = 0;
    let endpointsShut = 0;
    for (const gate of this.#table.gates.all()) {
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
      shards: this.#owner.shards.length,
      latePerSecond: this.#table.turns.latePerSecond,
      blockedKeys: this.#table.ordered.blockedKeys,
    };
  }

  /** An event was committed: its deliveries may start, here without reading anything back, or where their shards are owned. */
  handOver(event: NewEvent): void {
    this.#table.handOver(event);
    this.#pump();
  }

  /** A delivery was re-opened by a replay. */
  reopened(event: EventContent, task: Task): void {
    this.#table.reopened(event, task);
    this.#pump();
  }

  /** A dead letter does not block its key any more. */
  unblocked(subscription: Subscription): void {
    this.#table.ordered.unblocked(subscription);
    this.#pump();
  }

  /** The directory has changed; from here on nothing is started against what it was. */
  directoryChanged(commit: Pick<DirectoryCommit, "subscriptions" | "holds" | "events">): void {
    if (this.#isRunning) {
      for (const subscription of commit.subscriptions) {
        this.#table.subscriptionChanged(subscription);
        this.endpoints.subscriptionChanged(subscription);
      }
      for (const gate of this.#table.gates.followRates()) this.#table.turns.unpark(gate);
      if (commit.holds.length > 0) this.#holdsChanged(commit.holds.some((hold) => hold.endedAt !== null));
    }
    for (const event of commit.events) this.#table.handOver(event);
    this.#pump();
  }

  /**
   * Stops starting attempts, waits for those in flight, cuts the rest off after `graceMs`, and settles what ended. Each shard goes to its
   * next owner as soon as nothing of it is under way.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isRunning = false;
    this.#discovery.stop();
    this.#watch.stop();
    this.#holdClock.stop();
    this.#table.stop();
    this.#owner.retire();
    await this.#land(graceMs);
    const timer = this.#options.timers.after(graceMs, () => this.#settler.abandon());
    await this.#settler.drain();
    timer.cancel();
    await this.endpoints.stop();
    await this.#owner.stop();
  }

  /** Starts attempts while slots, leases, the directory and the store's pace allow. */
  #pump(): void {
    if (this.#isPumping || !this.#isRunning) return;
    this.#isPumping = true;
    while (this.#inFlight < this.#inFlightMax && this.#settler.waiting < SETTLE_WAITING_MAX && this.#mayStart) {
      // Read for each: writing hundreds of requests takes longer than an endpoint's rate allows to be wrong.
      const now = this.#options.clock.monotonic();
      const lane = this.#table.turns.next(now);
      if (lane === null) break;
      this.#startAttempt(lane, now);
      this.#table.taken(lane);
    }
    this.#isPumping = false;
  }

  /** Asked before each single start: the process may have been frozen since the last one. */
  get #mayStart(): boolean {
    return this.#owner.isTrusted && this.#watch.isCurrent;
  }

  #startAttempt(lane: QueuedLane, now: number): void {
    const owed = this.#table.take(lane);
    const { clock, sender } = this.#options;
    const { directory } = this.#options.directory;
    const { gate } = lane;
    const subscription = lane.subscriptionFor(owed);
    const app = subscription === undefined ? undefined : directory.app(subscription.app);
    const shop = directory.shop(owed.event.shop);
    if (subscription === undefined || app === undefined || shop === undefined) {
      lane.giveUp(owed);
      this.#options.observer.onError("send", new Error(`subscription ${owed.task.subscription} has no app or shop in the directory`));
      return;
    }
    const share = this.#table.turns.started(lane, owed.task, now);
    // The moment that counts for the endpoint's rate is not before the one that is told, or two starts would be told nearer than the rate allows.
    const at = clock.now();
    const flight: Flight = { lane, gate, owed, share, subscription, at, wasProbe: gate.started(clock.monotonic()) };
    this.#inFlight += 1;
    this.#begun(owed.task.shard);
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
        sequence: owed.sequence ?? null,
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
    this.#table.turns.ended(flight.share);
    const durationMs = outcome.kind === "aborted" ? 0 : outcome.durationMs;
    const sign = endpointSign(outcome);
    const hasMoved = gate.finished(sign, owed.task.eventId, flight.wasProbe, durationMs, now);
    const decision = decide({ attempts: owed.task.attempts }, outcome, retry, wallNow, random);
    if (outcome.kind === "aborted" || decision.kind === "uncounted") {
      this.#ended(owed.task.shard);
      lane.untake(owed);
    } else {
      if ("pauseUntil" in decision && decision.pauseUntil !== null) {
        gate.pausedUntil = Math.max(gate.pausedUntil, now + decision.pauseUntil - wallNow);
        this.endpoints.paused(gate);
      }
      this.#settle(flight, outcome, decision, wallNow);
    }
    this.endpoints.finished(gate, { sign, outcome, startedAt: flight.at, hasMoved });
    this.#table.turns.unpark(gate);
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
    const whole = flight.lane.settling(settlement, flight.owed);
    this.#settler.add(whole);
    observer.onAttempt(whole, outcome);
  }

  /** Ends a delivery of a lane in pull mode: its event has its number and can be fetched. */
  #settleAvailable(lane: Lane, task: Task, event: Available): void {
    this.#begun(task.shard);
    const { app } = lane.subscription;
    this.#settler.add(availableSettlement(task, event, app, this.#options.clock.now()));
  }

  #settled(settlement: Settlement, isApplied: boolean): void {
    this.#ended(settlement.key.shard);
    this.#table.settled(settlement, isApplied);
    const { observer } = this.#options;
    observer.onSettled(settlement, isApplied);
    // Not before its own end is durable: the change cancels everything that is still owed.
    if (isApplied && settlement.row.reason === "gone") observer.onGone(settlement.row.subscription);
    this.#pump();
  }

  #begun(shard: number): void {
    this.#underWay[shard] = (this.#underWay[shard] ?? 0) + 1;
  }

  #ended(shard: number): void {
    this.#underWay[shard] = (this.#underWay[shard] ?? 1) - 1;
  }

  #ownershipChanged(gained: readonly GainedShard[], lost: readonly number[]): void {
    const shards = gained.map(({ shard }) => shard);
    const takenOver = gained.filter(({ isTakeOver }) => isTakeOver).map(({ shard }) => shard);
    this.#table.ordered.takenOver(takenOver, this.#options.attemptTimeoutMs + ORDER_TAKE_OVER_MARGIN_MS);
    this.#table.shardsChanged(shards, lost);
    if (lost.length > 0) this.endpoints.lost(lost);
    if (shards.length === 0) return;
    // In this order: what is owed to an endpoint whose breaker was open must not meet a closed one.
    void this.endpoints.gained(shards).then(() => this.#discovery.gained(shards));
  }

  #told(hint: Hint): void {
    switch (hint.kind) {
      case "lanes":
        if (this.#isRunning) this.#discovery.told(hint.lanes);
        return;
      case "directory":
        this.#watch.told(hint.version);
        return;
      case "numbered":
        this.#options.observer.onNumbered(hint.subscriptions);
        return;
      case "leases":
        if (this.#isRunning) this.#owner.renewNow();
    }
  }

  /** What is released may be known to the store alone, so it is looked for. */
  #holdsChanged(hasReleased: boolean): void {
    this.#holdClock.set();
    this.#table.holdsChanged(hasReleased);
    if (hasReleased) this.#discovery.gained(this.#owner.shards);
    this.#pump();
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
