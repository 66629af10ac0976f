import { openMemoryCluster, openMemoryStore, type MemoryCluster } from "@genhook/storage";
import { NOW, seededRandom } from "@genhook/testkit";
import { SHARDS, type Leases, type LeaseView } from "@genhook/core";
import { describe, expect, it } from "vitest";
import { Owner } from "../../src/engine/owner.ts";
import { HintNetwork } from "../simulation/network.ts";
import { SimulatedProcess } from "../simulation/simulated-process.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const LEASE_MS = 10_000;
/** Trust ends this long after the renewal was sent. */
const TRUST_MS = 8_000;

/** What the wire to the store does with a renewal. */
interface Wire {
  delayMs: number;
  isAway: boolean;
}

class Node {
  readonly process: SimulatedProcess;
  readonly owner: Owner;
  readonly wire: Wire = { delayMs: 2, isAway: false };
  readonly busy = new Set<number>();
  readonly renewals: number[] = [];
  readonly errors: unknown[] = [];
  readonly gained: { readonly shard: number; readonly isTakeOver: boolean; readonly at: number }[] = [];
  readonly lost: { readonly shard: number; readonly at: number }[] = [];

  constructor(scene: Scene, name: string, delivers = true) {
    const { time, random } = scene;
    this.process = new SimulatedProcess(time, 0, 0);
    const hints = scene.hints.connect(this.process);
    this.owner = new Owner({
      node: name,
      delivers,
      leases: this.#overWire(scene, scene.cluster.connect().leases),
      hints,
      clock: this.process.clock,
      timers: this.process.timers,
      random,
      isQuiet: (shard) => !this.busy.has(shard),
      onChange: (gained, lost) => {
        const at = time.clock.monotonic();
        this.lost.push(...lost.map((shard) => ({ shard, at })));
        this.gained.push(...gained.map((each) => ({ ...each, at })));
      },
      onRenewed: () => undefined,
      onError: (error) => this.errors.push(error),
    });
    hints.listen((hint) => {
      if (hint.kind === "leases") this.owner.renewNow();
    });
  }

  get shards(): number {
    return this.owner.shards.length;
  }

  forget(): void {
    this.gained.length = 0;
    this.lost.length = 0;
    this.renewals.length = 0;
  }

  #overWire({ time }: Scene, leases: Leases): Leases {
    const over = <Value>(call: () => Promise<Value>): Promise<Value> =>
      new Promise((resolve, reject) => {
        const { delayMs, isAway } = this.wire;
        time.after(delayMs / 2, () => {
          if (isAway) this.process.arrive(() => reject(new Error("away")));
          else void call().then((value) => time.after(delayMs / 2, () => this.process.arrive(() => resolve(value))));
        });
      });
    return {
      renew: (request): Promise<LeaseView> => {
        this.renewals.push(time.clock.monotonic());
        return over(() => leases.renew(request));
      },
      leave: (node) => over(() => leases.leave(node)),
    };
  }
}

class Scene {
  readonly time = new VirtualTime(NOW);
  readonly random = seededRandom(7);
  readonly cluster: MemoryCluster = openMemoryCluster({ now: this.time.clock.now, leaseMs: LEASE_MS });
  readonly hints = new HintNetwork(this.time, () => 0.5);

  get now(): number {
    return this.time.clock.monotonic();
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.time.run(this.now + ms);
  }

  async start(name: string, delivers = true): Promise<Node> {
    const node = new Node(this, name, delivers);
    void node.owner.start();
    await this.pass(100);
    return node;
  }
}

describe("an owner alone", () => {
  it("takes every shard at once, and keeps them", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    expect([a.shards, a.owner.isTrusted]).toEqual([SHARDS, true]);
    await scene.pass(60_000);
    expect([a.shards, a.lost, a.owner.isTrusted]).toEqual([SHARDS, [], true]);
    expect(a.renewals.length).toBeLessThan(30);
  });

  it("of a store of one process needs no renewal, and says that its last owner may have crashed", async () => {
    const time = new VirtualTime(NOW);
    const store = openMemoryStore();
    const gained: { readonly isTakeOver: boolean }[] = [];
    const owner = new Owner({
      node: "a",
      delivers: true,
      leases: store.leases,
      hints: store.hints,
      clock: time.clock,
      timers: time.timersOf(() => true),
      random: seededRandom(1),
      isQuiet: () => true,
      onChange: (more) => gained.push(...more),
      onRenewed: () => undefined,
      onError: () => undefined,
    });
    await owner.start();
    await time.run(3_600_000);
    expect([owner.shards.length, owner.isTrusted, gained.length]).toEqual([SHARDS, true, SHARDS]);
    expect(gained.every(({ isTakeOver }) => isTakeOver)).toBe(true);
  });

  it("is trusted from when the renewal was sent, not from when it was answered", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.wire.delayMs = 3_000;
    await scene.pass(6_000);
    const sentAt = a.renewals.at(-2) ?? 0;
    a.wire.isAway = true;
    const answeredAt = sentAt + 3_000;
    expect(answeredAt).toBeLessThanOrEqual(scene.now);
    await scene.time.run(sentAt + TRUST_MS - 1);
    expect(a.owner.isTrusted).toBe(true);
    await scene.time.run(sentAt + TRUST_MS + 3_000);
    expect(a.owner.isTrusted).toBe(false);
  });

  it("tries again soon when a renewal fails, complains once, and goes on as it was when nobody took its shards", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.wire.isAway = true;
    await scene.pass(20_000);
    expect([a.owner.isTrusted, a.errors.length]).toEqual([false, 1]);
    expect(a.renewals.length).toBeGreaterThan(20);
    expect(a.renewals.length).toBeLessThan(80);
    a.wire.isAway = false;
    await scene.pass(1_000);
    expect([a.owner.isTrusted, a.shards, a.lost]).toEqual([true, SHARDS, []]);
    a.wire.isAway = true;
    await scene.pass(3_000);
    expect(a.errors).toHaveLength(2);
  });

  it("makes nothing of an answer that was too long on its way", async () => {
    const scene = new Scene();
    const a = new Node(scene, "a");
    a.wire.delayMs = 2 * TRUST_MS;
    void a.owner.start();
    await scene.pass(2 * TRUST_MS + 5);
    expect([a.owner.isTrusted, a.shards]).toEqual([false, 0]);
    a.wire.delayMs = 2;
    await scene.pass(3 * TRUST_MS);
    expect([a.owner.isTrusted, a.shards]).toEqual([true, SHARDS]);
  });
});

describe("a frozen owner", () => {
  it("is not trusted when it wakes, before any timer has fired", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.process.freeze(false);
    await scene.pass(TRUST_MS);
    a.process.thaw();
    expect(a.owner.isTrusted).toBe(false);
    await scene.pass(100);
    expect([a.owner.isTrusted, a.shards]).toEqual([true, SHARDS]);
  });

  it("is not trusted either when the monotonic clock stood still with the machine", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const before = a.process.clock.monotonic();
    a.process.freeze(true);
    await scene.pass(TRUST_MS);
    a.process.thaw();
    expect(a.process.clock.monotonic() - before).toBeLessThan(1_000);
    expect(a.owner.isTrusted).toBe(false);
    await scene.pass(3_000);
    expect(a.owner.isTrusted).toBe(true);
  });

  it("is not trusted when the machine slept and its wall clock was set back meanwhile: its clocks do not tell", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.process.freeze(true);
    await scene.pass(2 * TRUST_MS);
    a.process.stepClock(-3_600_000);
    a.process.thaw();
    expect(a.owner.isTrusted).toBe(false);
    await scene.pass(3_000);
    expect(a.owner.isTrusted).toBe(true);
  });

  it("does not take a wall clock that was set back for time that it has left", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.wire.isAway = true;
    a.process.stepClock(-3_600_000);
    await scene.pass(TRUST_MS + 100);
    expect(a.owner.isTrusted).toBe(false);
  });

  it("lets go of what another took meanwhile, and gets it back as given up", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    const own = a.owner.shards;
    a.process.freeze(false);
    await scene.pass(20_000);
    expect(b.shards).toBe(SHARDS);
    a.forget();
    b.forget();
    a.process.thaw();
    await scene.pass(5_000);
    expect(a.lost.map(({ shard }) => shard)).toEqual(own);
    expect(a.gained.map(({ shard }) => shard)).toEqual(own);
    expect(a.gained.every(({ isTakeOver }) => !isTakeOver)).toBe(true);
    expect(b.lost.map(({ shard }) => shard)).toEqual(own);
  });

  it("loses a shard that another had and gave up in between, and gains it anew", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    a.wire.isAway = true;
    await scene.pass(LEASE_MS + 1_000);
    const other = scene.cluster.connect().leases;
    await other.renew({ node: "b", delivers: true, claim: [5], release: [] });
    await other.leave("b");
    a.forget();
    a.wire.isAway = false;
    await scene.pass(1_500);
    expect(a.lost.map(({ shard }) => shard)).toEqual([5]);
    expect(a.gained.map(({ shard }) => shard)).toEqual([5]);
    expect(a.shards).toBe(SHARDS);
  });
});

describe("a hand-over", () => {
  it("to a node that has come takes a few renewals, and each shard has at most one owner all the while", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    for (let ms = 0; ms < 5_000; ms += 10) {
      await scene.pass(10);
      expect(a.owner.shards.filter((shard) => b.owner.owns(shard))).toEqual([]);
    }
    expect(a.shards + b.shards).toBe(SHARDS);
    expect(b.shards).toBeGreaterThan(90);
    expect(b.gained.every(({ isTakeOver }) => !isTakeOver)).toBe(true);
    // Once it was known of, which takes at most the time to the next renewal.
    const givenUpAt = a.lost[0]?.at ?? 0;
    expect(Math.max(...b.gained.map(({ at }) => at)) - givenUpAt).toBeLessThan(1_000);
  });

  it("of a clean stop takes less than a second", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    const stoppedAt = scene.now;
    a.owner.retire();
    await scene.pass(500);
    expect([a.shards, b.shards]).toEqual([0, SHARDS]);
    b.forget();
    await Promise.all([a.owner.stop(), scene.pass(500)]);
    expect(Math.max(stoppedAt, ...b.gained.map(({ at }) => at)) - stoppedAt).toBeLessThan(1_000);
    await scene.pass(30_000);
    expect([b.shards, b.lost]).toEqual([SHARDS, []]);
  });

  it("waits for what is under way, and for nothing else", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    const [slow = -1] = a.owner.shards;
    a.busy.add(slow);
    a.owner.retire();
    await scene.pass(500);
    expect([a.owner.owns(slow), b.owner.owns(slow), b.shards]).toEqual([false, false, SHARDS - 1]);
    expect(scene.cluster.ownerOf(slow)).toBe("a");
    await scene.pass(20_000);
    expect(scene.cluster.ownerOf(slow)).toBe("a");
    a.busy.clear();
    await scene.pass(500);
    expect([b.owner.owns(slow), b.gained.at(-1)?.isTakeOver]).toEqual([true, false]);
  });

  it("whose hints are lost comes with the next renewal", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    scene.hints.isUp = false;
    await Promise.all([a.owner.stop(), scene.pass(3_000)]);
    expect(b.shards).toBe(SHARDS);
  });
});

describe("a node that dies", () => {
  it("is replaced within its lease, and its shards are known to be taken over", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    const left = a.owner.shards;
    b.forget();
    a.process.kill();
    await scene.pass(LEASE_MS + 2_600);
    expect(b.gained.map(({ shard }) => shard)).toEqual(left);
    expect(b.gained.every(({ isTakeOver }) => isTakeOver)).toBe(true);
  });

  it("while it was stopping leaves nothing behind: no renewal overtakes the farewell", async () => {
    const scene = new Scene();
    const a = await scene.start("a");
    const b = await scene.start("b");
    await scene.pass(10_000);
    a.wire.delayMs = 800;
    a.owner.renewNow();
    await scene.pass(10);
    a.wire.delayMs = 2;
    await Promise.all([a.owner.stop(), scene.pass(1_500)]);
    expect(b.shards).toBe(SHARDS);
  });
});

it("a node that does not deliver owns nothing, and is trusted to know the time", async () => {
  const scene = new Scene();
  const api = await scene.start("api", false);
  await scene.pass(30_000);
  expect([api.shards, api.owner.isTrusted]).toEqual([0, true]);
  const a = await scene.start("a");
  await scene.pass(1_000);
  expect([api.shards, a.shards]).toEqual([0, SHARDS]);
});
