import type { OwedTask } from "@genhook/core";
import { buildEvent, buildSubscription } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { EndpointGate } from "../../src/engine/endpoint-gate.ts";
import { LaneTurns } from "../../src/engine/lane-turns.ts";
import type { QueuedLane } from "../../src/engine/queued-lane.ts";
import type { SlotShare } from "../../src/engine/slot-shares.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const owedEvent = buildEvent([buildSubscription(1, 1, 1)]);

/** Owed since `due`, wall ms. */
function owedSince(due: number, more: Partial<OwedTask["task"]> = {}): OwedTask {
  const task = { shard: 0, lane: 1, due, eventId: owedEvent.id, subscription: 1, seq: 1, round: 1, attempts: 0, attemptsEver: 0, ...more };
  return { task, event: owedEvent };
}

type SceneLane = QueuedLane & { length: number; isRunnable: boolean; first: OwedTask | undefined };

/** Two slots unless more are given: one for endpoints of which nothing is known, one for slow ones, one for retries. */
class Scene {
  readonly time = new VirtualTime(0);
  readonly turns: LaneTurns;
  isReady = false;

  constructor(slots = 2) {
    this.turns = new LaneTurns({
      clock: this.time.clock,
      timers: this.time.timersOf(() => true),
      attemptsInFlightMax: slots,
      onDue: () => undefined,
      onReady: () => {
        this.isReady = true;
      },
    });
  }

  get #now(): number {
    return this.time.clock.monotonic();
  }

  gate(id: string): EndpointGate<QueuedLane> {
    return new EndpointGate(id, 10);
  }

  /** A lane with one delivery that was never attempted. */
  lane(id: number, gate: EndpointGate<QueuedLane>): SceneLane {
    const lane: SceneLane = {
      id,
      shop: 1,
      gate,
      isQueued: false,
      debt: 0,
      isParked: false,
      length: 1,
      isRunnable: true,
      first: owedSince(this.time.clock.now()),
      freshAt: Number.NEGATIVE_INFINITY,
      shift: () => undefined,
      subscriptionFor: () => undefined,
      settling: <Value>(settlement: Value): Value => settlement,
      untake: () => undefined,
      giveUp: () => undefined,
    };
    this.turns.queue(lane);
    return lane;
  }

  /** Starts whatever may start; answers the lanes' ids. */
  start(): number[] {
    const started: number[] = [];
    for (let lane = this.turns.next(this.#now); lane !== null; lane = this.turns.next(this.#now)) {
      const { task } = lane.first as OwedTask;
      this.#shares.set(lane.id, this.turns.started(lane, task, this.#now));
      lane.gate.started(this.#now);
      Object.assign(lane, { length: 0, first: undefined });
      started.push(lane.id);
    }
    return started;
  }

  end(lane: QueuedLane, sign: "success" | "overload"): void {
    this.turns.ended(this.#shares.get(lane.id) ?? "ordinary");
    lane.gate.finished(sign, `event ${lane.id}`, false, 10, this.#now);
    this.turns.unpark(lane.gate);
  }

  readonly #shares = new Map<number, SlotShare>();
}

describe("a lane that found no room in its share", () => {
  it("is not forgotten when the one that was let in before it turns out to need none", () => {
    const scene = new Scene();
    const [first, shared, other] = [scene.gate("first"), scene.gate("shared"), scene.gate("other")];
    const lanes = [scene.lane(1, first), scene.lane(2, shared), scene.lane(3, shared), scene.lane(4, other)];
    expect(scene.start()).toEqual([1]);
    scene.end(lanes[0] as QueuedLane, "success");
    expect(scene.start()).toEqual([2]);
    // From here on the endpoint of 2 and 3 is known: 3 is anybody, and the room is for 4.
    scene.end(lanes[1] as QueuedLane, "success");
    expect(scene.start().toSorted((a, b) => a - b)).toEqual([3, 4]);
  });

  it("nor when that one may not start, or has nothing left", () => {
    const scene = new Scene();
    const gates = [scene.gate("a"), scene.gate("b"), scene.gate("c"), scene.gate("d")];
    const lanes = gates.map((gate, index) => scene.lane(index + 1, gate));
    expect(scene.start()).toEqual([1]);
    (gates[1] as EndpointGate<QueuedLane>).pausedUntil = 1_000;
    Object.assign(lanes[2] as QueuedLane, { length: 0, first: undefined });
    scene.end(lanes[0] as QueuedLane, "success");
    expect(scene.start()).toEqual([4]);
  });
});

describe("what an endpoint was owed while it was away", () => {
  /** A scene of many slots in which an endpoint is known, and was let go of at the second given; its lanes have one delivery each, owed for a minute. */
  function released(lanes: number): {
    readonly scene: Scene;
    readonly gate: EndpointGate<QueuedLane>;
    readonly kept: readonly SceneLane[];
  } {
    const scene = new Scene(512);
    const gate = new EndpointGate<QueuedLane>("back", 100);
    for (let n = 0; n < 2_000; n += 1) {
      gate.started(0);
      gate.finished("success", `earlier ${n}`, false, 10, 0);
    }
    gate.release(scene.time.clock.monotonic());
    gate.breaker.record("success", "one", false, 0);
    for (let n = 0; n < 300; n += 1) gate.breaker.record("success", "one", false, 0);
    const kept = Array.from({ length: lanes }, (_, n) => scene.lane(n + 1, gate));
    for (const lane of kept) lane.first = owedSince(scene.time.clock.now() - 60_000);
    return { scene, gate, kept };
  }

  it("starts by the tick, and what is owed just now starts at once", async () => {
    const { scene, gate } = released(40);
    const atOnce = scene.start();
    expect(atOnce.length).toBe(5);
    expect(scene.turns.latePerSecond).toBe(500);
    const fresh = scene.lane(100, gate);
    expect(scene.start()).toEqual([fresh.id]);
    await scene.time.run(scene.time.clock.monotonic() + 10);
    expect(scene.isReady).toBe(true);
    expect(scene.start().length).toBeGreaterThanOrEqual(5);
    await scene.time.run(scene.time.clock.monotonic() + 2_000);
    scene.start();
    expect(atOnce.length + gate.inFlight).toBeGreaterThan(40);
    await scene.time.run(scene.time.clock.monotonic() + 10);
    expect(scene.turns.latePerSecond).toBe(0);
  });

  it("is caught up on with the first that has not waited; from then on what waits does so for other reasons", () => {
    const { scene, gate } = released(0);
    const lane = scene.lane(1, gate);
    scene.start();
    expect(lane.freshAt).toBe(scene.time.clock.monotonic());
    for (let n = 0; n < 50; n += 1) {
      Object.assign(lane, { length: 1, first: owedSince(scene.time.clock.now() - 60_000) });
      scene.turns.queue(lane);
      expect(scene.start()).toEqual([1]);
      scene.end(lane, "success");
    }
  });

  it("goes at its pace when it is replayed, however short a while ago that was asked for", () => {
    const { scene, gate, kept } = released(20);
    for (const lane of kept) {
      lane.freshAt = Number.POSITIVE_INFINITY;
      lane.first = owedSince(scene.time.clock.now(), { round: 2 });
    }
    expect(scene.start().length).toBe(5);
    expect(gate.inFlight).toBe(5);
  });
});
