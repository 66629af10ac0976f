import { describe, expect, it } from "vitest";
import { EndpointGate } from "../../src/engine/endpoint-gate.ts";
import { LaneTurns } from "../../src/engine/lane-turns.ts";
import type { QueuedLane } from "../../src/engine/queued-lane.ts";
import type { SlotShare } from "../../src/engine/slot-shares.ts";

/** Two slots: one for endpoints of which nothing is known, one for slow ones, one for retries. */
class Scene {
  readonly turns = new LaneTurns({
    clock: { now: () => 0, monotonic: () => 0 },
    timers: { after: () => ({ cancel: () => undefined }) },
    attemptsInFlightMax: 2,
    onDue: () => undefined,
    onReady: () => undefined,
  });

  gate(id: string): EndpointGate<QueuedLane> {
    return new EndpointGate(id, 10);
  }

  /** A lane with one delivery that was never attempted. */
  lane(id: number, gate: EndpointGate<QueuedLane>): QueuedLane & { length: number; isRunnable: boolean } {
    const lane = {
      id,
      shop: 1,
      gate,
      isQueued: false,
      debt: 0,
      isParked: false,
      length: 1,
      isRunnable: true,
      isRetry: false,
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
    for (let lane = this.turns.next(0); lane !== null; lane = this.turns.next(0)) {
      this.#shares.set(lane.id, this.turns.started(lane.gate, lane.isRetry, 0));
      lane.gate.started(0);
      (lane as { length: number }).length = 0;
      started.push(lane.id);
    }
    return started;
  }

  end(lane: QueuedLane, sign: "success" | "overload"): void {
    this.turns.ended(this.#shares.get(lane.id) ?? "ordinary");
    lane.gate.finished(sign, `event ${lane.id}`, false, 10, 0);
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
    (lanes[2] as { length: number }).length = 0;
    scene.end(lanes[0] as QueuedLane, "success");
    expect(scene.start()).toEqual([4]);
  });
});
