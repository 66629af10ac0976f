import { SHARDS } from "@genhook/core";
import { openMemoryCluster } from "@genhook/storage";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planShards, type ShardPlan } from "../../src/engine/shard-plan.ts";
import type { Lease } from "../../src/ports/leases.ts";

const LEASE_MS = 10_000;
const quiet = (): boolean => true;

function lease(shard: number, owner: string | null, more: Partial<Lease> = {}): Lease {
  return { shard, owner, epoch: 1, isLapsed: false, ...more };
}

const all = (owner: string | null): Lease[] => Array.from({ length: SHARDS }, (_, shard) => lease(shard, owner));

/** Nodes that renew in turn on one store, each by its own plan; time moves by a second a round. */
class Nodes {
  now = 1_000_000;
  readonly cluster = openMemoryCluster({ now: () => this.now, leaseMs: LEASE_MS });
  readonly store = this.cluster.connect();
  readonly plans = new Map<string, ShardPlan>();
  /** `shard node` of what is not quiet. */
  readonly busy = new Set<string>();

  join(node: string): void {
    this.plans.set(node, { claim: [], release: [], active: new Set(), draining: new Set(), isWaiting: false });
  }

  kill(node: string): void {
    this.plans.delete(node);
  }

  async leave(node: string): Promise<void> {
    this.plans.delete(node);
    await this.store.leases.leave(node);
  }

  async round(): Promise<void> {
    this.now += 1_000;
    for (const [node, { claim, release, active }] of this.plans) {
      const view = await this.store.leases.renew({ node, delivers: true, claim, release });
      this.plans.set(
        node,
        planShards(node, view, active, (shard) => !this.busy.has(`${shard} ${node}`)),
      );
    }
  }

  async settle(rounds: number): Promise<void> {
    for (let n = 0; n < rounds; n += 1) await this.round();
  }

  owners(): (string | null)[] {
    return Array.from({ length: SHARDS }, (_, shard) => this.cluster.ownerOf(shard));
  }

  /** Who would start attempts in a shard. */
  activeIn(shard: number): string[] {
    return [...this.plans].filter(([, { active }]) => active.has(shard)).map(([node]) => node);
  }
}

describe("planShards", () => {
  it("one node claims all that nobody has, and keeps what it has", () => {
    expect(planShards("a", { nodes: ["a"], leases: all(null) }, new Set(), quiet).claim).toHaveLength(SHARDS);
    const kept = planShards("a", { nodes: ["a"], leases: all("a") }, new Set([3]), quiet);
    expect([kept.claim, kept.release, kept.active.size, kept.isWaiting]).toEqual([[], [], SHARDS, false]);
  });

  it("leaves another's shards alone, also when that node has not been heard of", () => {
    const plan = planShards("a", { nodes: ["a"], leases: all("gone") }, new Set(), quiet);
    expect([plan.claim, plan.release, plan.active.size]).toEqual([[], [], 0]);
  });

  it("takes what lapsed like what was given up", () => {
    const leases = all(null).map((each) => ({ ...each, isLapsed: true }));
    expect(planShards("a", { nodes: ["a"], leases }, new Set(), quiet).claim).toHaveLength(SHARDS);
  });

  it("gives up everything when it delivers no more, and takes nothing", () => {
    const shards = new Set(Array.from({ length: SHARDS }, (_, shard) => shard));
    const retired = planShards("a", { nodes: [], leases: all("a") }, shards, (shard) => shard !== 7);
    expect([retired.release.length, retired.draining.size, retired.active.size, retired.isWaiting]).toEqual([SHARDS - 1, SHARDS, 0, true]);
    expect(planShards("a", { nodes: ["b"], leases: all(null) }, new Set(), quiet).claim).toEqual([]);
  });

  it("neither claims, nor works on again, nor gives up a shard in which something is still under way", () => {
    const busy = (): boolean => false;
    const [claiming, back] = [all(null), all("a")].map((leases) => planShards("a", { nodes: ["a"], leases }, new Set(), busy));
    expect([claiming?.claim, claiming?.isWaiting]).toEqual([[], true]);
    expect([back?.active.size, back?.draining.size, back?.release, back?.isWaiting]).toEqual([0, SHARDS, [], true]);
    const going = planShards("a", { nodes: ["b"], leases: all("a") }, new Set(), busy);
    expect([going.release, going.draining.size, going.isWaiting]).toEqual([[], SHARDS, true]);
  });

  it("deals shards out evenly", async () => {
    const nodes = new Nodes();
    for (const node of ["node-1", "node-2", "node-3", "node-4"]) nodes.join(node);
    await nodes.settle(5);
    for (const { active } of nodes.plans.values()) {
      expect(active.size).toBeGreaterThan(SHARDS / 4 - 25);
      expect(active.size).toBeLessThan(SHARDS / 4 + 25);
    }
  });
});

const names = fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 6 });

describe("the cluster that follows from the plans", () => {
  it("a node that comes takes only what becomes its own, and one that goes leaves only its own", async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.boolean(), async ([first = "", ...others], isClean) => {
        const nodes = new Nodes();
        for (const node of others) nodes.join(node);
        await nodes.settle(4);
        const before = nodes.owners();
        nodes.join(first);
        await nodes.settle(4);
        const together = nodes.owners();
        for (let shard = 0; shard < SHARDS; shard += 1) if (together[shard] !== first) expect(together[shard]).toBe(before[shard]);
        expect(together.filter((owner) => owner === first).length).toBeGreaterThan(0);
        if (isClean) await nodes.leave(first);
        else nodes.kill(first);
        await nodes.settle(isClean ? 3 : LEASE_MS / 1_000 + 3);
        expect(nodes.owners()).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  it("comes to one owner for each shard within a few rounds of the last change, and never has two that work on one", async () => {
    const change = fc.record({
      act: fc.constantFrom("join", "leave", "kill", "busy", "quiet", "round"),
      at: fc.nat(7),
      shard: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const nodes = new Nodes();
        let joined = 1;
        nodes.join("node-0");
        for (const { act, at, shard } of changes) {
          const node = [...nodes.plans.keys()][at % Math.max(1, nodes.plans.size)] ?? "";
          if (act === "join") nodes.join(`node-${joined++}`);
          else if (act === "leave" && nodes.plans.size > 1) await nodes.leave(node);
          else if (act === "kill" && nodes.plans.size > 1) nodes.kill(node);
          else if (act === "busy" && nodes.activeIn(shard)[0] === node) nodes.busy.add(`${shard} ${node}`);
          else if (act === "quiet") nodes.busy.delete(`${shard} ${node}`);
          else await nodes.round();
          for (let each = 0; each < SHARDS; each += 1) expect(nodes.activeIn(each).length).toBeLessThanOrEqual(1);
          for (const key of nodes.busy) {
            const [busyShard = "", owner = ""] = key.split(" ");
            // What is under way is still its own, unless its node is gone and the lease has run out.
            if (nodes.plans.has(owner)) expect(nodes.cluster.ownerOf(Number(busyShard))).toBe(owner);
          }
        }
        nodes.busy.clear();
        await nodes.settle(LEASE_MS / 1_000 + 4);
        for (let shard = 0; shard < SHARDS; shard += 1) {
          expect(nodes.activeIn(shard)).toEqual([nodes.cluster.ownerOf(shard)]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
