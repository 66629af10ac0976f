import { createHash } from "node:crypto";
import {
  Deliveries,
  DirectoryService,
  endPassedHolds,
  Engine,
  eventIdSource,
  GroupCommit,
  Publisher,
  ReplayRunner,
  shapedSender,
  shardOfReplay,
  StoreClock,
  type EngineObserver,
  type EventId,
  type Store,
} from "@genhook/core";
import { TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import { disable } from "./developer.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { pauseOf, simulatedSender } from "./simulated-sender.ts";
import { storeBehindWire } from "./store-wire.ts";
import type { World } from "./world.ts";

export const ENDPOINT_CONCURRENCY = 6;
const GRACE_MS = 25_000;

/** One life of one process, from its start to its end, with everything that compose puts together. */
export class SimulatedNode {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly clock: StoreClock;
  readonly #world: World;
  isReady = false;
  /** A clean stop has begun. */
  isStopping = false;
  /** Nothing comes from the store, and nothing goes there. */
  isCutOff = false;
  readonly directory: DirectoryService;
  readonly publisher: Publisher;
  readonly engine: Engine;
  readonly deliveries: Deliveries;
  readonly replays: ReplayRunner;
  readonly newEventId: () => EventId;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    const { time, random, options } = world;
    this.process = new SimulatedProcess(time, options.isShared ? (random() - 0.5) * 7_200_000 : 0, random() * 1_000);
    const { timers } = this.process;
    const own = storeBehindWire(world, this);
    const clock = new StoreClock(this.process.clock, own.isShared);
    this.clock = clock;
    this.newEventId = eventIdSource(clock, () => Math.floor(random() * 4_294_967_296));
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
      sender: shapedSender(simulatedSender(world, this), makePayloads()),
      clock,
      timers,
      random,
      retry: { waitsMs: options.retryWaitsMs, jitter: 0.2 },
      keepResponses: "failures",
      endpointConcurrencyMax: ENDPOINT_CONCURRENCY,
      attemptTimeoutMs: 5_100,
      attemptsInFlightMax: world.population.attemptsInFlightMax,
      observer: this.#observer(),
    });
    this.publisher = this.#makePublisher(own);
    this.deliveries = new Deliveries({
      store: own,
      directory: this.directory.directory,
      clock,
      onUnblocked: (subscription) => this.engine.unblocked(subscription),
      onReopened: (event, task) => this.engine.reopened(event, task),
    });
    this.replays = new ReplayRunner({
      store: own,
      deliveries: this.deliveries,
      clock,
      timers,
      owns: (jobId) => this.engine.owns(shardOfReplay(jobId)),
      hasRoom: () => this.engine.hasRoom,
      onError: (error) => this.#failed("take a replay job further", error),
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
    this.replays.start();
    this.isReady = true;
  }

  /** SIGTERM. */
  async stop(graceMs: number = GRACE_MS): Promise<void> {
    this.isReady = false;
    this.isStopping = true;
    await this.replays.stop();
    await this.engine.stop(graceMs);
    this.#world.ended(this);
  }

  /** Publishes one event; an accepted one is remembered, to be accounted for. */
  async publish(n: number): Promise<void> {
    const result = await this.publisher.publish({
      ...this.#world.publication(n),
      payloadValue: {},
      idempotencyKey: `k${n}`,
    });
    if (result.ok) this.#world.wasAccepted(result.value);
    else throw new Error(result.refusal.message);
  }

  #observer(): EngineObserver {
    const { transitions, time } = this.#world;
    return {
      onGone: (id) => void disable(this, id),
      onAttempt: (settlement, outcome) => {
        const pauseMs = pauseOf(outcome, time.clock.now());
        transitions.decided(outcome, settlement, pauseMs === null ? null : this.clock.now() + pauseMs);
      },
      onSettled: () => undefined,
      onNumbered: () => undefined,
      onHoldEnded: () => void this.directory.change(endPassedHolds()).catch(() => undefined),
      onWarned: () => undefined,
      onSuspend: () => Promise.resolve(),
      onResumed: () => undefined,
      onError: (what, error) => this.#failed(what, error),
    };
  }

  #makePublisher(store: Store): Publisher {
    const { timers } = this.process;
    const { clock, directory } = this;
    return new Publisher({
      directory,
      groups: new GroupCommit({ events: store.events, timers, catchUp: (version) => directory.catchUp(version) }),
      clock,
      topics: TOPICS,
      newEventId: this.newEventId,
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
  }

  #failed(what: string, error: unknown): void {
    this.#world.errors.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
