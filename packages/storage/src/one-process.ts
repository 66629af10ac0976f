import { SHARDS, type Hints, type LeaseView } from "@genhook/core";

/** What a store of one process answers to a renewal: this node has everything, for as long as it lives. */
export function soleOwner(node: string, delivers: boolean): LeaseView {
  return {
    nodes: delivers ? [node] : [],
    leases: Array.from({ length: SHARDS }, (_, shard) => ({ shard, owner: delivers ? node : null, epoch: 1, isLapsed: false })),
    leaseMs: Number.POSITIVE_INFINITY,
    storeNow: Date.now(),
  };
}

/** Hints of a store of one process. */
export const NOBODY_TO_TELL: Hints = {
  tell: () => undefined,
  listen: () => undefined,
  isWorking: true,
};
