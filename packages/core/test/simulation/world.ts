import { openMemoryCluster, openMemoryStore, type MemoryCluster, type MemoryWatcher } from "@genhook/storage";
import { buildCommit, NOW, seededRandom } from "@genhook/testkit";
import {
  CLOCK_JUMP_MAX_MS,
  dayOfTime,
  deliveryId,
  millisecondsOf,
  SLOW_SHARE,
  type DirectoryStore,
  type EventStore,
  type Published,
  type Store,
} from "@genhook/core";
import { Breaches } from "./breaches.ts";
import { watchBreakers } from "./breaker-watch.ts";
import { CrashPoints } from "./crash-points.ts";
import { meddle } from "./developer.ts";
import { EndpointLimits } from "./endpoint-limits.ts";
import { Fleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { HintNetwork } from "./network.ts";
import type { Population, Publication } from "./population.ts";
import { ENDPOINT_CONCURRENCY, SimulatedNode } from "./simulated-node.ts";
import { ThreeApps } from "./three-apps.ts";
import { Transitions } from "./transitions.ts";
import { Truth } from "./truth.ts";
import { VirtualTime } from "./virtual-time.ts";
import { Waits } from "./waits.ts";

const LEASE_MS = 10_000;
const NODES_MAX = 4;
const MINUTE_MS = 60_000;

/** One arrival at a simulated endpoint. */
export interface Arrival {
  readonly deliveryId: string;
  readonly subscription: number;
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly isSuccess: boolean;
  /** Its process has cut it off at its stop: it does not count, and is made again. */
  isCutOff: boolean;
}

export interface WorldOptions {
  readonly seed: number;
  /** Several processes on one store; false: the store of one process. */
  readonly isShared: boolean;
  readonly storeFails: boolean;
  readonly retryWaitsMs: readonly number[];
  /** Two thousand endpoints that are there from the beginning, instead of three apps that make their webhooks as they go. */
  readonly isFleet?: boolean;
  /** Some orders are answered 500 by ordered webhooks until calm comes: their dead letters block order keys. */
  readonly hasPoison?: boolean;
  /** How long a delivery to a healthy endpoint may wait for its first attempt, and after a misfortune, ms. */
  readonly waitMaxMs?: number;
  /** Share of the events and misfortunes of the scenario: less shows a breach more plainly. 1 without. */
  readonly scale?: number;
}

/** What was done to the world, to be printed. */
export interface Injected {
  /** Processes that died: at a time, and at a point of their work. */
  kills: number;
  crashes: number;
  freezes: number;
  suspensions: number;
  cutOffs: number;
  stops: number;
  joins: number;
  clockSteps: number;
  changes: number;
  replayJobs: number;
}

/** A whole Genhook on the memory store, with a network, publishers, developers and misfortune, all from one seed. */
export class World {
  readonly time: VirtualTime = new VirtualTime(NOW);
  readonly store: Store;
  readonly breaches: Breaches = new Breaches();
  readonly transitions: Transitions = new Transitions();
  readonly ledger: Ledger;
  readonly truth: Truth;
  readonly limits: EndpointLimits;
  readonly waits: Waits;
  readonly population: Population;
  readonly crashPoints: CrashPoints;
  readonly hints: HintNetwork;
  readonly random: () => number;
  readonly accepted = new Map<string, number>();
  readonly arrivals: Arrival[] = [];
  readonly errors: string[] = [];
  readonly injected: Injected = {
    kills: 0,
    crashes: 0,
    freezes: 0,
    suspensions: 0,
    cutOffs: 0,
    stops: 0,
    joins: 0,
    clockSteps: 0,
    changes: 0,
    replayJobs: 0,
  };
  isCalm = false;
  nodes: SimulatedNode[] = [];
  readonly options: WorldOptions;
  readonly #cluster: MemoryCluster | null;
  readonly #publications = new Map<number, Publication>();
  #booted = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    const { clock } = this.time;
    const random = seededRandom(options.seed);
    this.random = random;
    watchBreakers(this.transitions);
    this.hints = new HintNetwork(this.time, random);
    this.crashPoints = new CrashPoints(random);
    this.population = this.#populate();
    const roundAttempts = options.retryWaitsMs.length + 1;
    this.ledger = new Ledger(this.breaches, this.transitions, roundAttempts);
    this.waits = new Waits(this.breaches, clock.monotonic, options.waitMaxMs ?? Number.POSITIVE_INFINITY);
    this.limits = this.#makeLimits();
    const watcher = this.#watcher();
    this.#cluster = options.isShared ? openMemoryCluster({ now: clock.now, leaseMs: LEASE_MS, watcher }) : null;
    const store = this.#cluster?.connect() ?? openMemoryStore(watcher);
    this.store = { ...store, directory: this.#watched(store.directory), events: this.#recorded(store.events) };
    this.truth = new Truth({
      breaches: this.breaches,
      now: clock.monotonic,
      wallNow: clock.now,
      ownerOf: (shard) => (this.#cluster === null ? (this.nodes[0]?.name ?? null) : this.#cluster.ownerOf(shard)),
      concurrencyMax: ENDPOINT_CONCURRENCY,
      roundAttempts,
      logOf: (delivery) => this.store.log.ofDelivery(delivery),
    });
    this.store = { ...this.store, sequences: this.truth.numbers.watched(store.sequences) };
    this.time.onStep = (): void => {
      this.ledger.check();
      this.waits.check();
      this.breaches.throwFirst();
    };
  }

  #populate(): Population {
    const { random, options } = this;
    const isCalm = (): boolean => this.isCalm;
    if (options.isFleet === true) return new Fleet({ random, isCalm, now: this.time.clock.monotonic });
    return new ThreeApps({ random, isCalm, hasPoison: options.hasPoison === true });
  }

  #makeLimits(): EndpointLimits {
    const { breaches, time, options, population } = this;
    const slots = population.attemptsInFlightMax;
    return new EndpointLimits({
      breaches,
      now: time.clock.monotonic,
      slots,
      slowSlots: Math.floor(slots * SLOW_SHARE),
      isExact: !options.isShared,
    });
  }

  #watcher(): MemoryWatcher {
    const { ledger, waits, population } = this;
    return {
      inserted: ledger.inserted,
      removed: ledger.removed,
      written: ledger.written,
      accepted: (event) => {
        ledger.accepted(event);
        for (const { subscription } of event.owes) {
          if (population.isHealthy(subscription)) waits.accepted(deliveryId({ eventId: event.id, subscription }));
        }
      },
    };
  }

  /** Events and misfortunes of a scenario, by the world's scale. */
  scaled(count: number): number {
    return Math.max(1, Math.round(count * (this.options.scale ?? 1)));
  }

  /** The same for the same number, however often it is asked for. */
  publication(n: number): Publication {
    let publication = this.#publications.get(n);
    if (publication === undefined) this.#publications.set(n, (publication = this.population.publication(n)));
    return publication;
  }

  async begin(nodes: number): Promise<void> {
    await this.store.directory.commit(buildCommit(this.population.commit), 1);
    for (let n = 0; n < nodes; n += 1) this.boot();
  }

  /** Whether a process dies at this point of its work. */
  dies(node: SimulatedNode, point: string): boolean {
    if (this.isCalm || !node.process.isAlive || !this.crashPoints.strikes(point)) return false;
    this.injected.crashes += 1;
    this.#end(node);
    return true;
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
    this.#end(node);
  }

  #end(node: SimulatedNode): void {
    this.truth.excuse(node.name);
    node.process.kill();
    this.#restart(node, 50 + this.random() * (this.options.isShared ? 15_000 : 3_000));
  }

  /** SIGTERM, and a new process after it. */
  stop(node: SimulatedNode | undefined = this.node): void {
    if (node === undefined || node.isStopping) return;
    this.injected.stops += 1;
    // Some are given no time: what is under way is cut off, and does not count.
    void node.stop(this.random() < 0.25 ? 100 : undefined);
  }

  /** SIGSTOP and SIGCONT; or the machine sleeps. */
  freeze(isSuspended: boolean): void {
    const node = this.pick(this.nodes.filter((each) => !each.process.isFrozen));
    if (node === undefined) return;
    this.injected[isSuspended ? "suspensions" : "freezes"] += 1;
    this.truth.excuse(node.name);
    node.process.freeze(isSuspended);
    this.time.after(this.random() < 0.5 ? this.random() * 3_000 : this.random() * 30_000, () => {
      node.process.thaw();
      this.waits.disturbed();
    });
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
      this.waits.disturbed();
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

  /** Retention passes for a few deliveries that are owed. */
  expire(): void {
    const now = this.time.clock.now();
    void this.store.retention.expireThrough(dayOfTime(now), now, 1 + Math.floor(this.random() * 3));
  }

  meddle(): void {
    this.injected.changes += 1;
    const { node } = this;
    if (node !== undefined) void meddle(this, node).catch(() => undefined);
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
      this.breaches.add("answers", `event ${id} was accepted ${agoMs} ms ago`);
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  #restart(node: SimulatedNode, afterMs: number): void {
    this.nodes = this.nodes.filter((each) => each !== node);
    this.limits.forget(node.name);
    this.waits.disturbed();
    this.time.after(afterMs, () => {
      this.waits.disturbed();
      this.boot();
    });
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
