import { createHash } from "node:crypto";
import {
  Deliveries,
  DirectoryService,
  disableSubscription,
  Engine,
  eventIdSource,
  GroupCommit,
  pauseSubscription,
  Publisher,
  resumeSubscription,
  shapedSender,
  subscribe,
  unsubscribe,
  type AttemptRequest,
  type Outcome,
  type Sender,
  type Store,
  type SubscriptionSettings,
} from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, NOW, seededRandom } from "@genhook/testkit";
import { makeTools, TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import { VirtualTime } from "./virtual-time.ts";

const APPS = 3;
/** What subscriptions ask for: everything, or the orders of one parity, or one member of what was sent. */
const SETTINGS: readonly SubscriptionSettings[] = [
  {},
  { filter: "order.parity = 0" },
  { filter: "order.parity != 0", fields: ["order.id"] },
];
const ENDPOINT_CONCURRENCY = 6;

/** One arrival at a simulated endpoint. */
export interface Arrival {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly isSuccess: boolean;
}

export interface WorldOptions {
  readonly seed: number;
  readonly crashes: boolean;
  readonly storeFails: boolean;
}

/** A whole Genhook on the memory store, with a network, publishers, developers and misfortune, all from one seed. */
export class World {
  readonly time: VirtualTime = new VirtualTime(NOW);
  readonly store: Store = openMemoryStore();
  readonly random: () => number;
  readonly accepted: { readonly id: string; readonly deliveries: number }[] = [];
  readonly arrivals: Arrival[] = [];
  /** Breaches of what must hold at every moment. */
  readonly breaches: string[] = [];
  readonly errors: string[] = [];
  crashes = 0;
  isCalm = false;
  node: SimulatedNode | null = null;
  readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
  }

  async begin(): Promise<void> {
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
    this.boot();
  }

  boot(): void {
    const node = new SimulatedNode(this);
    this.node = node;
    void node.start();
  }

  /** SIGKILL: what was not in the store is gone. It comes up again a little later. */
  crash(): void {
    if (this.node === null) return;
    this.node.isAlive = false;
    this.node = null;
    this.crashes += 1;
    this.time.after(50 + this.random() * 3_000, () => this.boot());
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.random() * items.length)];
  }
}

/** One life of the process, from its start to a crash. */
export class SimulatedNode {
  readonly #world: World;
  isAlive = true;
  isReady = false;
  readonly directory: DirectoryService;
  readonly publisher: Publisher;
  readonly engine: Engine;
  readonly deliveries: Deliveries;
  readonly #inFlight = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    const { time, random } = world;
    const store = this.#flaky(world.store);
    const timers = time.timersOf(() => this.isAlive);
    this.directory = new DirectoryService({
      store: store.directory,
      now: time.clock.now,
      onChange: (commit) => this.engine.directoryChanged(commit),
    });
    this.engine = new Engine({
      node: `node ${world.crashes}`,
      store,
      directory: this.directory.directory,
      sender: shapedSender(this.#sender(), makePayloads()),
      clock: time.clock,
      timers,
      random,
      retry: { waitsMs: [10_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000], jitter: 0.2 },
      keepResponses: "failures",
      endpointConcurrencyMax: ENDPOINT_CONCURRENCY,
      attemptsInFlightMax: 32,
      observer: {
        onGone: (id) => void this.directory.change(disableSubscription(id)).catch(() => undefined),
        onAttempt: () => undefined,
        onSettled: () => undefined,
        onError: (what, error) => world.errors.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
      },
    });
    const groups = new GroupCommit({ events: store.events, timers, catchUp: (version) => this.directory.catchUp(version) });
    this.publisher = new Publisher({
      directory: this.directory,
      groups,
      topics: TOPICS,
      newEventId: eventIdSource(time.clock, () => Math.floor(random() * 4_294_967_296)),
      apiVersion: "202412",
      retentionMs: 30 * 86_400_000,
      payloads: makePayloads(),
      digest: (parts) =>
        parts
          .reduce((hash, part) => hash.update(part), createHash("sha256"))
          .digest("hex")
          .slice(0, 32),
      checkPayload: () => null,
      subjectsOf: () => [],
      handOver: (event) => this.engine.handOver(event),
    });
    this.deliveries = new Deliveries({
      store,
      directory: this.directory.directory,
      now: time.clock.now,
      onReopened: (event, task) => this.engine.reopened(event, task),
    });
  }

  async start(): Promise<void> {
    try {
      await this.directory.load();
    } catch {
      this.#world.crash();
      return;
    }
    if (!this.isAlive) return;
    await this.engine.start();
    this.isReady = true;
  }

  /** Publishes one order; an accepted one is remembered, to be accounted for. */
  async publish(n: number): Promise<void> {
    const payload = new TextEncoder().encode(`{"order":{"id":${n + 1},"parity":"${n % 2}"}}`);
    const result = await this.publisher.publish({
      shop: "shop-1.genmystore.com",
      topic: "orders/create",
      payload,
      payloadValue: {},
      idempotencyKey: `k${n}`,
    });
    if (result.ok) this.#world.accepted.push({ id: result.value.id, deliveries: result.value.deliveries });
  }

  /** A developer does something with a subscription. */
  async meddle(): Promise<void> {
    const { random } = this.#world;
    const app = 1 + Math.floor(random() * APPS);
    const who = { app, shop: 1 };
    const own = this.directory.directory.subscriptionsOf(app, 1);
    const one = this.#world.pick(own);
    const dice = random();
    if (one === undefined || (dice < 0.3 && own.length < 4)) {
      const text = `https://app-${app}.example.com/hooks/${Math.floor(random() * 3)}?n=${Math.floor(random() * 1e6)}`;
      const url = new URL(text);
      const address = { text, origin: url.origin, pathname: url.pathname };
      await this.directory.change(
        subscribe(makeTools(), who, { topic: "orders/create", address, settings: this.#world.pick(SETTINGS) ?? {} }),
      );
    } else if (dice < 0.5) {
      await this.directory.change(pauseSubscription(who, one.id));
    } else if (dice < 0.9) {
      await this.directory.change(resumeSubscription(who, one.id));
    } else {
      await this.directory.change(unsubscribe(who, one.id));
    }
  }

  #sender(): Sender {
    const world = this.#world;
    return {
      send: (request, done) => {
        this.#checkStart(request);
        const key = `${request.app.id} ${new URL(request.address).pathname}`;
        this.#inFlight.set(key, (this.#inFlight.get(key) ?? 0) + 1);
        const outcome = this.#outcome();
        const arrives = outcome.kind === "response" || world.random() < 0.5;
        world.time.after(1 + world.random() * 20, () => {
          if (!arrives) return;
          const isSuccess = outcome.kind === "response" && outcome.status < 300;
          const { deliveryId, attempt, isReplay } = request;
          world.arrivals.push({ deliveryId, attempt, isReplay, isSuccess });
        });
        world.time.after(21 + world.random() * 400, () => {
          this.#inFlight.set(key, (this.#inFlight.get(key) ?? 1) - 1);
          if (this.isAlive) done(outcome);
        });
      },
      abortAll: () => undefined,
      close: () => Promise.resolve(),
    };
  }

  /** What must hold whenever an attempt starts. */
  #checkStart(request: AttemptRequest): void {
    const world = this.#world;
    this.#checkBody(request);
    const subscription = this.directory.directory.subscription(request.subscriptionId);
    if (!this.isAlive) world.breaches.push("an attempt was started after a crash");
    if (subscription === undefined) world.breaches.push(`sent to a subscription that has ended: ${request.subscriptionId}`);
    else if (subscription.status !== "active") world.breaches.push(`sent to a subscription that is ${subscription.status}`);
    if (request.attempt < 1 || request.attempt > 8) world.breaches.push(`attempt number ${request.attempt}`);
    const key = `${request.app.id} ${new URL(request.address).pathname}`;
    if ((this.#inFlight.get(key) ?? 0) >= ENDPOINT_CONCURRENCY)
      world.breaches.push(`more than ${ENDPOINT_CONCURRENCY} in flight at ${key}`);
  }

  /** Only what the subscription's filter lets through is sent, and of that only its fields. */
  #checkBody({ subscriptionId, event }: AttemptRequest): void {
    const settings = this.directory.directory.subscription(subscriptionId)?.settings ?? {};
    const body = new TextDecoder().decode(event.payload);
    if (settings.fields !== undefined) {
      if (!/^\{"order":\{"id":\d*[02468]\}\}$/.test(body)) this.#world.breaches.push(`sent ${body} to a webhook for ids of odd orders`);
    } else if (settings.filter !== undefined && !body.includes('"parity":"0"')) {
      this.#world.breaches.push(`sent ${body} to a webhook for even orders`);
    }
  }

  #outcome(): Outcome {
    const { random, isCalm } = this.#world;
    const response = (status: number, retryAfter: string | null = null): Outcome => ({
      kind: "response",
      status,
      durationMs: 20,
      retryAfter,
      responseHeaders: "",
      responseBody: new Uint8Array(),
    });
    const dice = isCalm ? 0 : random();
    if (dice < 0.7) return response(200);
    if (dice < 0.8) return response(500);
    if (dice < 0.84) return response(503, "30");
    if (dice < 0.845) return response(410);
    return { kind: "failure", error: dice < 0.92 ? "timeout" : "connection_lost", detail: "", durationMs: 20 };
  }

  /** The store behind a wire: slow, sometimes away, and a crash may come before or after a call was carried out. */
  #flaky(store: Store): Store {
    const wrap = <Part extends object>(part: Part): Part =>
      new Proxy(part, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...args: unknown[]): Promise<unknown> => this.#call(() => Reflect.apply(member, target, args) as Promise<unknown>);
        },
      });
    return { ...store, events: wrap(store.events), tasks: wrap(store.tasks), log: wrap(store.log), directory: wrap(store.directory) };
  }

  #call(carryOut: () => Promise<unknown>): Promise<unknown> {
    const { time, random, options, isCalm } = this.#world;
    return new Promise((resolve, reject) => {
      time.after(0.2 + random() * 3, () => {
        // In flight when the process died: the store may or may not have got it.
        if (!this.isAlive && random() < 0.5) return;
        if (this.isAlive && options.storeFails && !isCalm && random() < 0.02) {
          reject(Object.assign(new Error("away"), { code: "store_unavailable" }));
          return;
        }
        carryOut().then(
          (value) => time.after(0.2 + random() * 3, () => this.isAlive && resolve(value)),
          (error: unknown) => time.after(0.2, () => this.isAlive && reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  }
}
