import { openMemoryCluster, openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import {
  DirectoryService,
  pauseSubscription,
  resumeSubscription,
  subscribe,
  type DirectoryStore,
  type Store,
  type Subscription,
} from "@genhook/core";
import { describe, expect, it } from "vitest";
import { DirectoryWatch } from "../../src/directory/directory-watch.ts";
import { makeTools } from "./fixtures.ts";
import { SimulatedProcess } from "../simulation/simulated-process.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const WHO = { app: 1, shop: 1 };
const FIRST = buildCommit({
  shops: [buildShop(1)],
  apps: [buildApp(1)],
  installations: [buildInstallation(1, 1, { scopes: ["read_orders"] })],
  subscriptions: [S],
});

/** Two processes' directories on one store; the first watches, over a wire that can be slow or cut. */
class Scene {
  readonly time = new VirtualTime(NOW);
  readonly process = new SimulatedProcess(this.time, 0, 0);
  readonly #cluster = openMemoryCluster({ now: this.time.clock.now, leaseMs: 10_000 });
  readonly #stores: readonly [Store, Store] = [this.#cluster.connect(), this.#cluster.connect()];
  readonly #lagging: Store = openMemoryCluster({ now: this.time.clock.now, leaseMs: 10_000 }).connect();
  #isSetBack = false;
  delayMs = 2;
  isAway = false;
  asked = 0;
  readonly errors: unknown[] = [];
  currentAgain = 0;
  readonly told: Subscription[] = [];
  readonly here: DirectoryService = new DirectoryService({
    store: { ...this.#stores[0], directory: this.#overWire(this.#stores[0].directory) },
    now: this.time.clock.now,
    onChange: (commit) => this.told.push(...commit.subscriptions),
  });
  readonly there: DirectoryService = new DirectoryService({
    store: this.#stores[1],
    now: this.time.clock.now,
    onChange: () => undefined,
  });
  readonly watch: DirectoryWatch = new DirectoryWatch({
    directory: this.here,
    isShared: true,
    clock: this.process.clock,
    timers: this.process.timers,
    onCurrent: () => {
      this.currentAgain += 1;
    },
    onError: (error) => this.errors.push(error),
  });

  async begin(): Promise<this> {
    for (const store of [this.#stores[1], this.#lagging]) await store.directory.commit(FIRST, 1);
    const loading = Promise.all([this.here.load(), this.there.load()]);
    await this.pass(10);
    await loading;
    void this.watch.start();
    await this.pass(10);
    return this;
  }

  /** The database is replaced by a copy that lacks everything but the first change. */
  setBack(): void {
    this.#isSetBack = true;
  }

  hearHints(): void {
    this.#stores[0].hints.listen((hint) => {
      if (hint.kind === "directory") this.watch.told(hint.version);
    });
  }

  get status(): string | undefined {
    return this.here.directory.subscription(S.id)?.status;
  }

  async pass(ms: number): Promise<void> {
    await this.time.run(this.time.clock.monotonic() + ms);
  }

  #overWire(store: DirectoryStore): DirectoryStore {
    const now = (): DirectoryStore => (this.#isSetBack ? this.#lagging.directory : store);
    const over = <Value>(call: () => Promise<Value>): Promise<Value> =>
      new Promise((resolve, reject) => {
        const { delayMs } = this;
        this.time.after(delayMs / 2, () => {
          if (this.isAway) this.process.arrive(() => reject(new Error("away")));
          else void call().then((value) => this.time.after(delayMs / 2, () => this.process.arrive(() => resolve(value))));
        });
      });
    return {
      ...store,
      version: () => {
        this.asked += 1;
        return over(() => now().version());
      },
      changesSince: (version) => over(() => now().changesSince(version)),
      commit: (commit, expected) => over(() => now().commit(commit, expected)),
    };
  }
}

describe("the directory's watch", () => {
  it("asks twice a second, and applies what another process changed", async () => {
    const scene = await new Scene().begin();
    expect([scene.watch.isCurrent, scene.status]).toEqual([true, "active"]);
    await scene.there.change(pauseSubscription(WHO, S.id));
    await scene.pass(510);
    expect([scene.watch.isCurrent, scene.status]).toEqual([true, "paused"]);
    expect(scene.told.map(({ status }) => status)).toEqual(["paused"]);
    const asked = scene.asked;
    await scene.pass(10_000);
    expect(scene.asked - asked).toBeGreaterThan(15);
    expect(scene.asked - asked).toBeLessThan(25);
  });

  it("applies it at once when a hint tells of it", async () => {
    const scene = await new Scene().begin();
    scene.hearHints();
    await scene.there.change(pauseSubscription(WHO, S.id));
    await scene.pass(10);
    expect(scene.status).toBe("paused");
  });

  it("asks once more when a hint comes while a question is under way, which may have been answered before", async () => {
    const scene = await new Scene().begin();
    scene.hearHints();
    scene.delayMs = 300;
    await scene.pass(500 + 200);
    // The question has been answered; the answer is on its way.
    await scene.there.change(pauseSubscription(WHO, S.id));
    await scene.pass(400);
    scene.delayMs = 2;
    await scene.pass(310);
    expect(scene.status).toBe("paused");
  });

  it("is not current any more 1.5 s after its last question, whatever it heard meanwhile, and again with the next answer", async () => {
    const scene = await new Scene().begin();
    scene.isAway = true;
    await scene.pass(1_000);
    expect(scene.watch.isCurrent).toBe(true);
    await scene.pass(1_000);
    expect([scene.watch.isCurrent, scene.errors.length]).toEqual([false, 1]);
    await scene.pass(10_000);
    expect([scene.watch.isCurrent, scene.errors.length, scene.currentAgain]).toEqual([false, 1, 1]);
    scene.isAway = false;
    await scene.pass(510);
    expect([scene.watch.isCurrent, scene.currentAgain]).toEqual([true, 2]);
  });

  it("counts from the question: answers that take 1.5 s and more say nothing about now", async () => {
    const scene = await new Scene().begin();
    scene.delayMs = 1_600;
    await scene.pass(20_000);
    expect([scene.watch.isCurrent, scene.errors]).toEqual([false, []]);
  });

  it.each([["frozen", false] as const, ["asleep", true] as const])(
    "is not current in a process that was %s, before any timer has fired",
    async (_, isSuspended) => {
      const scene = await new Scene().begin();
      scene.process.freeze(isSuspended);
      await scene.there.change(pauseSubscription(WHO, S.id));
      await scene.pass(2_000);
      scene.process.thaw();
      expect([scene.watch.isCurrent, scene.status]).toEqual([false, "active"]);
      await scene.pass(520);
      expect([scene.watch.isCurrent, scene.status]).toEqual([true, "paused"]);
    },
  );

  it("of a store of one process is always current, and asks nothing", async () => {
    const store = openMemoryStore();
    const time = new VirtualTime(NOW);
    const { clock } = time;
    const onChange = (): void => undefined;
    const directory = new DirectoryService({ store, now: clock.now, onChange });
    const timers = time.timersOf(() => {
      throw new Error("a timer was set");
    });
    const watch = new DirectoryWatch({ directory, isShared: false, clock, timers, onCurrent: onChange, onError: onChange });
    await watch.start();
    watch.told(99);
    await time.run(3_600_000);
    expect(watch.isCurrent).toBe(true);
  });
});

describe("a database that was set back to an earlier state", () => {
  it("is followed: what it does not have has ended, and changes can be made again", async () => {
    const scene = await new Scene().begin();
    await scene.there.change(pauseSubscription(WHO, S.id));
    const address = { text: "https://a.example.com/new", origin: "https://a.example.com", pathname: "/new" };
    const made = await scene.there.change(subscribe(makeTools(), WHO, { topic: "orders/create", address, settings: {} }));
    const id = made.ok ? made.value.id : 0;
    await scene.pass(510);
    expect([scene.status, scene.here.directory.subscription(id)?.status, scene.here.directory.version]).toEqual(["paused", "active", 4]);
    scene.told.length = 0;
    scene.setBack();
    await scene.pass(520);
    expect([scene.status, scene.here.directory.subscription(id), scene.here.directory.version]).toEqual(["active", undefined, 2]);
    expect(scene.here.directory.subscriptionsOf(1, 1).map((each) => each.id)).toEqual([S.id]);
    const ended = Object.fromEntries(scene.told.map((each) => [each.id, each.endedAt !== null]));
    expect(ended).toEqual({ [S.id]: false, [id]: true });
    const paused = scene.here.change(pauseSubscription(WHO, S.id));
    await scene.pass(100);
    expect((await paused).ok).toBe(true);
    expect([scene.status, scene.here.directory.version]).toEqual(["paused", 3]);
  });

  it("is followed too when a change finds it first", async () => {
    const scene = await new Scene().begin();
    await scene.there.change(pauseSubscription(WHO, S.id));
    await scene.pass(510);
    scene.setBack();
    const changed = scene.here.change(resumeSubscription(WHO, S.id));
    await scene.pass(100);
    expect((await changed).ok).toBe(true);
    // It is active in the state that the database was set back to: nothing has to be changed.
    expect([scene.status, scene.here.directory.version]).toEqual(["active", 2]);
  });
});

describe("a change that is overtaken", () => {
  it("does not bring back what a later one has changed: its answer may come after the copy has caught up past it", async () => {
    const scene = await new Scene().begin();
    await scene.there.change(pauseSubscription(WHO, S.id));
    await scene.pass(510);
    scene.delayMs = 800;
    // Committed after 400 ms; the answer comes after 800.
    const resumed = scene.here.change(resumeSubscription(WHO, S.id));
    await scene.pass(410);
    await scene.there.change(pauseSubscription(WHO, S.id));
    scene.delayMs = 2;
    const refreshed = scene.here.refresh();
    await scene.pass(10);
    await refreshed;
    expect(scene.told.map(({ status }) => status)).toEqual(["paused", "paused"]);
    await scene.pass(1_000);
    expect((await resumed).ok).toBe(true);
    expect(scene.status).toBe("paused");
    expect(scene.told.at(-1)?.status).toBe("paused");
  });
});
