import { DirectoryService, Eraser, ERASE_EARLIEST_MS, ERASE_LATEST_MS, isErasureDue, type DeliveryState, type Store } from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, eventIdAt, NOW } from "@genhook/testkit";
import { describe, expect, it, test } from "vitest";

const S = buildSubscription(8_589_934_901, 1, 1);
const ADA = "ad".repeat(16);

describe("an erasure is due", () => {
  const erasure = { eventId: eventIdAt(NOW), shop: 1, subjects: null };
  const cases: readonly [name: string, ageMs: number, states: readonly DeliveryState[], isDue: boolean][] = [
    ["not at once: smaller ids may still be on their way", ERASE_EARLIEST_MS - 1, ["delivered"], false],
    ["when every app was told", ERASE_EARLIEST_MS, ["delivered", "dead", "cancelled"], true],
    ["when there is no app to tell", ERASE_EARLIEST_MS, [], true],
    ["not while one is still being told", ERASE_LATEST_MS - 1, ["delivered", "pending"], false],
    ["after ten days, delivered or not", ERASE_LATEST_MS, ["pending"], true],
  ];
  it.each(cases)("%s", (_, ageMs, states, isDue) => {
    expect(isErasureDue(erasure, states, NOW + ageMs)).toBe(isDue);
  });
});

async function begin(): Promise<{ store: Store; directory: DirectoryService; changed: number[] }> {
  const store = openMemoryStore();
  const changed: number[] = [];
  const directory = new DirectoryService({
    store,
    now: () => NOW,
    onChange: (change) => changed.push(...change.subscriptions.map((each) => each.id)),
  });
  await store.directory.commit(
    buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S] }),
    1,
  );
  await directory.load();
  return { store, directory, changed };
}

test("more events than one step takes are all erased, the redact event last, and owners read the lanes again", async () => {
  const { store, directory, changed } = await begin();
  const orders = Array.from({ length: 450 }, () => buildEvent([S], { subjects: [ADA] }));
  const request = buildEvent([], { topic: "customers/redact", subjects: [ADA], erases: "subjects", acceptedAt: NOW + 10 });
  await store.events.append([...orders, request], directory.directory.version);
  const erased: number[] = [];
  let now = NOW + 10;
  const eraser = new Eraser({
    store,
    directory,
    clock: { now: () => now, monotonic: () => now },
    onErased: (_, events) => erased.push(events),
  });
  await eraser.eraseDue(() => false);
  expect(erased).toEqual([]);
  now += ERASE_EARLIEST_MS;
  await eraser.eraseDue(() => false);
  expect(erased).toEqual([451]);
  expect((await store.events.heads([...orders, request].map((each) => each.id))).every((head) => head?.isErased === true)).toBe(true);
  expect(await store.tasks.backlog()).toEqual({ pending: 0, oldestDue: null });
  expect(new Set(changed)).toEqual(new Set([S.id]));
  await eraser.eraseDue(() => false);
  expect(erased).toEqual([451]);
});

test("an erasure that was cut off begins again and finishes", async () => {
  const { store, directory } = await begin();
  const orders = Array.from({ length: 450 }, () => buildEvent([S], { subjects: [ADA] }));
  const request = buildEvent([], { topic: "shop/redact", erases: "shop", acceptedAt: NOW + 10 });
  await store.events.append([...orders, request], directory.directory.version);
  const clock = { now: () => NOW + 10 + ERASE_EARLIEST_MS, monotonic: () => 0 };
  const erased: number[] = [];
  const eraser = new Eraser({ store, directory, clock, onErased: (_, events) => erased.push(events) });
  let steps = 0;
  await eraser.eraseDue(() => (steps += 1) > 1);
  expect(erased).toEqual([]);
  expect(await store.erasures.open()).toHaveLength(1);
  await eraser.eraseDue(() => false);
  expect(erased).toEqual([251]);
  expect(await store.erasures.open()).toEqual([]);
});
