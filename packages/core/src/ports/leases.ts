/** One shard's lease, as the store sees it. */
export interface Lease {
  readonly shard: number;
  /** Null where nobody has it: never claimed, given up, or lapsed. */
  readonly owner: string | null;
  /** Grows by one with every claim; giving up keeps it. */
  readonly epoch: number;
  /** Nobody has it because its last owner let it expire without giving it up: what that owner started may still be under way. */
  readonly isLapsed: boolean;
}

export interface LeaseRequest {
  /** Names this life of this process; never used again after it. */
  readonly node: string;
  /** Whether the node takes shards at all; one that does not is heard of, keeps what it has until it gives it up, and gets the store's time. */
  readonly delivers: boolean;
  /** Shards to take where nobody has them. */
  readonly claim: readonly number[];
  /** Shards of this node to give up. */
  readonly release: readonly number[];
}

export interface LeaseView {
  /** Nodes that deliver and were heard of within a lease's length, sorted; this one among them where it delivers. */
  readonly nodes: readonly string[];
  /** All shards, in order, after the request was carried out. */
  readonly leases: readonly Lease[];
  /** How long the answer may be trusted, counted from the moment at which the call was *made*; Infinity on a store of one process. */
  readonly leaseMs: number;
  /** The store's wall time, ms. */
  readonly storeNow: number;
}

/**
 * Who owns which shard. Every shard has at most one owner at a time, and an owner may act on it for as long as its last renewal is trusted.
 * On the embedded store the lock on the file makes the one process owner of all of them.
 *
 * Calls end within about two seconds, with an answer or an error: one that hangs would hold up the next renewal until the lease is lost.
 */
export interface Leases {
  /**
   * One step: hears of the node, gives up what is asked, extends every lease that the node still has (also one that has expired, as long as
   * nobody else took it), and takes what is asked and nobody has. Always on the store's time.
   */
  renew(request: LeaseRequest): Promise<LeaseView>;
  /** Gives everything up at once, also what has lapsed, and forgets the node, for a clean hand-over. */
  leave(node: string): Promise<void>;
}
