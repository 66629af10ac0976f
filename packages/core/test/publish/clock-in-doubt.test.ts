import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import { DirectoryService, eventIdSource, GroupCommit, millisecondsOf, Publisher } from "@genhook/core";
import { expect, test } from "vitest";
import { TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

test("while the store's time is in doubt nothing is published, and no id is made that would keep later ones from the right time", async () => {
  const store = openMemoryStore();
  const time = new VirtualTime(NOW);
  const subscription = buildSubscription(1, 1, 1);
  await store.directory.commit(
    buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [subscription] }),
    1,
  );
  const directory = new DirectoryService({ store, now: time.clock.now, onChange: () => undefined });
  await directory.load();
  let now = NOW + 240_000;
  const clock = { doubt: "the store's time is not known yet" as string | null };
  const publisher = new Publisher({
    directory,
    groups: new GroupCommit({ events: store.events, timers: time.timersOf(() => true), catchUp: (version) => directory.catchUp(version) }),
    clock,
    topics: TOPICS,
    newEventId: eventIdSource({ now: () => now }, () => 7),
    apiVersion: "202412",
    retentionMs: 86_400_000,
    payloads: makePayloads(),
    digest: () => "0".repeat(32),
    checkPayload: () => null,
    subjectsOf: () => [],
    handOver: () => undefined,
  });
  const payload = new TextEncoder().encode("{}");
  const request = { shop: "shop-1.genmystore.com", topic: "orders/create", payload, payloadValue: {} };
  for (const refused of [await publisher.publish(request), await publisher.test(subscription, payload)]) {
    expect(refused).toMatchObject({ ok: false, refusal: { code: "overloaded" } });
    expect(refused.ok ? "" : refused.refusal.message).toMatch(
      /^No event can be given a time just now: the store's time is not known yet\. Nothing was written/,
    );
  }
  expect(await store.retention.days()).toEqual([]);
  clock.doubt = null;
  now = NOW;
  const published = await publisher.publish(request);
  expect(published.ok && millisecondsOf(published.value.id)).toBe(NOW);
});
