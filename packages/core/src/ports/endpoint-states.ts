import type { EndpointState } from "../domain/endpoint-state.ts";

/** What is kept of endpoints (`EndpointState`). A row is written by the owner of the endpoint's shard alone. */
export interface EndpointStates {
  /** Writes whole states, in one transaction. A state older (`updatedAt`) than the one that is kept is left out: it comes from a former owner. */
  save(states: readonly EndpointState[]): Promise<void>;
  /** Of these endpoints, in any order; nothing for an endpoint that has none. */
  read(endpoints: readonly string[]): Promise<readonly EndpointState[]>;
  /** All of these shards (`shardOf`). Endpoints that never were in trouble have none, so there are few. */
  ofShards(shards: readonly number[]): Promise<readonly EndpointState[]>;
  /** Lets go of these endpoints' states. */
  forget(endpoints: readonly string[]): Promise<void>;
  /** Notes that a probe is asked for, for the owner to take; false when nothing is kept of the endpoint. Saving does not undo it. */
  askProbe(endpoint: string, at: number): Promise<boolean>;
  /** The endpoints of these shards for which a probe is asked for; they are not asked for any more. */
  takeProbes(shards: readonly number[]): Promise<readonly string[]>;
}
