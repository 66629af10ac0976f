/** Which shards this process owns. On the embedded store the lock on the file makes the one process owner of all of them. */
export interface Leases {
  /**
   * Renews what is held and claims what is free, in one step. `untilMs` is how long the answer may be trusted, counted from the
   * moment at which the call was *made*; Infinity on the embedded store.
   */
  renew(node: string): Promise<{ readonly shards: readonly number[]; readonly trustedForMs: number }>;
  /** Gives everything up at once, for a clean hand-over. */
  release(node: string): Promise<void>;
}
