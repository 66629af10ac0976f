import { SHARDS, type LeaseRequest, type Leases, type LeaseView } from "@genhook/core";

interface Row {
  owner: string | null;
  epoch: number;
  expiresAt: number;
}

/** Leases of several processes on one memory store; a step is one turn, so it cannot be interrupted. */
export class MemoryLeases implements Leases {
  readonly #now: () => number;
  readonly #leaseMs: number;
  readonly #rows: readonly Row[] = Array.from({ length: SHARDS }, () => ({ owner: null, epoch: 0, expiresAt: 0 }));
  readonly #nodes = new Map<string, { readonly delivers: boolean; readonly heardAt: number }>();

  constructor(now: () => number, leaseMs: number) {
    this.#now = now;
    this.#leaseMs = leaseMs;
  }

  ownerOf(shard: number): string | null {
    const row = this.#rows[shard];
    return row === undefined || row.expiresAt <= this.#now() ? null : row.owner;
  }

  renew({ node, delivers, claim, release }: LeaseRequest): Promise<LeaseView> {
    const now = this.#now();
    const expiresAt = now + this.#leaseMs;
    this.#nodes.set(node, { delivers, heardAt: now });
    for (const row of this.#chosen(release)) if (row.owner === node) row.owner = null;
    for (const row of this.#rows) if (row.owner === node) row.expiresAt = expiresAt;
    for (const row of this.#chosen(claim)) {
      if (row.owner === node || (row.owner !== null && row.expiresAt > now)) continue;
      row.owner = node;
      row.epoch += 1;
      row.expiresAt = expiresAt;
    }
    const nodes = [...this.#nodes].filter(([, each]) => each.delivers && each.heardAt > now - this.#leaseMs).map(([name]) => name);
    return Promise.resolve({
      nodes: nodes.sort(),
      leases: this.#rows.map(({ owner, epoch, expiresAt: until }, shard) => {
        const isLapsed = owner !== null && until <= now;
        return { shard, owner: isLapsed ? null : owner, epoch, isLapsed };
      }),
      leaseMs: this.#leaseMs,
      storeNow: now,
    });
  }

  leave(node: string): Promise<void> {
    for (const row of this.#rows) if (row.owner === node) row.owner = null;
    this.#nodes.delete(node);
    return Promise.resolve();
  }

  #chosen(shards: readonly number[]): Row[] {
    return shards.flatMap((shard) => this.#rows[shard] ?? []);
  }
}
