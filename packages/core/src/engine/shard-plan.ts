import { hashOf } from "./hash-of.ts";
import type { LeaseView } from "../ports/leases.ts";

/** What a process should do about shards, as far as it can tell from the leases. */
export interface ShardPlan {
  /** To take: nobody has them, and they should be this process's. */
  readonly claim: readonly number[];
  /** To give up: they should be another's, and nothing of this process is under way in them. */
  readonly release: readonly number[];
  /** Held, and to be worked on. */
  readonly active: ReadonlySet<number>;
  /** Held, and nothing may start in them: what is under way ends first. */
  readonly draining: ReadonlySet<number>;
  /** Something can be claimed, released or worked on as soon as what is under way has ended. */
  readonly isWaiting: boolean;
}

/**
 * The life of a shard at one process:
 *
 *            claim, nobody has it                  another should have it
 *  not held ──────────────────────► active ─────────────────────────────► draining
 *     ▲                               ▲    it should be ours again, quiet    │
 *     │                               └──────────────────────────────────────┤
 *     └────────────── release, once it is quiet ─────────────────────────────┘
 *
 * Quiet: nothing that this process started in it is in flight or unsettled. A shard is never claimed, worked on again, or given up before
 * that, so limits and order are exact over every hand-over. Pure: the same leases and nodes give every process the same targets, and nobody
 * has to be asked.
 */
export function planShards(
  me: string,
  view: Pick<LeaseView, "nodes" | "leases">,
  activeBefore: ReadonlySet<number>,
  isQuiet: (shard: number) => boolean,
): ShardPlan {
  const nodes = view.nodes.map((node) => ({ node, seed: hashOf(node) }));
  const claim: number[] = [];
  const release: number[] = [];
  const active = new Set<number>();
  const draining = new Set<number>();
  let isWaiting = false;
  for (const { shard, owner } of view.leases) {
    if (owner !== null && owner !== me) continue;
    const isMine = targetOf(shard, nodes) === me;
    if (owner === me && isMine && activeBefore.has(shard)) {
      active.add(shard);
      continue;
    }
    if (owner === null && !isMine) continue;
    const quiet = isQuiet(shard);
    if (!quiet) isWaiting = true;
    if (owner === null) {
      if (quiet) claim.push(shard);
    } else if (isMine && quiet) {
      active.add(shard);
    } else {
      draining.add(shard);
      if (quiet) release.push(shard);
    }
  }
  return { claim, release, active, draining, isWaiting };
}

/**
 * Rendezvous hashing: every node weighs every shard, and the heaviest gets it. A node that comes takes an equal part from each of the
 * others; one that goes leaves only its own. Rejected: dealing the shards out in order (any change moves nearly all), and a ring (uneven
 * without many points for each node).
 */
function targetOf(shard: number, nodes: readonly { readonly node: string; readonly seed: number }[]): string | null {
  let best: string | null = null;
  let heaviest = -1;
  for (const { node, seed } of nodes) {
    const weight = mix(seed ^ Math.imul(shard + 1, 0x9e3779b1));
    // Nodes come sorted, so of two that weigh the same everyone picks the first.
    if (weight > heaviest) {
      heaviest = weight;
      best = node;
    }
  }
  return best;
}

/** MurmurHash3's last step: each bit of the input changes about half of the output's. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
