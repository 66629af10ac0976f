import {
  CatchUp,
  dayOf,
  laneOf,
  Waiters,
  type CatchUpPage,
  type Installation,
  type NewEvent,
  type Result,
  type Store,
} from "@genhook/core";
import { openMemoryCluster, openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, DAY_MS, NOW } from "@genhook/testkit";
import { expect, test } from "vitest";
import { TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const S = buildSubscription(8_589_934_901, 1, 1, { settings: { sequence: true } });
const INSTALLATION = buildInstallation(1, 1, { scopes: ["read_orders"] });

async function storeWith(...events: NewEvent[]): Promise<Store> {
  const store = openMemoryStore();
  const commit = buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [INSTALLATION], subscriptions: [S] });
  await store.directory.commit(commit, 1);
  await store.events.append(events, 2);
  await store.sequences.assign(events.map(({ id }) => ({ eventId: id, subscription: S.id })));
  return store;
}

function read(
  store: Store,
  after: number | null,
  more: { readonly bytesMax?: number; readonly installation?: Installation } = {},
): Promise<Result<CatchUpPage>> {
  const { bytesMax = 1_000, installation = INSTALLATION } = more;
  const catchUp = new CatchUp({ store, topics: TOPICS, payloads: makePayloads(), bytesMax });
  return catchUp.read({ subscription: S, installation, apiVersion: "202412", after, limit: 10 });
}

/** Numbers with what there is to have of each. */
async function shown(...asked: Parameters<typeof read>): Promise<unknown[]> {
  const result = await read(...asked);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value.entries.map(({ n, content }) => (content.state === "available" ? n : [n, content.state, content.reason]));
}

test("every number is there, with what has become of its event", async () => {
  const [sent, erased, moved, cancelled] = [
    buildEvent([S]),
    buildEvent([S]),
    buildEvent([S], { topic: "products/update" }),
    buildEvent([S]),
  ];
  const store = await storeWith(sent, erased, moved, cancelled);
  await store.erasures.erase([erased.id], NOW);
  // Of a topic that it had before, for which the installation has no scope any more.
  expect(await shown(store, 0)).toEqual([1, [2, "erased", "redacted"], [3, "cancelled", "scope_lost"], 4]);
  await store.tasks.cancelLane(laneOf(S), "disabled", NOW, 10, 2);
  expect(await shown(store, 2)).toEqual([
    [3, "cancelled", "disabled"],
    [4, "cancelled", "disabled"],
  ]);
});

test("a page ends by bytes, and goes on where it ended", async () => {
  const sized = (bytes: number): NewEvent => buildEvent([S], { payload: new Uint8Array(bytes).fill(0x20) });
  const store = await storeWith(sized(600), sized(600), sized(600), sized(5_000));
  expect(await shown(store, 0)).toEqual([1, 2]);
  expect(await shown(store, 2)).toEqual([3, 4]);
  expect(await shown(store, 3)).toEqual([4]);
});

test("past retention numbers are gone with the oldest that is kept; an event that is gone while its number is not says so", async () => {
  const days = [0, 0, 1, 0, 2].map((day) => buildEvent([S], { acceptedAt: NOW + day * DAY_MS }));
  const store = await storeWith(...days);
  const day = dayOf(days[0]?.id ?? "");
  await store.retention.expireThrough(day, NOW, 100);
  while (!(await store.retention.dropStep(day, 100)));
  expect(await shown(store, 0)).toEqual([[1, "expired", null], [2, "expired", null], 3, [4, "expired", null], 5]);
  while ((await store.sequences.forget(day, 1)) > 0);
  expect(await read(store, 0)).toMatchObject({ ok: false, refusal: { code: "numbers_gone", oldest: 3 } });
  expect(await read(store, 1)).toMatchObject({ ok: false, refusal: { code: "numbers_gone", oldest: 3 } });
  expect(await shown(store, 2)).toEqual([3, [4, "expired", null], 5]);
  // Without a number it begins with what is kept.
  expect(await read(store, null)).toMatchObject({ ok: true, value: { after: 2, last: 5 } });
});

test("whoever waits in another process is answered within seconds when a hint is lost, by one look for all", async () => {
  const time = new VirtualTime(NOW);
  const cluster = openMemoryCluster({ now: time.clock.now, leaseMs: 10_000 });
  const [here, there] = [cluster.connect(), cluster.connect()];
  let looks = 0;
  const lastOf: Store["sequences"]["lastOf"] = (subscriptions) => {
    looks += 1;
    return here.sequences.lastOf(subscriptions);
  };
  const watched = new Proxy(here.sequences, { get: (target, name) => (name === "lastOf" ? lastOf : Reflect.get(target, name)) });
  const waiters = new Waiters({
    store: { ...here, sequences: watched },
    timers: time.timersOf(() => true),
    onError: (error) => expect.unreachable(String(error)),
  });
  const ends: string[] = [];
  const wait = (subscription: number, after: number, forMs: number): void => {
    void waiters
      .wait(subscription, after, forMs)
      .woken.then((isWoken) => ends.push(`${subscription} ${isWoken} ${time.clock.monotonic()}`));
  };
  wait(S.id, 0, 60_000);
  wait(S.id, 1, 60_000);
  wait(7, 0, 30_000);
  await time.run(4_000);
  await there.sequences.assign([{ eventId: buildEvent([S]).id, subscription: S.id }]);
  await time.run(59_000);
  expect(ends).toEqual([`${S.id} true 5000`, "7 false 30000"]);
  expect(looks).toBeLessThanOrEqual(12);
  waiters.wake([S.id]);
  waiters.stop();
  await time.run(90_000);
  expect(ends.at(-1)).toBe(`${S.id} true 59000`);
  expect([waiters.count, waiters.isOpen]).toEqual([0, false]);
});
