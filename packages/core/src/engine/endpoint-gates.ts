import type { EndpointRates } from "../directory/endpoint-rates.ts";
import { SHARDS, shardOf } from "../domain/endpoint.ts";
import type { Clock } from "../ports/clock.ts";
import { EndpointGate } from "./endpoint-gate.ts";
import type { QueuedLane } from "./queued-lane.ts";

type Gate = EndpointGate<QueuedLane>;

export interface EndpointGatesOptions {
  readonly endpointConcurrencyMax: number;
  readonly rates: Pick<EndpointRates, "of" | "revision">;
  readonly clock: Pick<Clock, "monotonic">;
}

/** The gates of the endpoints that some lane has to do with. */
export class EndpointGates {
  readonly #options: EndpointGatesOptions;
  readonly #gates = new Map<string, Gate>();
  /** Since when each shard is owned, monotonic ms: until then its former owner may have sent. */
  readonly #ownedSince: Float64Array = new Float64Array(SHARDS).fill(Number.NEGATIVE_INFINITY);
  #ratesRevision = 0;
  /** A hold was released, and what it held is not found again yet: gates that are made now start slowly. */
  isReleasing = false;

  constructor(options: EndpointGatesOptions) {
    this.#options = options;
  }

  all(): IterableIterator<Gate> {
    return this.#gates.values();
  }

  get(endpoint: string): Gate | undefined {
    return this.#gates.get(endpoint);
  }

  /** Made where memory had none. */
  of(endpoint: string): Gate {
    let gate = this.#gates.get(endpoint);
    if (gate === undefined) {
      const { endpointConcurrencyMax, rates, clock } = this.#options;
      gate = new EndpointGate(endpoint, endpointConcurrencyMax);
      gate.pace.setRate(rates.of(endpoint), clock.monotonic());
      gate.pace.restart(this.#ownedSince[shardOf(endpoint)] ?? Number.NEGATIVE_INFINITY);
      if (this.isReleasing) gate.release(clock.monotonic());
      this.#gates.set(endpoint, gate);
    }
    return gate;
  }

  /** What their former owners have started counts: at a rate, the first attempt waits for as long as if it had been one too many. */
  gained(shards: readonly number[]): void {
    const now = this.#options.clock.monotonic();
    const gained = new Set(shards);
    for (const shard of shards) this.#ownedSince[shard] = now;
    for (const gate of this.#gates.values()) if (gained.has(shardOf(gate.id))) gate.pace.restart(now);
  }

  /** Takes up rates that have become others; answers whose. */
  followRates(): readonly Gate[] {
    const { rates, clock } = this.#options;
    if (rates.revision === this.#ratesRevision) return [];
    this.#ratesRevision = rates.revision;
    const now = clock.monotonic();
    return [...this.#gates.values()].filter((gate) => gate.pace.setRate(rates.of(gate.id), now));
  }

  forget(isIdle: (gate: Gate) => boolean): void {
    for (const gate of this.#gates.values()) if (isIdle(gate)) this.#gates.delete(gate.id);
  }
}
