import {
  firstTask,
  laneOf,
  NUMBER_BATCH_MAX,
  type NewEvent,
  type Sequences,
  type Store,
  type Subscription,
  type Task,
} from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import { buildEvent, buildSubscription, NOW } from "@genhook/testkit";
import { expect, test } from "vitest";
import { EndpointGate } from "../../src/engine/endpoint-gate.ts";
import { Lane } from "../../src/engine/lane.ts";
import { Numbering } from "../../src/engine/numbering.ts";
import { makeDirectory } from "../directory/fixtures.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const SUBSCRIPTIONS = Array.from({ length: 20 }, (_, n) => buildSubscription(100 + n, 1, 1, { settings: { sequence: true } }));
const S = SUBSCRIPTIONS[0] as Subscription;

interface Scene {
  readonly store: Store;
  readonly time: VirtualTime;
  readonly numbering: Numbering;
  readonly offered: string[];
  readonly groups: number[];
  held: number;
  /** Calls to the store that fail from now on. */
  failing: number;
  readonly laneFor: (subscription: Subscription) => Lane;
  readonly publish: (subscription: Subscription, count: number) => Promise<readonly { readonly event: NewEvent; readonly task: Task }[]>;
}

function setUp(): Scene {
  const store = openMemoryStore();
  const time = new VirtualTime(NOW);
  const timers = time.timersOf(() => true);
  const groups: number[] = [];
  /** Takes 5 ms, as a flush does, and fails as often as it is told to. */
  const assign: Sequences["assign"] = async (deliveries) => {
    groups.push(deliveries.length);
    await new Promise<void>((resolve) => {
      timers.after(5, resolve);
    });
    if (scene.failing > 0) {
      scene.failing -= 1;
      throw new Error("away");
    }
    return store.sequences.assign(deliveries);
  };
  const sequences = new Proxy(store.sequences, {
    get: (target, name) => (name === "assign" ? assign : (Reflect.get(target, name) as () => unknown).bind(target)),
  });
  const scene: Scene = {
    store,
    time,
    groups,
    offered: [],
    held: 0,
    failing: 0,
    numbering: new Numbering({
      store: { ...store, sequences },
      directory: makeDirectory(SUBSCRIPTIONS),
      clock: time.clock,
      timers,
      onNumbered: () => undefined,
      onAvailable: () => undefined,
      offer: (event, task, n) => scene.offered.push(`${task.subscription} ${event.id} ${n}`),
      onMore: () => undefined,
      onReady: () => undefined,
      hold: (bytes) => (scene.held += bytes),
      onError: () => undefined,
    }),
    laneFor: (subscription) =>
      new Lane(subscription, laneOf(subscription).shard, new EndpointGate(subscription.endpoint, 10), { kind: "send" }),
    publish: async (subscription, count) => {
      const events = Array.from({ length: count }, () => buildEvent([subscription]));
      await store.events.append(events, 1);
      return events.map((event) => ({ event, task: firstTask(event, { subscription: subscription.id, ...laneOf(subscription) }) }));
    },
  };
  return scene;
}

test("what is handed over at the same time, for whatever webhooks, shares one statement", async () => {
  const { numbering, time, groups, offered, laneFor, publish } = setUp();
  for (const subscription of SUBSCRIPTIONS) {
    const lane = laneFor(subscription);
    for (const { event, task } of await publish(subscription, 100)) numbering.offer(lane, event, task);
  }
  await time.run(1_000);
  expect(offered).toHaveLength(2_000);
  expect(Math.max(...groups)).toBeLessThanOrEqual(NUMBER_BATCH_MAX);
  expect(groups.length).toBeLessThanOrEqual(6);
});

test("a store that is away holds deliveries up, and neither loses nor doubles a number", async () => {
  const scene = setUp();
  scene.failing = 3;
  const lane = scene.laneFor(S);
  const published = await scene.publish(S, 30);
  for (const { event, task } of published) scene.numbering.offer(lane, event, task);
  await scene.time.run(10_000);
  expect(scene.offered).toEqual(published.map(({ event }, index) => `${S.id} ${event.id} ${index + 1}`));
  expect(scene.held).toBe(0);
});

test("what a lane lets go of while it is numbered does not come back, and keeps its number", async () => {
  const scene = setUp();
  const lane = scene.laneFor(S);
  const [one, other] = await scene.publish(S, 2);
  for (const each of [one, other]) if (each !== undefined) scene.numbering.offer(lane, each.event, each.task);
  // Read from the store, sent and settled before the number that was asked for first came back.
  lane.finish(one?.event.id ?? "");
  await scene.time.run(100);
  expect(scene.offered).toEqual([`${S.id} ${other?.event.id} 2`]);
  lane.clear();
  expect(scene.held).toBe(0);
});

test("a lane that is not sent soon is numbered ahead in steps, once, however often it is asked for", async () => {
  const scene = setUp();
  const lane = scene.laneFor(S);
  await scene.publish(S, 1_200);
  for (let n = 0; n < 5; n += 1) scene.numbering.walk(lane);
  await scene.time.run(1_000);
  expect(await scene.store.sequences.lastOf([S.id])).toEqual([1_200]);
  const asked = scene.groups.reduce((sum, size) => sum + size, 0);
  expect(asked).toBe(1_200);
  await scene.publish(S, 10);
  scene.numbering.walk(lane);
  await scene.time.run(2_000);
  expect(await scene.store.sequences.lastOf([S.id])).toEqual([1_210]);
  expect(scene.groups.reduce((sum, size) => sum + size, 0)).toBe(1_210);
});

test("what was attempted before the webhook was numbered has no number, and gets none", async () => {
  const { numbering, time, offered, laneFor, publish, store } = setUp();
  const lane = laneFor(S);
  const [old, fresh] = await publish(S, 2);
  if (old !== undefined) numbering.offer(lane, old.event, { ...old.task, seq: 2, attempts: 1, attemptsEver: 1 });
  if (fresh !== undefined) numbering.offer(lane, fresh.event, fresh.task);
  await time.run(100);
  expect(offered).toEqual([`${S.id} ${old?.event.id} null`, `${S.id} ${fresh?.event.id} 1`]);
  expect(await store.sequences.lastOf([S.id])).toEqual([1]);
});
