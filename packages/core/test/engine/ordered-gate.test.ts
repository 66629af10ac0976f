import { openMemoryCluster } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import { DirectoryService, laneFor, updateSubscription, type Subscription } from "@genhook/core";
import { expect, it } from "vitest";
import type { LaneTable } from "../../src/engine/lane-table.ts";
import { makeTools } from "../directory/fixtures.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";
import { makeLaneTable } from "./make-lane-table.ts";

const ELSEWHERE = "https://elsewhere.example.com/hooks";
const ORDERED: Subscription = {
  ...buildSubscription(8_589_934_901, 1, 1, { settings: { ordered: true, onDead: "block" } }),
  order: { lane: 8_589_934_910, left: [] },
};

it("an ordered lane that was found before it was known who has moved there stands at the gate of its own endpoint, not of the one before", async () => {
  const time = new VirtualTime(NOW + 10_000);
  const cluster = openMemoryCluster({ now: time.clock.now, leaseMs: 10_000 });
  const store = cluster.connect();
  await store.directory.commit(
    buildCommit({
      shops: [buildShop(1)],
      apps: [buildApp(1)],
      installations: [buildInstallation(1, 1, { scopes: ["read_orders"] })],
      subscriptions: [ORDERED],
    }),
    1,
  );
  const here = new DirectoryService({
    store,
    now: time.clock.now,
    onChange: ({ subscriptions }) => {
      for (const subscription of subscriptions) table.subscriptionChanged(subscription);
    },
  });
  const there = new DirectoryService({ store: cluster.connect(), now: time.clock.now, onChange: () => undefined });
  const table: LaneTable = makeLaneTable(time, {
    store,
    directory: here.directory,
    refreshDirectory: () => here.refresh(),
    isShared: true,
  });
  await Promise.all([here.load(), there.load()]);
  const address = { text: ELSEWHERE, origin: new URL(ELSEWHERE).origin, pathname: "/hooks" };
  await there.change(updateSubscription(makeTools(), { app: 1, shop: 1 }, ORDERED.id, { address }));
  const moved = there.directory.subscription(ORDERED.id) ?? ORDERED;
  expect(moved.endpoint).not.toBe(ORDERED.endpoint);
  const lane = laneFor(moved, "k");
  const event = buildEvent([moved], { orderKey: "k", owes: [{ subscription: moved.id, ...lane }] });
  await store.events.append([event], there.directory.version);

  table.discovered({ ...lane, firstDue: 1, subscription: moved.id }, ORDERED);
  await time.run(time.clock.monotonic() + 1_000);
  await here.refresh();
  await time.run(time.clock.monotonic() + 5_000);
  expect(table.turns.next(0)?.gate.id).toBe(moved.endpoint);
});
