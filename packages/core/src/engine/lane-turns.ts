import type { Task } from "../domain/delivery.ts";
import { LATE_FROM_MS, LATE_TICK_MS } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import { LatePace } from "./late-pace.ts";
import type { EndpointGate } from "./endpoint-gate.ts";
import { FairQueue } from "./fair-queue.ts";
import { Lane } from "./lane.ts";
import { mayBeLate, type QueuedLane } from "./queued-lane.ts";
import { SlotShares, type SlotShare } from "./slot-shares.ts";
import { WakeHeap } from "./wake-heap.ts";

export interface LaneTurnsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Attempts in flight in this process. */
  readonly attemptsInFlightMax: number;
  /** The time has come that a lane waited for (`nextDue`), or it may have. */
  readonly onDue: (lane: Lane) => void;
  /** Some lane may be able to start. */
  readonly onReady: () => void;
}

/**
 * Whose turn it is: lanes that may start, in fair order; those for which there is no room in their share of the slots, set aside; those whose
 * gate is shut, parked there; and the times that lanes and gates wait for.
 *
 *   nowhere ── something to start ──► queued ── its turn comes ──► an attempt starts ──► queued where there is more, otherwise nowhere
 *                                      ▲  │ its gate does not let it ──► parked ── the gate has room ──► queued
 *                                      │  └ its share is full ─────────► aside ── room in its share ──► its turn, at once
 *                                      └── what was to be sent is let go (hold, pause, a lost shard): nowhere, when its turn comes
 *
 * A lane stands in one of them at a time, whatever its backlog; what is not due waits for its time in a heap, one entry for a lane or gate.
 */
export class LaneTurns {
  readonly #options: LaneTurnsOptions;
  readonly #fair: FairQueue<QueuedLane> = new FairQueue();
  readonly #pace: LatePace = new LatePace();
  readonly #shares: SlotShares<QueuedLane>;
  #tick: Timer | null = null;
  readonly #wakes: WakeHeap<Lane | EndpointGate<QueuedLane>>;
  #isStopped = false;

  constructor(options: LaneTurnsOptions) {
    this.#options = options;
    this.#shares = new SlotShares(options.attemptsInFlightMax, this.#pace);
    this.#wakes = new WakeHeap(options.clock, options.timers, (item) => this.#woken(item));
  }

  stop(): void {
    this.#isStopped = true;
    this.#wakes.clear();
    this.#tick?.cancel();
  }

  /** Late deliveries that may start a second; 0 while none waits for room. */
  get latePerSecond(): number {
    return this.#tick === null ? 0 : this.#pace.perSecond;
  }

  /** The next lane that may start an attempt now; lanes whose gate is shut are parked on the way. Null when there is none. */
  next(now: number): QueuedLane | null {
    for (;;) {
      // What was set aside has had its turn, and waits for nothing but room.
      const queued = this.#shares.takeWithRoom() ?? this.#fair.next();
      // Retries may have any slot that nobody else asks for.
      const lane = queued ?? this.#shares.takeRetry();
      if (lane === null) return null;
      const task = lane.first?.task;
      if (!lane.isRunnable || task === undefined) {
        // It may have been let out of its gate for a slot that it does not use.
        this.unpark(lane.gate);
      } else if (lane.gate.mayStart(now)) {
        const share = this.#shareOf(lane, task, now);
        if (share === "ordinary" || this.#shares.hasRoom(share) || (share === "retry" && queued === null)) return lane;
        this.#shares.setAside(lane, share);
        if (share === "late") this.#tickUntilRoom(now);
      } else {
        lane.isParked = true;
        lane.gate.park(lane);
        this.#setGateWake(lane.gate, now);
      }
    }
  }

  /** An attempt starts: it takes a slot of the share that it answers, until `ended`. */
  started(lane: QueuedLane, task: Task, now: number): SlotShare {
    const share = this.#shareOf(lane, task, now);
    this.#shares.started(share);
    if (mayBeLate(lane) && !this.#hasWaited(task)) lane.freshAt = now;
    return share;
  }

  ended(share: SlotShare): void {
    this.#shares.ended(share);
  }

  /** A lane has had its turn. */
  charge(lane: QueuedLane): void {
    this.#fair.charge(lane, lane.gate.serviceMs);
  }

  /** Gives a lane its place in the round, where it has something to start and is in none yet. */
  queue(lane: QueuedLane): void {
    if (lane.isQueued || lane.isParked) return;
    // What comes later is no longer part of what it was charged for.
    if (lane.length === 0) lane.debt = 0;
    else if (lane.isRunnable) this.#fair.add(lane);
  }

  /** Lets as many parked lanes try again as the gate has room for. */
  unpark(gate: EndpointGate<QueuedLane>): void {
    const now = this.#options.clock.monotonic();
    while (gate.parked > 0) {
      if (!gate.mayStart(now)) {
        this.#setGateWake(gate, now);
        return;
      }
      let hasQueued = false;
      for (const lane of gate.unpark(now)) {
        lane.isParked = false;
        if (lane.length === 0 || !lane.isRunnable) continue;
        this.queue(lane);
        hasQueued = true;
      }
      if (hasQueued) return;
    }
  }

  /** Has a lane woken when what it knows to be owed later is due. */
  wakeWhenDue(lane: Lane): void {
    if (lane.nextDue === null) return;
    const { clock } = this.#options;
    this.#wakes.add(clock.monotonic() + Math.max(0, lane.nextDue - clock.now()), lane);
  }

  #setGateWake(gate: EndpointGate<QueuedLane>, now: number): void {
    const at = gate.opensAt(now);
    if (at === null || at >= gate.wakeAt || gate.parked === 0) return;
    gate.wakeAt = at;
    this.#wakes.add(at, gate);
  }

  #shareOf(lane: QueuedLane, task: Task, now: number): SlotShare {
    const { gate } = lane;
    if (gate.isUnknown) return "unknown";
    if (gate.isSlow(now)) return "slow";
    if (task.round > 1 || (mayBeLate(lane) && this.#hasWaited(task))) return "late";
    return task.attempts > 0 ? "retry" : "ordinary";
  }

  #hasWaited(task: Task): boolean {
    return this.#options.clock.now() - task.due > LATE_FROM_MS;
  }

  /** Something late waits for room, which comes by the tick. */
  #tickUntilRoom(now: number): void {
    if (this.#tick !== null) return;
    this.#pace.begin(now);
    this.#setTick();
  }

  #setTick(): void {
    const { clock, timers, onReady } = this.#options;
    this.#tick = timers.after(LATE_TICK_MS, () => {
      this.#tick = null;
      if (this.#isStopped) return;
      this.#pace.tick(clock.monotonic());
      if (this.#shares.isWanted("late")) this.#setTick();
      onReady();
    });
  }

  #woken(item: Lane | EndpointGate<QueuedLane>): void {
    if (this.#isStopped) return;
    if (item instanceof Lane) {
      this.#options.onDue(item);
      return;
    }
    item.wakeAt = Number.POSITIVE_INFINITY;
    this.unpark(item);
    this.#options.onReady();
  }
}
