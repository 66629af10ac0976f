import { laneOf } from "../directory/directory.ts";
import { firstTask, type Task } from "../domain/delivery.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { shardOf } from "../domain/endpoint.ts";
import type { EventContent, NewEvent } from "../domain/event.ts";
import { isOrdered } from "../domain/order.ts";
import { HELD_BYTES_MAX, IDLE_GATE_KEPT_MS, IDLE_GATES_MAX, LANE_WINDOW } from "../limits.ts";
import type { LaneRef, LaneWithWork, OwedTask, Settlement } from "../ports/task-queue.ts";
import { EndpointGates } from "./endpoint-gates.ts";
import { dispositionOf, Lane, type Disposition } from "./lane.ts";
import { LaneReader } from "./lane-reader.ts";
import { LaneTurns } from "./lane-turns.ts";
import { laneNumbers } from "./lane-numbers.ts";
import type { LaneTableOptions } from "./lane-table-options.ts";
import { Numbering } from "./numbering.ts";
import { OrderedLane } from "./ordered/ordered-lane.ts";
import { OrderedLanes } from "./ordered/ordered-lanes.ts";
import type { QueuedLane } from "./queued-lane.ts";
import { Sweeper } from "./sweeper.ts";

/**
 * All lanes and endpoint gates that this process works on. A lane stands in exactly one place: in the fair queue (it has tasks and may
 * start), parked at its endpoint's gate (at its limit, paused, or breaker open), or nowhere (nothing due in memory, or its subscription
 * holds). What is parked or held costs nothing and no row is rewritten for it. Memory follows the work, not the number of subscriptions.
 */
export class LaneTable {
  readonly #options: LaneTableOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly gates: EndpointGates;
  readonly turns: LaneTurns;
  readonly #reader: LaneReader;
  readonly #sweeper: Sweeper;
  readonly #numbering: Numbering;
  readonly ordered: OrderedLanes;
  /** Shards whose lanes were not all found yet. */
  readonly #undiscovered = new Set<number>();

  constructor(options: LaneTableOptions) {
    this.#options = options;
    const { clock, timers, store, attemptsInFlightMax, onError } = options;
    const { tasks } = store;
    this.gates = new EndpointGates({ ...options, rates: options.directory.rates });
    this.turns = new LaneTurns({ clock, timers, attemptsInFlightMax, onDue: (lane) => this.#laneDue(lane), onReady: options.onReady });
    this.#numbering = new Numbering({
      ...options,
      offer: (event, task, n) => this.#offer(event, task, n),
      onMore: (lane) => this.#hasMore(lane),
      hold: (bytes) => (this.#reader.heldBytes += bytes),
      onError: (error) => onError("number deliveries", error),
    });
    this.#reader = new LaneReader({
      tasks,
      clock,
      timers,
      numbering: this.#numbering,
      onRead: (lane) => this.#laneRead(lane),
      onError: (error) => onError("read a lane", error),
    });
    this.#sweeper = new Sweeper({
      ...options,
      tasks,
      onDone: (lane) => this.#swept(lane),
      onError: (error) => onError("sweep a lane", error),
    });
    this.ordered = new OrderedLanes({
      ...options,
      store: { ...store, tasks: this.#numbering.tasks },
      gateOf: (endpoint) => this.gates.of(endpoint),
      queue: (lane) => this.turns.queue(lane),
      bytes: this.#reader,
    });
  }

  get heldBytes(): number {
    return this.#reader.heldBytes;
  }

  get lanes(): number {
    return this.#lanes.size + this.ordered.size;
  }

  lane(id: number): Lane | undefined {
    return this.#lanes.get(id);
  }

  stop(): void {
    this.turns.stop();
    this.#reader.stop();
    this.#sweeper.stop();
    this.ordered.stop();
    this.#numbering.stop();
  }

  /** Takes the lane's first task out and puts the lane back in its round. */
  take(lane: QueuedLane): OwedTask {
    const owed = lane.shift();
    if (owed === undefined) throw new Error("a lane without tasks was given a turn");
    this.#reader.heldBytes -= owed.event.payload.length;
    this.turns.charge(lane);
    return owed;
  }

  /** After a task was taken and its attempt has started, or could not. */
  taken(lane: QueuedLane): void {
    this.turns.queue(lane);
    if (lane instanceof OrderedLane) this.ordered.consider(lane);
    else if (lane instanceof Lane && !lane.isComplete) this.#reader.consider(lane);
  }

  /** Puts the committed deliveries of an event into their lanes, where memory may have them; tells the owners of the others. */
  handOver(event: NewEvent): void {
    const others: LaneRef[] = [];
    for (const owed of event.owes) {
      if (!this.#options.owns(owed.shard)) others.push({ shard: owed.shard, lane: owed.lane });
      else if (isOrdered(owed)) this.ordered.told(owed, this.#options.directory.subscription(owed.subscription));
      else this.#offer(event, firstTask(event, owed));
    }
    if (others.length > 0) this.#options.tell(others);
  }

  /** The same for one delivery that was re-opened. */
  reopened(event: EventContent, task: Task): void {
    if (isOrdered(task)) this.ordered.reopened(task);
    else if (this.#options.owns(task.shard)) this.#offer(event, task);
    else this.#options.tell([{ shard: task.shard, lane: task.lane }]);
  }

  /** `sequence`: of a numbered lane, the number that the delivery has got; null where it is to have none. */
  #offer(event: EventContent, task: Task, sequence?: number | null): void {
    const lane = this.#lanes.get(task.lane) ?? this.#newLaneFor(task.lane);
    if (lane === null) return;
    if (lane.shard !== task.shard) {
      this.#movesFrom(lane, task.shard);
      return;
    }
    if (lane.numbers !== null && sequence === undefined) {
      this.#numbering.offer(lane, event, task);
      return;
    }
    if (lane.disposition.kind === "pull") {
      this.#numbering.available(lane, task, event);
      return;
    }
    const owed: OwedTask = typeof sequence === "number" ? { task, event, sequence } : { task, event };
    const bytes = event.payload.length;
    const hasRoom = lane.length < LANE_WINDOW && (this.heldBytes === 0 || this.heldBytes + bytes <= HELD_BYTES_MAX);
    if (lane.isRunnable && lane.isComplete && lane.scan === null && hasRoom && !lane.known.has(event.id)) {
      lane.push(owed);
      this.#reader.heldBytes += bytes;
      this.turns.queue(lane);
      return;
    }
    lane.isComplete = false;
    if (lane.scan !== null && lane.isRunnable && hasRoom && lane.scan.arrived.length < LANE_WINDOW) {
      lane.scan.arrived.push(owed);
      this.#reader.heldBytes += bytes;
      return;
    }
    if (lane.scan !== null) lane.scan.isStale = true;
    this.#reader.consider(lane);
  }

  /** From here on nothing is started against what the subscription was before. */
  subscriptionChanged(subscription: Subscription): void {
    this.ordered.subscriptionChanged(subscription);
    const { shard } = laneOf(subscription);
    let lane = this.#lanes.get(subscription.id);
    if (lane === undefined) {
      // A subscription that was just made is owed nothing yet; any other may have waited in the store.
      if (!this.#options.owns(shard) || subscription.createdAt === subscription.updatedAt) return;
      lane = this.#makeLane(subscription);
      // Whether it was held is forgotten with the lane.
      lane.gate.release(this.#options.clock.monotonic());
    } else {
      this.#letGo(lane);
      if (lane.subscription.endpoint !== subscription.endpoint) this.#moveLane(lane, shard, subscription.endpoint);
      lane.subscription = subscription;
      lane.numbers = laneNumbers(subscription, lane.numbers);
    }
    this.#dispose(lane);
  }

  /** Holds were made, released, or have ended: from here on nothing starts against them. What only a scan finds again starts slowly, too. */
  holdsChanged(hasReleased: boolean): void {
    if (hasReleased) this.gates.isReleasing = true;
    this.ordered.holdsChanged();
    for (const lane of this.#lanes.values()) {
      if (this.#dispositionOf(lane.subscription).kind === lane.disposition.kind) continue;
      this.#letGo(lane);
      this.#dispose(lane);
    }
  }

  /** Another process says that something is owed in a lane; false when memory does not know the lane. */
  told({ shard, lane: id }: LaneRef): boolean {
    const lane = this.#lanes.get(id);
    if (lane === undefined) return this.ordered.told({ shard, lane: id }, this.#options.directory.orderedIn(id)[0]);
    if (lane.shard !== shard) this.#movesFrom(lane, shard);
    else this.#hasMore(lane);
    return true;
  }

  /** A lane was found in the store. */
  discovered(found: LaneWithWork, subscription: Subscription): void {
    if (found.lane !== subscription.id) {
      this.ordered.discovered(found, subscription);
      return;
    }
    const known = this.#lanes.get(found.lane);
    // Held, and where it belongs: nothing is remembered of it; it is found again when it is let go.
    if (known === undefined && found.shard === laneOf(subscription).shard && this.#dispositionOf(subscription).kind === "hold") return;
    const lane = known ?? this.#makeLane(subscription);
    if (found.shard !== lane.shard) {
      this.#movesFrom(lane, found.shard);
      return;
    }
    if (lane.isSweeping) return;
    if (this.#options.isShared) this.#numbering.goBack(lane);
    if (lane.known.size > 0 || lane.scan !== null) {
      // What is under way may be all that was found. Where others write too it may as well be something that no hint told of; and a lane
      // that is never idle would never be read for it.
      if (this.#options.isShared) this.#hasMore(lane);
      return;
    }
    if (found.firstDue <= this.#options.clock.now() || lane.disposition.kind === "pull") {
      lane.isComplete = false;
    } else if (lane.nextDue === null || found.firstDue < lane.nextDue) {
      lane.nextDue = found.firstDue;
      lane.isComplete = true;
      this.turns.wakeWhenDue(lane);
    }
    this.#resume(lane);
  }

  /**
   * Shards that came and went. Whatever memory knew of them goes, but for what is under way: the store has it all, and the next owner knows
   * better.
   */
  shardsChanged(gained: readonly number[], lost: readonly number[]): void {
    const gone = new Set(lost);
    const changed = new Set([...gained, ...lost]);
    this.gates.gained(gained);
    for (const shard of lost) this.#undiscovered.delete(shard);
    for (const shard of gained) this.#undiscovered.add(shard);
    if (gone.size > 0) {
      this.ordered.shardsLost(gone);
      for (const lane of this.#lanes.values()) {
        if (!gone.has(lane.shard) && (lane.movesFrom === null || !gone.has(lane.movesFrom))) continue;
        if (lane.movesFrom !== null && !gone.has(lane.movesFrom) && this.#options.owns(lane.movesFrom)) {
          // Its rows are still ours to move, and not before what is under way in the old shard has ended.
          this.#letGo(lane);
          continue;
        }
        if (this.#options.owns(lane.shard)) {
          // Only the rows that were to be moved here are another's now. What is under way stays known: it would be sent again otherwise.
          lane.movesFrom = null;
          this.#letGo(lane);
          // One that came at this moment is discovered, and its endpoint is asked about before that.
          if (!changed.has(lane.shard)) this.#resume(lane);
          continue;
        }
        this.#drop(lane);
      }
    }
    const inUse = new Set([...this.#lanes.values(), ...this.ordered.lanes()].map((lane) => lane.gate));
    this.gates.forget((gate) => changed.has(shardOf(gate.id)) && !inUse.has(gate));
  }

  /** All lanes with work in these shards are known now. */
  shardsDiscovered(shards: readonly number[]): void {
    for (const shard of shards) this.#undiscovered.delete(shard);
    this.gates.isReleasing = false;
  }

  /** A delivery's outcome is durable, or was somebody else's. */
  settled(settlement: Settlement, isApplied: boolean): void {
    if (settlement.key.lane !== settlement.row.subscription) {
      this.ordered.settled(settlement, isApplied);
      this.#reader.pump();
      return;
    }
    const lane = this.#lanes.get(settlement.key.lane);
    if (lane === undefined) return;
    lane.finish(settlement.key.eventId);
    if (!isApplied) lane.mayHaveMore();
    if (isApplied && settlement.next !== null) {
      const { nextDue } = lane;
      lane.owesAt(settlement.next.due);
      if (lane.nextDue !== nextDue) this.turns.wakeWhenDue(lane);
    }
    if (lane.movesFrom !== null) this.#resume(lane);
    else if (!lane.isComplete) this.#reader.consider(lane);
    this.#reader.pump();
    this.ordered.readOn();
  }

  /** Lanes that have nothing to remember go; gates a while later: how an endpoint does is worth knowing when its next event comes. */
  forgetIdle(): void {
    const inUse = new Set(this.ordered.forgetIdle());
    const now = this.#options.clock.monotonic();
    for (const lane of this.#lanes.values()) {
      const isHeld = lane.disposition.kind === "hold" && lane.known.size === 0 && lane.scan === null && lane.movesFrom === null;
      if (!lane.isParked && !lane.isQueued && (lane.isIdle || isHeld)) this.#lanes.delete(lane.id);
      else inUse.add(lane.gate.id);
    }
    let kept = 0;
    this.gates.forget((gate) => {
      if (inUse.has(gate.id) || gate.inFlight > 0) return false;
      if (!this.#options.owns(shardOf(gate.id))) return true;
      if (gate.isShut(now) || !gate.pace.isFull(now)) return false;
      kept += 1;
      return now - gate.heardAt >= IDLE_GATE_KEPT_MS || kept > IDLE_GATES_MAX;
    });
  }

  /** A lane that memory did not know. Once its shard was discovered, memory knows every lane with work, so it is complete. */
  #newLaneFor(id: number): Lane | null {
    const subscription = this.#options.directory.subscription(id);
    if (subscription === undefined || this.#dispositionOf(subscription).kind === "hold") return null;
    const lane = this.#makeLane(subscription);
    lane.isComplete = !this.#undiscovered.has(lane.shard);
    return lane;
  }

  #makeLane(subscription: Subscription): Lane {
    const gate = this.gates.of(subscription.endpoint);
    const lane = new Lane(subscription, laneOf(subscription).shard, gate, this.#dispositionOf(subscription));
    this.#lanes.set(lane.id, lane);
    return lane;
  }

  #dispositionOf(subscription: Subscription): Disposition {
    const { directory, clock } = this.#options;
    return dispositionOf(subscription, directory.holdOver(subscription, clock.now()) !== null);
  }

  /** The lane goes to another endpoint. Where that is another process's, it stays here until its rows are moved. */
  #moveLane(lane: Lane, shard: number, endpoint: string): void {
    if (lane.shard !== shard && this.#options.owns(lane.shard)) lane.movesFrom ??= lane.shard;
    lane.shard = shard;
    if (lane.movesFrom === shard) lane.movesFrom = null;
    if (lane.isParked) lane.gate.remove(lane);
    lane.isParked = false;
    lane.gate = this.gates.of(endpoint);
  }

  /** Decides anew what is to be done with a lane; what was held and is sent now starts slowly. */
  #dispose(lane: Lane): void {
    const disposition = this.#dispositionOf(lane.subscription);
    if (lane.disposition.kind === "hold" && disposition.kind === "send") lane.gate.release(this.#options.clock.monotonic());
    lane.disposition = disposition;
    this.#resume(lane);
  }

  /** Does what the lane's disposition asks for, from the beginning. */
  #resume(lane: Lane): void {
    if (lane.disposition.kind === "sweep") {
      this.#sweeper.sweep(lane);
    } else if (lane.movesFrom === null) {
      this.#reader.consider(lane);
    } else if (lane.known.size === 0 && lane.scan === null) {
      // Not earlier: rows that are in flight or being settled must keep their key until then.
      this.#sweeper.sweep(lane);
    }
  }

  #swept(lane: Lane): void {
    if (lane.isDropped) return;
    if (lane.disposition.kind === "sweep") {
      if (!lane.isParked && !lane.isQueued) this.#lanes.delete(lane.id);
      return;
    }
    lane.movesFrom = null;
    lane.isComplete = false;
    if (this.#options.owns(lane.shard)) {
      this.#reader.consider(lane);
      return;
    }
    this.#drop(lane);
    this.#options.tell([{ shard: lane.shard, lane: lane.id }]);
  }

  /** Rows of the lane stand in another shard than its endpoint's: they are moved before anything more is sent. */
  #movesFrom(lane: Lane, shard: number): void {
    lane.movesFrom ??= shard;
    this.#letGo(lane);
    this.#resume(lane);
  }

  /** The store has something due that memory may not have. */
  #hasMore(lane: Lane): void {
    lane.mayHaveMore();
    this.#resume(lane);
    // Its window is full, or its endpoint is shut: what comes is numbered and stays in the store.
    if (lane.numbers !== null && lane.scan === null && !lane.isReadWanted) this.#numbering.walk(lane);
  }

  /** Another process works on the lane from here on. */
  #drop(lane: Lane): void {
    this.#letGo(lane);
    lane.isDropped = true;
    if (lane.isParked) lane.gate.remove(lane);
    lane.isParked = false;
    this.#lanes.delete(lane.id);
  }

  /** Lets go of what waits in memory; what is under way goes on. The store has it all. */
  #letGo(lane: Lane): void {
    for (const owed of lane.clear()) this.#reader.heldBytes -= owed.event.payload.length;
    lane.nextDue = null;
    lane.mayHaveMore();
  }

  #laneRead(lane: Lane): void {
    if (lane.isDropped) return;
    if (lane.movesFrom !== null || lane.disposition.kind === "sweep") {
      this.#letGo(lane);
      this.#resume(lane);
      return;
    }
    this.turns.wakeWhenDue(lane);
    this.turns.queue(lane);
    this.#reader.consider(lane);
    this.#options.onReady();
  }

  #laneDue(lane: Lane): void {
    if (lane.nextDue === null || this.#lanes.get(lane.id) !== lane) return;
    if (lane.nextDue > this.#options.clock.now()) {
      this.turns.wakeWhenDue(lane);
      return;
    }
    lane.nextDue = null;
    lane.mayHaveMore();
    this.#reader.consider(lane);
  }
}
