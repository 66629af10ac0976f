import {
  DirectoryService,
  Engine,
  endPassedHolds,
  laneOf,
  shardOf,
  StoreClock,
  suspendEndpoint,
  type AttemptRequest,
  type DecideChange,
  type EndpointState,
  type EndpointStates,
  type Outcome,
  type Store,
  type Subscription,
} from "@genhook/core";
import { openMemoryCluster, openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, NOW, seededRandom } from "@genhook/testkit";
import { HintNetwork } from "./network.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { VirtualTime } from "./virtual-time.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** One request as it started; `endedAt` once it was answered. */
export interface Attempt {
  readonly at: number;
  readonly node: string;
  readonly subscription: number;
  readonly eventId: string;
  /** Requests of the endpoint that were under way, this one included. */
  readonly concurrent: number;
}

/** What an app would be told, in order. */
export interface Said {
  readonly at: number;
  readonly what: string;
}

/** How an endpoint answers: a status, `Retry-After` behind it, or no answer in time. */
export type Behaviour = (request: AttemptRequest) => number | "timeout" | { readonly status: number; readonly retryAfter: string };

export interface EndpointWorldOptions {
  readonly subscriptions: readonly Subscription[];
  readonly behave: Behaviour;
  readonly seed?: number;
  /** Several processes may run at once. One alone has no leases to renew, so its days pass faster. */
  readonly isShared?: boolean;
  /** How long an answer takes, ms. */
  readonly answerMs?: number;
  /** How long writing a request keeps its process busy, ms. */
  readonly writeMs?: number;
}

/** One shop, one app, a few endpoints, and processes that come and go on one store, in virtual time. */
export class EndpointWorld {
  readonly time: VirtualTime = new VirtualTime(NOW);
  readonly random: () => number;
  readonly attempts: Attempt[] = [];
  readonly said: Said[] = [];
  readonly errors: string[] = [];
  /** When each endpoint's state was written. */
  readonly saves = new Map<string, number[]>();
  readonly options: EndpointWorldOptions;
  readonly #connect: () => Store;
  readonly #ownerOf: (shard: number) => string | null;
  readonly network: HintNetwork;
  readonly nodes: EndpointNode[] = [];
  readonly inFlight = new Map<string, number>();
  #booted = 0;
  behave: Behaviour;
  /** States of endpoints cannot be written just now. */
  isStoreAway = false;
  /** How long it takes to read them, ms. */
  statesReadMs = 0;

  constructor(options: EndpointWorldOptions) {
    this.options = options;
    this.behave = options.behave;
    this.random = seededRandom(options.seed ?? 1);
    this.network = new HintNetwork(this.time, this.random);
    if (options.isShared === true) {
      const cluster = openMemoryCluster({ now: () => this.time.clock.now(), leaseMs: 10_000 });
      this.#connect = () => cluster.connect();
      this.#ownerOf = cluster.ownerOf;
    } else {
      const store = openMemoryStore();
      this.#connect = () => store;
      this.#ownerOf = () => this.nodes[0]?.name ?? null;
    }
  }

  async begin(nodes: number = 1): Promise<void> {
    const store = this.#connect();
    await store.directory.commit(
      buildCommit({
        at: NOW,
        shops: [buildShop(1)],
        apps: [buildApp(1)],
        installations: [buildInstallation(1, 1)],
        subscriptions: this.options.subscriptions,
      }),
      1,
    );
    for (let n = 0; n < nodes; n += 1) this.boot();
    await this.run(15 * SECOND);
  }

  get now(): number {
    return this.time.clock.monotonic();
  }

  /** Lets time pass. */
  run(forMs: number): Promise<void> {
    return this.time.run(this.now + forMs);
  }

  boot(): EndpointNode {
    this.#booted += 1;
    const node = new EndpointNode(this, `node ${this.#booted}`, this.#connect());
    this.nodes.push(node);
    void node.start();
    return node;
  }

  /** SIGKILL. */
  kill(node: EndpointNode): void {
    node.process.isAlive = false;
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  /** SIGTERM. */
  async stop(node: EndpointNode): Promise<void> {
    const stopped = node.engine.stop(SECOND);
    await this.run(10 * SECOND);
    await stopped;
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  get any(): EndpointNode {
    const [node] = this.nodes;
    if (node === undefined) throw new Error("no process is left");
    return node;
  }

  /** The process that owns an endpoint; undefined between two owners. */
  ownerOf(endpoint: string): EndpointNode | undefined {
    const owner = this.#ownerOf(shardOf(endpoint));
    return this.nodes.find((node) => node.name === owner);
  }

  /** An event for these subscriptions, as a publisher would have it committed. */
  async publish(subscriptions: readonly Subscription[], through: EndpointNode = this.any): Promise<void> {
    const acceptedAt = this.time.clock.now();
    const event = buildEvent(subscriptions, { acceptedAt });
    const outcome = await through.store.events.append([event], await through.store.directory.version());
    if (outcome.kind === "committed") through.engine.handOver(event);
  }

  async pending(subscription: Subscription): Promise<number> {
    return (await this.any.store.tasks.measureLanes([laneOf(subscription)], 1_000_000)).count;
  }

  async change<Value>(decide: DecideChange<Value>, through: EndpointNode = this.any): Promise<void> {
    const result = await through.directory.change(decide);
    if (!result.ok) throw new Error(result.refusal.message);
  }

  async stateOf(endpoint: string): Promise<EndpointState | null> {
    const owner = this.ownerOf(endpoint);
    return owner?.engine.endpoints.stateOf(endpoint) ?? (await this.any.store.endpoints.read([endpoint]))[0] ?? null;
  }
}

/** One process: a directory and an engine, and what compose does about endpoints. */
export class EndpointNode {
  readonly name: string;
  readonly store: Store;
  readonly process: SimulatedProcess;
  readonly directory: DirectoryService;
  readonly engine: Engine;
  readonly #world: EndpointWorld;

  constructor(world: EndpointWorld, name: string, store: Store) {
    this.name = name;
    this.#world = world;
    this.process = new SimulatedProcess(world.time, 0, 0);
    const hints = world.network.connect(this.process);
    this.store = { ...store, hints, endpoints: this.#counted(store.endpoints) };
    const clock = new StoreClock(this.process.clock, store.isShared);
    const directory = new DirectoryService({
      store: this.store,
      now: clock.now,
      onChange: (commit) => this.engine.directoryChanged(commit),
    });
    this.directory = directory;
    this.engine = new Engine({
      node: name,
      delivers: true,
      store: this.store,
      directory,
      sender: { send: (request, done) => this.#send(request, done), abortAll: () => undefined, close: () => Promise.resolve() },
      clock,
      timers: this.process.timers,
      random: world.random,
      retry: { waitsMs: [10_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000], jitter: 0.2 },
      keepResponses: "failures",
      endpointConcurrencyMax: 100,
      attemptTimeoutMs: 5_000,
      observer: {
        onGone: () => undefined,
        onAttempt: () => undefined,
        onSettled: () => undefined,
        onNumbered: () => undefined,
        onHoldEnded: () => void directory.change(endPassedHolds()),
        onWarned: (_, { warnedPercent }) => this.#say(`warned at ${warnedPercent} %`),
        onResumed: () => this.#say("resumed"),
        onSuspend: async (endpoint, failing) => {
          const result = await directory.change(suspendEndpoint(endpoint, failing));
          if (result.ok && result.value.length > 0) this.#say(`suspended ${result.value.length}`);
        },
        onError: (what, error) => world.errors.push(`${what}: ${String(error)}`),
      },
    });
  }

  async start(): Promise<void> {
    await this.directory.load();
    await this.engine.start();
  }

  #say(what: string): void {
    if (this.process.isAlive) this.#world.said.push({ at: this.#world.now, what });
  }

  #counted(states: EndpointStates): EndpointStates {
    return {
      save: (saved) => {
        if (!this.process.isAlive) return new Promise(() => undefined);
        if (this.#world.isStoreAway) return Promise.reject(new Error("the store is away"));
        for (const { endpoint } of saved) {
          const times = this.#world.saves.get(endpoint) ?? [];
          times.push(this.#world.now);
          this.#world.saves.set(endpoint, times);
        }
        return states.save(saved);
      },
      read: (endpoints) => states.read(endpoints),
      ofShards: (shards) =>
        new Promise((resolve, reject) => {
          this.process.timers.after(this.#world.statesReadMs, () => void states.ofShards(shards).then(resolve, reject));
        }),
      forget: (endpoints) => states.forget(endpoints),
      askProbe: (endpoint, at) => states.askProbe(endpoint, at),
      takeProbes: (shards) => states.takeProbes(shards),
    };
  }

  #send(request: AttemptRequest, done: (outcome: Outcome) => void): void {
    const world = this.#world;
    const key = new URL(request.address).pathname;
    const concurrent = (world.inFlight.get(key) ?? 0) + 1;
    world.inFlight.set(key, concurrent);
    const { subscriptionId: subscription, event } = request;
    world.attempts.push({ at: world.now, node: this.name, subscription, eventId: event.id, concurrent });
    world.time.spend(world.options.writeMs ?? 0);
    const answer = world.behave(request);
    const durationMs = answer === "timeout" ? 5_000 : (world.options.answerMs ?? 20);
    world.time.after(durationMs, () => {
      world.inFlight.set(key, (world.inFlight.get(key) ?? 1) - 1);
      if (!this.process.isAlive) return;
      if (answer === "timeout") {
        done({ kind: "failure", error: "timeout", detail: "no answer", durationMs });
        return;
      }
      const { status, retryAfter } = typeof answer === "number" ? { status: answer, retryAfter: null } : answer;
      done({ kind: "response", status, durationMs, retryAfter, responseHeaders: "", responseBody: new Uint8Array() });
    });
  }
}
