/** What the engine is at, for metrics. */
export interface EngineGauges {
  readonly inFlight: number;
  readonly lanes: number;
  readonly endpoints: number;
  readonly endpointsShut: number;
  readonly heldBytes: number;
  readonly unsettled: number;
  /** Shards that this process owns. */
  readonly shards: number;
  /** Late deliveries that may start a second; 0 while none waits for room. */
  readonly latePerSecond: number;
  /** Order keys that wait behind a dead letter. */
  readonly blockedKeys: number;
}
