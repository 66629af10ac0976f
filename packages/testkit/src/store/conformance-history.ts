import type { NewEvent, Store, Subscription } from "@genhook/core";
import { expect, it } from "vitest";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, NOW } from "./builders.ts";

export interface HistoryFixture {
  readonly open: () => Store;
  readonly append: (...events: NewEvent[]) => ReturnType<Store["events"]["append"]>;
  /** Of the directory that the fixture begins with: shop 1, app 1, its installation, and the subscriptions S and T of `orders/create`. */
  readonly version: () => number;
}

/** What the directory was, and for how long that is known. */
export function describeHistory({ open, append, version }: HistoryFixture, S: Subscription, T: Subscription): void {
  const U = buildSubscription(8_589_934_903, 1, null);
  const commit = async (more: Parameters<typeof buildCommit>[0]): Promise<number> => {
    const committed = await open().directory.commit(buildCommit(more), await open().directory.version());
    return committed.kind === "committed" ? committed.version : 0;
  };
  const subscriptionsAt = async (at: number, topic = "orders/create"): Promise<unknown> =>
    (await open().directory.readAsOf(at, 1, topic))?.subscriptions;

  it("tells the directory as it stood at any version: what matching a topic on a shop needs, and nothing else", async () => {
    const elsewhere = { shops: [buildShop(2)], installations: [buildInstallation(1, 2)], subscriptions: [buildSubscription(7, 1, 2), U] };
    const added = await commit({ ...elsewhere, apps: [buildApp(2)] });
    const paused: Subscription = { ...S, status: "paused", settings: { filter: "order.id = 1", ratePerSecond: 0.5 } };
    const changed = await commit({ subscriptions: [paused], installations: [buildInstallation(1, 1, { scopes: [] })] });
    const moved = await commit({
      subscriptions: [{ ...S, topic: "orders/paid" }],
      apps: [buildApp(1, { apiVersion: "202410", endpointRates: { [S.endpoint]: 5 } })],
    });
    const ended = await commit({
      subscriptions: [{ ...T, endedAt: NOW, endReason: "uninstalled" }],
      installations: [buildInstallation(1, 1, { endedAt: NOW })],
    });
    expect(await open().directory.readAsOf(version(), 1, "orders/create")).toMatchObject({
      version: version(),
      shops: [buildShop(1)],
      apps: [buildApp(1)],
      installations: [buildInstallation(1, 1)],
      subscriptions: [S, T],
    });
    expect(await subscriptionsAt(added)).toEqual([S, T, U]);
    expect(await open().directory.readAsOf(changed, 1, "orders/create")).toMatchObject({
      apps: [{ apiVersion: "202412" }],
      installations: [{ scopes: [] }],
      subscriptions: [paused, T, U],
    });
    expect(await subscriptionsAt(moved)).toEqual([T, U]);
    expect(await subscriptionsAt(moved, "orders/paid")).toEqual([{ ...S, topic: "orders/paid" }]);
    expect(await open().directory.readAsOf(ended, 1, "orders/create")).toMatchObject({
      apps: [{ apiVersion: "202410", endpointRates: { [S.endpoint]: 5 } }],
      installations: [{ endedAt: NOW }],
      subscriptions: [U],
    });
    expect(await subscriptionsAt(ended + 1)).toBeUndefined();
  });

  it("an event that a change makes is kept with the version before the change", async () => {
    const before = await open().directory.version();
    const event = buildEvent([S], { topic: "app/uninstalled", app: 1 });
    await commit({ events: [event], installations: [buildInstallation(1, 1, { endedAt: NOW })] });
    expect((await open().events.read(event.id))?.directoryVersion).toBe(before);
    const later = buildEvent([S]);
    expect(await append(later)).toEqual({ kind: "stale", version: before + 1 });
  });

  it("forgets what was replaced before a time, in steps, and answers for no version that it can no longer tell in full", async () => {
    const first = await commit({ at: NOW + 10, subscriptions: [{ ...S, status: "paused" }] });
    const second = await commit({ at: NOW + 20, subscriptions: [S, { ...T, status: "paused" }] });
    expect(await open().retention.forgetHistory(NOW + 10, 9)).toBe(0);
    expect(await open().retention.forgetHistory(NOW + 11, 9)).toBe(1);
    expect(await subscriptionsAt(first - 1)).toBeUndefined();
    expect(await subscriptionsAt(first)).toEqual([{ ...S, status: "paused" }, T]);
    expect(await open().retention.forgetHistory(NOW + 21, 1)).toBe(1);
    expect(await subscriptionsAt(first)).toBeUndefined();
    expect(await open().retention.forgetHistory(NOW + 21, 9)).toBe(1);
    expect(await open().retention.forgetHistory(NOW + 21, 9)).toBe(0);
    expect(await subscriptionsAt(second)).toEqual([S, { ...T, status: "paused" }]);
    expect((await open().directory.changesSince(0)).subscriptions).toHaveLength(2);
  });
}
