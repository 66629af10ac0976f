import { openMemoryCluster, openMemoryStore, type MemoryCluster } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, NOW, seededRandom } from "@genhook/testkit";
import { CLOCK_JUMP_MAX_MS, millisecondsOf, type DirectoryStore, type EventStore, type Published, type Store } from "@genhook/core";
import { HintNetwork } from "./network.ts";
import { APPS, ENDPOINT_CONCURRENCY, SimulatedNode } from "./simulated-node.ts";
import { Truth } from "./truth.ts";
import { VirtualTime } from "./virtual-time.ts";

const LEASE_MS = 10_000;
const NODES_MAX = 4;
const MINUTE_MS = 60_000;

/** One arrival at a simulated endpoint. */
export interface Arrival {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly isSuccess: boolean;
}

export interface WorldOptions {
  readonly seed: number;
  /** Several processes on one store; false: the store of one process. */
  readonly isShared: boolean;
  readonly storeFails: boolean;
  readonly retryWaitsMs: readonly number[];
  /** Some orders are answered 500 by ordered webhooks until calm comes: their dead letters block order keys. */
  readonly hasPoison?: boolean;
}

/** What was done to the world, to be printed. */
export interface Injected {
  kills: number;
  freezes: number;
  suspensions: number;
  cutOffs: number;
  stops: number;
  joins: number;
  clockSteps: number;
  changes: number;
}

/** A whole Genhook on the memory store, with a network, publishers, developers and misfortune, all from one seed. */
export class World {
  readonly time: VirtualTime = new VirtualTime(NOW);
  readonly store: Store;
  readonly truth: Truth;
  readonly hints: HintNetwork;
  readonly random: () => number;
  readonly accepted = new Map<string, number>();
  readonly arrivals: Arrival[] = [];
  readonly errors: string[] = [];
  readonly injected: Injected = { kills: 0, freezes: 0, suspensions: 0, cutOffs: 0, stops: 0, joins: 0, clockSteps: 0, changes: 0 };
  isCalm = false;
  nodes: SimulatedNode[] = [];
  readonly options: WorldOptions;
  readonly #cluster: MemoryCluster | null;
  #booted = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
    this.hints = new HintNetwork(this.time, this.random);
    this.#cluster = options.isShared ? openMemoryCluster({ now: this.time.clock.now, leaseMs: LEASE_MS }) : null;
    const store = this.#cluster?.connect() ?? openMemoryStore();
    this.store = { ...store, directory: this.#watched(store.directory), events: this.#recorded(store.events) };
    this.truth = new Truth({
      now: this.time.clock.monotonic,
      wallNow: this.time.clock.now,
      ownerOf: (shard) => (this.#cluster === null ? (this.nodes[0]?.name ?? null) : this.#cluster.ownerOf(shard)),
      concurrencyMax: ENDPOINT_CONCURRENCY,
      logOf: (delivery) => this.store.log.ofDelivery(delivery),
    });
    this.store = { ...this.store, sequences: this.truth.numbers.watched(store.sequences) };
  }

  async begin(nodes: number): Promise<void> {
    const apps = Array.from({ length: APPS }, (_, index) => buildApp(index + 1));
    await this.store.directory.commit(
      buildCommit({
        counters: { shop: 2, app: APPS + 1, subscription: 8_589_934_859 },
        shops: [buildShop(1)],
        apps,
        installations: apps.map((app) => buildInstallation(app.id, 1, { scopes: ["read_orders", "write_apps"] })),
      }),
      1,
    );
    for (let n = 0; n < nodes; n += 1) this.boot();
  }

  boot(role = ""): void {
    this.#booted += 1;
    const name = `node-${this.#booted}${role}`;
    const node = new SimulatedNode(this, name);
    this.nodes.push(node);
    void node.start();
  }

  /** A node that serves, if there is one. */
  get node(): SimulatedNode | undefined {
    return this.pick(this.nodes.filter((node) => node.isReady && !node.process.isFrozen));
  }

  join(): void {
    if (this.nodes.length >= NODES_MAX) return;
    this.injected.joins += 1;
    this.boot();
  }

  /** SIGKILL: what was not in the store is gone. It comes up again a little later. */
  kill(node: SimulatedNode | undefined = this.pick(this.nodes)): void {
    if (node === undefined) return;
    this.injected.kills += 1;
    this.truth.excuse(node.name);
    node.process.kill();
    this.#restart(node, 50 + this.random() * (this.options.isShared ? 15_000 : 3_000));
  }

  /** SIGTERM, and a new process after it. */
  stop(node: SimulatedNode | undefined = this.node): void {
    if (node === undefined || node.isStopping) return;
    this.injected.stops += 1;
    void node.stop();
  }

  /** SIGSTOP and SIGCONT; or the machine sleeps. */
  freeze(isSuspended: boolean): void {
    const node = this.pick(this.nodes.filter((each) => !each.process.isFrozen));
    if (node === undefined) return;
    this.injected[isSuspended ? "suspensions" : "freezes"] += 1;
    this.truth.excuse(node.name);
    node.process.freeze(isSuspended);
    this.time.after(this.random() < 0.5 ? this.random() * 3_000 : this.random() * 30_000, () => node.process.thaw());
  }

  /** Nothing goes between a node and the store for a while. */
  cutOff(): void {
    const node = this.pick(this.nodes.filter((each) => !each.isCutOff));
    if (node === undefined) return;
    this.injected.cutOffs += 1;
    this.truth.excuse(node.name);
    node.isCutOff = true;
    this.time.after(this.random() * 25_000, () => {
      node.isCutOff = false;
    });
  }

  stepClock(): void {
    this.injected.clockSteps += 1;
    this.pick(this.nodes)?.process.stepClock((this.random() - 0.5) * 7_200_000);
  }

  /** Somebody passes dead letters over that block order keys, or sends them again; one of them, or all. */
  async lift(count: number): Promise<void> {
    const { node } = this;
    if (node === undefined) return;
    const blocks = await this.store.ordered.blocks(null, { after: null }, 1_000);
    for (let n = 0; n < Math.min(count, blocks.length); n += 1) {
      const block = count >= blocks.length ? blocks[n] : this.pick(blocks);
      if (block === undefined) return;
      if (this.random() < 0.5) {
        this.truth.order.lifted.add(block.eventId);
        await node.deliveries.blockedKeys.skip(block).catch(() => undefined);
      } else await node.deliveries.replay(block).catch(() => undefined);
    }
  }

  meddle(): void {
    this.injected.changes += 1;
    void this.node?.meddle().catch(() => undefined);
  }

  /** A process has come to its end by itself. */
  ended(node: SimulatedNode): void {
    if (!node.process.isAlive) return;
    node.process.kill();
    this.#restart(node, this.random() * 5_000);
  }

  wasAccepted({ id, deliveries, duplicate }: Published): void {
    this.accepted.set(id, deliveries);
    const agoMs = this.time.clock.now() - millisecondsOf(id);
    if (!duplicate && (agoMs < -CLOCK_JUMP_MAX_MS || agoMs > MINUTE_MS))
      this.truth.breaches.push(`event ${id} was accepted ${agoMs} ms ago`);
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  #restart(node: SimulatedNode, afterMs: number): void {
    this.nodes = this.nodes.filter((each) => each !== node);
    this.time.after(afterMs, () => this.boot());
  }

  /** Notes in which order events were accepted, as the store gives places to them. */
  #recorded(events: EventStore): EventStore {
    return {
      ...events,
      append: async (group, directoryVersion) => {
        const outcome = await events.append(group, directoryVersion);
        if (outcome.kind === "committed") {
          for (const [index, event] of group.entries()) if (outcome.results[index]?.kind === "accepted") this.truth.order.accepted(event);
        }
        return outcome;
      },
    };
  }

  #watched(directory: DirectoryStore): DirectoryStore {
    const commit: DirectoryStore["commit"] = async (change, expectedVersion) => {
      const outcome = await directory.commit(change, expectedVersion);
      if (outcome.kind === "committed") this.truth.committed(change, outcome.version);
      return outcome;
    };
    return new Proxy(directory, {
      get: (target, name) => {
        if (name === "commit") return commit;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? (...args: unknown[]): unknown => Reflect.apply(member, target, args) : member;
      },
    });
  }
}
