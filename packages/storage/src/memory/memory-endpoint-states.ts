import { shardOf, type EndpointState, type EndpointStates } from "@genhook/core";

/** States of endpoints on plain maps. */
export class MemoryEndpointStates implements EndpointStates {
  readonly #states = new Map<string, EndpointState>();
  readonly #probes = new Set<string>();

  save(states: readonly EndpointState[]): Promise<void> {
    for (const state of states) {
      const before = this.#states.get(state.endpoint);
      if (before === undefined || before.updatedAt <= state.updatedAt) this.#states.set(state.endpoint, state);
    }
    return Promise.resolve();
  }

  read(endpoints: readonly string[]): Promise<readonly EndpointState[]> {
    return Promise.resolve(endpoints.flatMap((endpoint) => this.#states.get(endpoint) ?? []));
  }

  ofShards(shards: readonly number[]): Promise<readonly EndpointState[]> {
    return Promise.resolve([...this.#states.values()].filter(({ endpoint }) => shards.includes(shardOf(endpoint))));
  }

  forget(endpoints: readonly string[]): Promise<void> {
    for (const endpoint of endpoints) {
      this.#states.delete(endpoint);
      this.#probes.delete(endpoint);
    }
    return Promise.resolve();
  }

  askProbe(endpoint: string): Promise<boolean> {
    if (!this.#states.has(endpoint)) return Promise.resolve(false);
    this.#probes.add(endpoint);
    return Promise.resolve(true);
  }

  takeProbes(shards: readonly number[]): Promise<readonly string[]> {
    const taken = [...this.#probes].filter((endpoint) => shards.includes(shardOf(endpoint)));
    for (const endpoint of taken) this.#probes.delete(endpoint);
    return Promise.resolve(taken);
  }
}
