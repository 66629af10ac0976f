import { EndpointGate } from "./endpoint-gate.ts";
import type { QueuedLane } from "./queued-lane.ts";

/** The gates of the endpoints that some lane has to do with. */
export class EndpointGates {
  readonly #concurrencyMax: number;
  readonly #gates = new Map<string, EndpointGate<QueuedLane>>();
  /** A hold was released, and what it held is not found again yet: gates that are made now start slowly. */
  isReleasing = false;

  constructor(concurrencyMax: number) {
    this.#concurrencyMax = concurrencyMax;
  }

  all(): IterableIterator<EndpointGate<QueuedLane>> {
    return this.#gates.values();
  }

  get(endpoint: string): EndpointGate<QueuedLane> | undefined {
    return this.#gates.get(endpoint);
  }

  /** Made where memory had none. */
  of(endpoint: string): EndpointGate<QueuedLane> {
    let gate = this.#gates.get(endpoint);
    if (gate === undefined) {
      gate = new EndpointGate(endpoint, this.#concurrencyMax);
      if (this.isReleasing) gate.breaker.startSlowly();
      this.#gates.set(endpoint, gate);
    }
    return gate;
  }

  forget(isIdle: (gate: EndpointGate<QueuedLane>) => boolean): void {
    for (const gate of this.#gates.values()) if (isIdle(gate)) this.#gates.delete(gate.id);
  }
}
