import { createHash } from "node:crypto";
import {
  Deliveries,
  DirectoryService,
  disableSubscription,
  endPassedHolds,
  Engine,
  eventIdSource,
  GroupCommit,
  makeHold,
  pauseSubscription,
  Publisher,
  releaseHold,
  resumeSubscription,
  shapedSender,
  StoreClock,
  subscribe,
  unsubscribe,
  updateSubscription,
  type AttemptRequest,
  type CheckedAddress,
  type DecideChange,
  type Outcome,
  type Sender,
  type Store,
  type Subscription,
  type SubscriptionSettings,
  type SubscriptionUpdate,
} from "@genhook/core";
import { makeTools, TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";

export const APPS = 3;
export const ENDPOINT_CONCURRENCY = 6;
/** Few enough that several events of each are on their way at the same time. */
const ORDER_KEYS = 7;
/** What subscriptions ask for: everything, or the orders of one parity, or one member of what was sent. */
const SETTINGS: readonly SubscriptionSettings[] = [
  {},
  { filter: "order.parity = 0" },
  { filter: "order.parity != 0", fields: ["order.id"] },
  { ordered: true, onDead: "block" },
  { ordered: true, onDead: "skip" },
  { ordered: true, filter: "order.parity = 0" },
  { sequence: true },
  { sequence: true, mode: "pull" },
  { sequence: true, mode: "pull", filter: "order.parity = 0" },
];

/** Longest that a call to a store that does not answer takes to fail, ms. */
const STORE_TIMEOUT_MS = 2_000;

/** One life of one process, from its start to its end, with everything that compose puts together. */
export class SimulatedNode {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly #world: World;
  readonly #clock: StoreClock;
  isReady = false;
  /** A clean stop has begun. */
  isStopping = false;
  /** Nothing comes from the store, and nothing goes there. */
  isCutOff = false;
  readonly directory: DirectoryService;
  readonly publisher: Publisher;
  readonly engine: Engine;
  readonly deliveries: Deliveries;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    const { time, random, options } = world;
    this.process = new SimulatedProcess(time, options.isShared ? (random() - 0.5) * 7_200_000 : 0, random() * 1_000);
    const { timers } = this.process;
    const own = this.#behindWire(world.store);
    const clock = new StoreClock(this.process.clock, own.isShared);
    this.#clock = clock;
    this.directory = new DirectoryService({
      store: own,
      now: clock.now,
      onChange: (commit) => this.engine.directoryChanged(commit),
    });
    this.engine = new Engine({
      node: name,
      delivers: !name.endsWith("api"),
      store: own,
      directory: this.directory,
      sender: shapedSender(this.#sender(), makePayloads()),
      clock,
      timers,
      random,
      retry: { waitsMs: options.retryWaitsMs, jitter: 0.2 },
      keepResponses: "failures",
      endpointConcurrencyMax: ENDPOINT_CONCURRENCY,
      attemptTimeoutMs: 5_100,
      attemptsInFlightMax: 32,
      observer: {
        onGone: (id) => void this.directory.change(disableSubscription(id)).catch(() => undefined),
        onAttempt: () => undefined,
        onSettled: () => undefined,
        onNumbered: () => undefined,
        onHoldEnded: () => void this.directory.change(endPassedHolds()).catch(() => undefined),
        onWarned: () => undefined,
        onSuspend: () => Promise.resolve(),
        onResumed: () => undefined,
        onError: (what, error) => world.errors.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
      },
    });
    const groups = new GroupCommit({ events: own.events, timers, catchUp: (version) => this.directory.catchUp(version) });
    this.publisher = new Publisher({
      directory: this.directory,
      groups,
      clock,
      topics: TOPICS,
      newEventId: eventIdSource(clock, () => Math.floor(random() * 4_294_967_296)),
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
      store: own,
      directory: this.directory.directory,
      now: clock.now,
      onUnblocked: (subscription) => this.engine.unblocked(subscription),
      onReopened: (event, task) => this.engine.reopened(event, task),
    });
  }

  async start(): Promise<void> {
    try {
      await this.directory.load();
    } catch {
      // Without a store a process does not start; whoever started it tries again.
      this.#world.kill(this);
      return;
    }
    if (!this.process.isAlive) return;
    await this.engine.start();
    this.isReady = true;
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    this.isReady = false;
    this.isStopping = true;
    await this.engine.stop(25_000);
    this.#world.ended(this);
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
      orderKey: n % 11 === 0 ? undefined : `o${n % ORDER_KEYS}`,
    });
    if (result.ok) this.#world.wasAccepted(result.value);
    else throw new Error(result.refusal.message);
  }

  /** An operator holds something, or lets it go. */
  async #holdSomething(): Promise<void> {
    const { random } = this.#world;
    const made = this.#world.pick([...this.directory.directory.holds.all()]);
    if (made !== undefined && random() < 0.7) {
      await this.directory.change(releaseHold(made.id));
      return;
    }
    const app = 1 + Math.floor(random() * APPS);
    const [scope, subject] = this.#world.pick([
      ["all", ""],
      ["app", app.toString(16).padStart(32, "0")],
      ["host", `app-${app}.example.com`],
      ["topic", "orders/create"],
      ["shop", "shop-1.genmystore.com"],
    ] as const) ?? ["all", ""];
    const endsAt = random() < 0.6 ? this.#clock.now() + 1 + Math.floor(random() * 60_000) : null;
    const id =
      makeTools().newUuid().slice(0, 24) +
      Math.floor(random() * 1e12)
        .toString()
        .padStart(12, "0");
    await this.directory.change(makeHold({ scope, subject, reason: "an incident", madeBy: "key k1", endsAt }, id, TOPICS));
  }

  /** A developer does something with a subscription, or an operator with a hold. */
  async meddle(): Promise<void> {
    const { random, options } = this.#world;
    if (random() < 0.15) {
      await this.#holdSomething();
      return;
    }
    const app = 1 + Math.floor(random() * APPS);
    const who = { app, shop: 1 };
    const own = this.directory.directory.subscriptionsOf(app, 1);
    const one = this.#world.pick(own);
    const dice = random();
    if (one === undefined || (dice < 0.3 && own.length < 4)) {
      const settings = this.#world.pick(SETTINGS) ?? {};
      const address = settings.mode === "pull" ? null : this.#someAddress(app);
      await this.directory.change(subscribe(makeTools(), who, { topic: "orders/create", address, settings }));
    } else if (dice < 0.5) {
      await this.#ask("pause", one.id, pauseSubscription(who, one.id), ({ status }) => status !== "active");
    } else if (dice < 0.8) {
      await this.#ask("resume", one.id, resumeSubscription(who, one.id), ({ status }) => status === "active");
    } else if (dice < 0.9) {
      if (options.isShared) await this.directory.change(updateSubscription(makeTools(), who, one.id, this.#somewhereElse(one, app)));
      else await this.directory.change(resumeSubscription(who, one.id));
    } else {
      await this.#ask("delete", one.id, unsubscribe(who, one.id), ({ endedAt }) => endedAt !== null);
    }
  }

  /** Another address; or from push to pull and back, for whoever is numbered. */
  #somewhereElse({ settings, order }: Subscription, app: number): SubscriptionUpdate {
    if (settings.mode === "pull") return { address: this.#someAddress(app), settings: { mode: "push" } };
    if (settings.sequence === true && order === undefined && this.#world.random() < 0.5) return { settings: { mode: "pull" } };
    return { address: this.#someAddress(app) };
  }

  /** A change, and a look at whether its answer was true. */
  async #ask(what: string, id: number, change: DecideChange<unknown>, isSo: (subscription: Subscription) => boolean): Promise<void> {
    const { truth, time } = this.#world;
    const askedAt = time.clock.monotonic();
    const result = await this.directory.change(change);
    if (result.ok) truth.answered(what, id, askedAt, isSo);
  }

  #someAddress(app: number): CheckedAddress {
    const { random } = this.#world;
    const text = `https://app-${app}.example.com/hooks/${Math.floor(random() * 3)}?n=${Math.floor(random() * 1e6)}`;
    const url = new URL(text);
    return { text, origin: url.origin, pathname: url.pathname };
  }

  #sender(): Sender {
    const world = this.#world;
    return {
      send: (request, done) => {
        this.#checkBody(request);
        const ended = world.truth.started(this.name, request, this.isCutOff);
        const outcome = this.#outcome(request);
        const isSuccess = outcome.kind === "response" && outcome.status < 300;
        const arrives = outcome.kind === "response" || world.random() < 0.5;
        world.time.after(1 + world.random() * 20, () => {
          const { deliveryId, attempt, isReplay } = request;
          if (arrives) world.arrivals.push({ deliveryId, attempt, isReplay, isSuccess });
        });
        const isSlow = !world.isCalm && world.random() < 0.05;
        world.time.after(21 + world.random() * (isSlow ? 5_000 : 400), () => {
          ended();
          this.process.arrive(() => done(outcome));
        });
      },
      abortAll: () => undefined,
      close: () => Promise.resolve(),
    };
  }

  /** Only what the subscription's filter lets through is sent, and of that only its fields. */
  #checkBody({ subscriptionId, event }: AttemptRequest): void {
    const { breaches } = this.#world.truth;
    const settings = this.directory.directory.subscription(subscriptionId)?.settings ?? {};
    const body = new TextDecoder().decode(event.payload);
    if (settings.fields !== undefined) {
      if (!/^\{"order":\{"id":\d*[02468]\}\}$/.test(body)) breaches.push(`sent ${body} to a webhook for ids of odd orders`);
    } else if (settings.filter !== undefined && !body.includes('"parity":"0"')) {
      breaches.push(`sent ${body} to a webhook for even orders`);
    }
  }

  #outcome({ event, subscriptionId }: AttemptRequest): Outcome {
    const { random, isCalm, options } = this.#world;
    const response = (status: number, retryAfter: string | null = null): Outcome => ({
      kind: "response",
      status,
      durationMs: 20,
      retryAfter,
      responseHeaders: "",
      responseBody: new Uint8Array(),
    });
    const isOrdered = this.directory.directory.subscription(subscriptionId)?.settings.ordered === true;
    const isPoison = options.hasPoison === true && isOrdered && /"id":\d*[05][,}]/.test(new TextDecoder().decode(event.payload));
    if (isPoison && !isCalm) return response(500);
    const dice = isCalm ? 0 : random();
    if (dice < 0.7) return response(200);
    if (dice < 0.8) return response(500);
    if (dice < 0.84) return response(503, "30");
    if (dice < 0.845) return response(410);
    return { kind: "failure", error: dice < 0.92 ? "timeout" : "connection_lost", detail: "", durationMs: 20 };
  }

  #behindWire(store: Store): Store {
    const wrap = <Part extends object>(part: Part): Part =>
      new Proxy(part, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...args: unknown[]): Promise<unknown> => this.#call(() => Reflect.apply(member, target, args) as Promise<unknown>);
        },
      });
    const { events, tasks, ordered, sequences, log, directory, leases, endpoints } = store;
    const hints = store.isShared ? this.#world.hints.connect(this.process) : store.hints;
    return {
      ...store,
      hints,
      events: wrap(events),
      tasks: wrap(tasks),
      ordered: wrap(ordered),
      sequences: wrap(sequences),
      log: wrap(log),
      directory: wrap(directory),
      leases: wrap(leases),
      endpoints: wrap(endpoints),
    };
  }

  /** The store behind a wire: slow, sometimes away, and an end may come before or after a call was carried out. */
  #call(carryOut: () => Promise<unknown>): Promise<unknown> {
    const { time, random, options, isCalm } = this.#world;
    const away = (): Error => Object.assign(new Error("away"), { code: "store_unavailable" });
    return new Promise((resolve, reject) => {
      if (this.isCutOff) {
        this.process.timers.after(STORE_TIMEOUT_MS, () => reject(away()));
        return;
      }
      time.after(0.2 + random() * 3, () => {
        // In flight when the process died: the store may or may not have got it.
        if (!this.process.isAlive && random() < 0.5) return;
        const fails = this.process.isAlive && options.storeFails && !isCalm && random() < 0.02;
        // The answer is what was lost in half of the cases on a shared store: the call was carried out.
        if (fails && (!options.isShared || random() < 0.5)) {
          this.process.arrive(() => reject(away()));
          return;
        }
        const answer = (deliver: () => void): void => {
          time.after(0.2 + random() * 3, () => {
            if (fails || this.isCutOff) this.process.timers.after(fails ? 0 : STORE_TIMEOUT_MS, () => reject(away()));
            else this.process.arrive(deliver);
          });
        };
        carryOut().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  }
}
