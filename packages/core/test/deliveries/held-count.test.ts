import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import { expect, it } from "vitest";
import { HeldCount } from "../../src/deliveries/held-count.ts";
import { Directory } from "../../src/directory/directory.ts";
import { shardOf } from "../../src/domain/endpoint.ts";
import type { Subscription } from "../../src/domain/directory-entries.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const ADDRESS = "https://app-1.example.com/hooks";
const LANE = 500;
const ordered = (id: number, more: Partial<Subscription> = {}): Subscription =>
  buildSubscription(id, 1, 1, { address: ADDRESS, settings: { ordered: true, onDead: "block" }, order: { lane: LANE, left: [] }, ...more });

/** How many deliveries are held of these subscriptions, of which each is owed two events, one of them in the ordered lane. */
async function heldOf(subscriptions: readonly Subscription[]): Promise<number> {
  const store = openMemoryStore();
  const commit = buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions });
  const outcome = await store.directory.commit(commit, 1);
  const version = outcome.kind === "committed" ? outcome.version : 0;
  const directory = new Directory();
  directory.apply({ ...commit, version });
  const owes = subscriptions.map(({ id, endpoint }) => ({ subscription: id, lane: LANE, shard: shardOf(endpoint) }));
  await store.events.append([buildEvent(subscriptions), buildEvent(subscriptions, { orderKey: "o1", owes })], version);
  return new HeldCount({ tasks: store.tasks, directory, clock: new VirtualTime(NOW).clock }).read();
}

it("what waits in order is held as well, where all who share the lane are", async () => {
  expect(await heldOf([ordered(1), ordered(2)])).toBe(0);
  expect(await heldOf([ordered(1, { status: "paused" }), ordered(2, { status: "paused" })])).toBe(4);
  // The lane is shared with one that is sent to: what of it is held is not known without reading it.
  expect(await heldOf([ordered(1, { status: "paused" }), ordered(2)])).toBe(1);
});
