import { historyToForget, Keeper, KEEP_EVERY_MS, type KeeperOptions, type Store, type Timer } from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, DAY_MS, NOW } from "@genhook/testkit";
import { expect, test } from "vitest";
import { VirtualTime } from "../simulation/virtual-time.ts";

const RETENTION_MS = 30 * DAY_MS;

/** Keeps a store a day after the retention of what was accepted at `NOW` has ended; what a test looks at is given. An error of it fails the test. */
function keeperOf(store: Store, given: Partial<KeeperOptions>): Keeper {
  return new Keeper({
    retention: store.retention,
    statistics: store.statistics,
    sequences: store.sequences,
    replayJobs: store.replayJobs,
    eraser: { eraseDue: () => Promise.resolve() },
    isMine: () => true,
    clock: { now: () => NOW + RETENTION_MS + DAY_MS, monotonic: () => 0 },
    timers: { after: (): Timer => ({ cancel: () => undefined }) },
    retentionMs: RETENTION_MS,
    onDropped: () => undefined,
    onError: (error) => expect.unreachable(String(error)),
    ...given,
  });
}

test("the directory's past goes no earlier than the last event that it explains", async () => {
  const store = openMemoryStore();
  const subscription = buildSubscription(8_589_934_901, 1, 1);
  const parts = { shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)] };
  await store.directory.commit(buildCommit({ ...parts, subscriptions: [subscription] }), 1);
  const event = buildEvent([subscription]);
  await store.events.append([event], 2);
  await store.directory.commit(buildCommit({ at: NOW + 1, subscriptions: [{ ...subscription, status: "paused" }] }), 2);
  const keepAt = async (now: number): Promise<void> => {
    const keeper = keeperOf(store, {
      clock: { now: () => now, monotonic: () => 0 },
    });
    await keeper.keep();
  };
  const explained = async (): Promise<boolean> => (await store.directory.readAsOf(2, 1, "orders/create")) !== null;

  await keepAt(NOW + RETENTION_MS);
  expect([await store.events.read(event.id), await explained()]).toEqual([expect.anything(), true]);
  await keepAt(NOW + RETENTION_MS + DAY_MS);
  expect([await store.events.read(event.id), await explained()]).toEqual([null, true]);
  await keepAt(NOW + RETENTION_MS + 3 * DAY_MS);
  expect(await explained()).toBe(false);
  expect(await store.directory.readAsOf(3, 1, "orders/create")).not.toBeNull();
});

test("history is kept a day longer than the whole day of the oldest event", () => {
  const midnight = Math.floor(NOW / DAY_MS) * DAY_MS;
  expect(historyToForget(NOW + RETENTION_MS, RETENTION_MS)).toBe(midnight - DAY_MS);
  expect(KEEP_EVERY_MS).toBeLessThan(DAY_MS);
});

test("an erasure that fails is told, and keeps no day that is past retention", async () => {
  const store = openMemoryStore();
  await store.directory.commit(buildCommit({ shops: [buildShop(1)] }), 0);
  const event = buildEvent([]);
  await store.events.append([event], 1);
  const told: string[] = [];
  const keeper = keeperOf(store, {
    eraser: { eraseDue: () => Promise.reject(new Error("it cannot be found")) },
    onError: (error) => told.push(String(error)),
  });
  await keeper.keep();
  expect(await store.events.read(event.id)).toBeNull();
  expect(told).toEqual(["Error: it cannot be found"]);
});

test("a process that is given the store to keep begins soon, so that retention goes on however often that changes", async () => {
  const store = openMemoryStore();
  await store.directory.commit(buildCommit({ shops: [buildShop(1)] }), 0);
  const event = buildEvent([]);
  await store.events.append([event], 1);
  const time = new VirtualTime(NOW + RETENTION_MS + DAY_MS);
  // Each has it for half a minute.
  const isTurnOf = (process: number): boolean => Math.floor(time.clock.monotonic() / 30_000) % 3 === process;
  const keepers = [1, 2].map((process) =>
    keeperOf(store, {
      isMine: () => isTurnOf(process),
      clock: time.clock,
      timers: time.timersOf(() => true),
    }),
  );
  for (const keeper of keepers) keeper.start();
  await time.run(29_000);
  expect(await store.events.read(event.id)).not.toBeNull();
  await time.run(59_000);
  expect(await store.events.read(event.id)).toBeNull();
  for (const keeper of keepers) await keeper.stop();
});

test("a round ends where it stands once the store is another's to keep", async () => {
  const store = openMemoryStore();
  await store.directory.commit(buildCommit({ shops: [buildShop(1)] }), 0);
  const event = buildEvent([]);
  await store.events.append([event], 1);
  const keeper = keeperOf(store, {
    eraser: { eraseDue: (isOver) => Promise.resolve(expect(isOver()).toBe(true)) },
    isMine: () => false,
    onDropped: () => expect.unreachable(),
  });
  await keeper.keep();
  expect(await store.events.read(event.id)).not.toBeNull();
});

test("a round that has ended stays so when the store comes back: numbers are not forgotten before the days that they belong to", async () => {
  const store = openMemoryStore();
  await store.directory.commit(buildCommit({ shops: [buildShop(1)] }), 0);
  await store.events.append([buildEvent([])], 1);
  let isMine = true;
  const keeper = keeperOf(store, {
    retention: {
      ...store.retention,
      days: () => store.retention.days(),
      expireThrough: () => {
        isMine = false;
        return Promise.resolve(1);
      },
    },
    sequences: { forget: () => expect.unreachable() },
    isMine: () => {
      const was = isMine;
      isMine = true;
      return was;
    },
    onDropped: () => expect.unreachable(),
  });
  await keeper.keep();
  expect(await store.retention.days()).toHaveLength(1);
});
